#pragma once

#include "storage/mp4/types.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

/// NAL units of H.264 (ITU-T H.264 §7) and H.265 (ITU-T H.265 §7). Bytes come from outside: everything is
/// bounded.
namespace sluice::mp4 {

enum class NalKind { vps, sps, pps, delimiter, key_slice, slice, other };

[[nodiscard]] NalKind nal_kind(Codec codec, ByteView nal) noexcept;
/// The slice begins a picture: first_mb_in_slice = 0, or first_slice_segment_in_pic_flag.
[[nodiscard]] bool starts_picture(Codec codec, ByteView nal) noexcept;

/// The parameter sets of a stream, without start codes or lengths. Equal sets are equal formats.
struct ParameterSets {
    std::vector<Bytes> vps;  ///< H.265 only
    std::vector<Bytes> sps;
    std::vector<Bytes> pps;

    [[nodiscard]] bool is_complete(Codec codec) const noexcept;
    /// Takes a vps, sps or pps: replaces the one with the same id, or adds it. True when something changed.
    /// A unit that can't be parsed, or a 33rd of a kind, changes nothing.
    bool absorb(Codec codec, ByteView nal);
    friend bool operator==(const ParameterSets&, const ParameterSets&) = default;
};

/// What the SPS says about order and size.
struct SpsFacts {
    std::uint32_t width = 0;
    std::uint32_t height = 0;
    std::optional<unsigned>
        reorder_frames;  ///< stated number of frames that may precede in decode order; nullopt: not stated
};
[[nodiscard]] Result<SpsFacts> parse_sps(Codec codec, ByteView sps);

/// Size, decoder configuration record and codec string. Error: refuse, when a set is missing or malformed.
[[nodiscard]] Result<VideoFormat> make_format(Codec codec, const ParameterSets& sets);

/// The sets back out of an avcC or hvcC record (as in SDP-derived extradata or a file). Error: refuse.
[[nodiscard]] Result<ParameterSets> sets_from_decoder_config(Codec codec, ByteView record);

/// Cuts an Annex B byte stream (start codes of 3 or 4 bytes) into NAL units, views into `stream`.
[[nodiscard]] std::vector<ByteView> split_annex_b(ByteView stream);

/// Length-prefixed (4 bytes) form of the sets in the order vps, sps, pps: what stands before a key frame in
/// band.
[[nodiscard]] Bytes to_length_prefixed(const ParameterSets& sets);

}  // namespace sluice::mp4
