#pragma once

#include <cstddef>
#include <cstdint>

/// Fixed places and numbers of prft + moof + mdat as we write them; docs/design/segment-format.md draws them.
namespace sluice::mp4::detail {

inline constexpr std::size_t kBoxHeadBytes = 8;
inline constexpr std::size_t kPrftBytes = 32;
inline constexpr std::size_t kRunEntryBytes = 16;
inline constexpr std::size_t kFragmentFixedBytes =
    128;  // all of prft, moof and the head of mdat but the run's entries
inline constexpr std::uint64_t kMaxDataBytes =
    0xFFFF'FFFFULL - kBoxHeadBytes;  // of one fragment: a second of video

// From the prft box's first byte on.
inline constexpr std::size_t kNtpAt = 16;
inline constexpr std::size_t kMoofAt = kPrftBytes;
inline constexpr std::size_t kSequenceAt = kMoofAt + 20;
inline constexpr std::size_t kDecodeTimeAt = kMoofAt + 60;
inline constexpr std::size_t kSampleCountAt = kMoofAt + 80;
inline constexpr std::size_t kRunEntriesAt = kMoofAt + 88;

inline constexpr std::uint32_t kArbitraryButConsistent =
    8;  // prft: arrival at the recorder, not the camera's clock
inline constexpr std::uint32_t kDefaultBaseIsMoof = 0x02'0000;  // tfhd
inline constexpr std::uint32_t kRunFields =
    0xF01;  // trun: data offset; duration, size, flags, composition offset each
inline constexpr std::uint32_t kKeyFlags = 0x0200'0000;        // depends on no other sample
inline constexpr std::uint32_t kDependentFlags = 0x0101'0000;  // depends on others, is no sync sample

}  // namespace sluice::mp4::detail
