#pragma once

#include "storage/mp4/nal.hpp"

#include <array>
#include <cstdint>
#include <optional>

/// Sequence parameter sets as far as a file's head needs them.
namespace sluice::mp4::detail {

struct H264Sps {
    std::array<std::uint8_t, 3> profile{};  ///< profile_idc, constraint flags, level_idc as they stand
    std::uint32_t id = 0;
    std::uint32_t chroma_format = 1;
    std::uint32_t luma_depth = 8;
    std::uint32_t chroma_depth = 8;
    bool has_chroma_fields = false;  ///< one of the high profiles: avcC repeats chroma format and depths
    SpsFacts facts;
};
[[nodiscard]] std::optional<H264Sps> parse_h264_sps(ByteView nal);

struct H265Sps {
    std::array<std::uint8_t, 12> profile{
    };  ///< general profile, compatibility, constraints, level: as in hvcC
    std::uint32_t id = 0;
    std::uint32_t chroma_format = 1;
    std::uint32_t luma_depth = 8;
    std::uint32_t chroma_depth = 8;
    std::uint32_t temporal_layers = 1;
    bool is_temporal_id_nested = false;
    SpsFacts facts;
};
[[nodiscard]] std::optional<H265Sps> parse_h265_sps(ByteView nal);

/// Largest picture we believe, either way; the sample entry holds 16 bits.
inline constexpr std::uint32_t kMaxSide = 16'384;

/// Cuts `crop` units of `unit` pixels off both sides together; false when nothing would be left.
[[nodiscard]] inline bool crop_side(std::uint32_t& side, std::uint64_t crop, std::uint32_t unit) noexcept {
    if (crop * unit >= side) return false;
    side -= static_cast<std::uint32_t>(crop * unit);
    return side <= kMaxSide;
}

}  // namespace sluice::mp4::detail
