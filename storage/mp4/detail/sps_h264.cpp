#include "storage/mp4/detail/bits.hpp"
#include "storage/mp4/detail/sps.hpp"

#include <algorithm>

namespace sluice::mp4::detail {
namespace {

constexpr std::uint32_t kBaseline = 66;
constexpr std::uint32_t kMaxReorder = 16;
constexpr std::array<std::uint32_t, 13>
    kChromaProfiles{100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135};

/// Profiles whose SPS carries chroma format and bit depths (§7.3.2.1.1).
bool has_chroma_fields(std::uint32_t profile) {
    return std::ranges::find(kChromaProfiles, profile) != kChromaProfiles.end();
}

void skip_scaling_list(BitReader& in, unsigned size) {
    std::int64_t last = 8;
    std::int64_t next = 8;
    for (unsigned i = 0; i < size && in.is_good(); ++i) {
        if (next != 0) next = (last + in.se() + 256) % 256;
        last = next == 0 ? last : next;
    }
}

void read_chroma(BitReader& in, H264Sps& sps, bool& separate_planes) {
    sps.chroma_format = in.ue_up_to(3);
    if (sps.chroma_format == 3) separate_planes = in.flag();
    sps.luma_depth = 8 + in.ue_up_to(6);
    sps.chroma_depth = 8 + in.ue_up_to(6);
    in.skip(1);  // qpprime_y_zero_transform_bypass
    if (!in.flag()) return;
    const unsigned lists = sps.chroma_format == 3 ? 12 : 8;
    for (unsigned i = 0; i < lists; ++i) {
        if (in.flag()) skip_scaling_list(in, i < 6 ? 16 : 64);
    }
}

/// Returns pic_order_cnt_type.
std::uint32_t skip_order_count(BitReader& in) {
    const std::uint32_t type = in.ue_up_to(2);
    if (type == 0) in.ue_up_to(12);
    if (type != 1) return type;
    in.skip(1);
    in.se();
    in.se();
    const std::uint32_t cycle = in.ue_up_to(255);
    for (std::uint32_t i = 0; i < cycle && in.is_good(); ++i)
        in.se();
    return type;
}

void skip_hrd(BitReader& in) {
    const std::uint32_t count = 1 + in.ue_up_to(31);
    in.skip(8);
    for (std::uint32_t i = 0; i < count && in.is_good(); ++i) {
        in.ue();
        in.ue();
        in.skip(1);
    }
    in.skip(20);
}

/// max_num_reorder_frames out of the VUI (§E.1.1), when it is stated and possible.
std::optional<unsigned> read_reorder_from_vui(BitReader& in) {
    if (in.flag() && in.bits(8) == 255) in.skip(32);  // aspect ratio
    if (in.flag()) in.skip(1);                        // overscan
    if (in.flag()) {                                  // video signal type
        in.skip(4);
        if (in.flag()) in.skip(24);
    }
    if (in.flag()) {  // chroma location
        in.ue();
        in.ue();
    }
    if (in.flag()) in.skip(65);  // timing
    const bool has_nal_hrd = in.flag();
    if (has_nal_hrd) skip_hrd(in);
    const bool has_vcl_hrd = in.flag();
    if (has_vcl_hrd) skip_hrd(in);
    if (has_nal_hrd || has_vcl_hrd) in.skip(1);
    in.skip(1);                           // pic_struct_present
    if (!in.flag()) return std::nullopt;  // bitstream_restriction
    in.skip(1);
    for (int i = 0; i < 4; ++i)
        in.ue();
    const std::uint32_t reorder = in.ue();
    const std::uint32_t buffering = in.ue();
    if (!in.is_good() || reorder > kMaxReorder || reorder > buffering) return std::nullopt;
    return reorder;
}

/// What holds when the VUI does not say: no B slices, intra pictures only, or output in decode order.
std::optional<unsigned> infer_reorder(const H264Sps& sps, std::uint32_t order_count_type) {
    const bool is_intra_only = sps.has_chroma_fields && (sps.profile[1] & 0x10U) != 0;  // constraint_set3
    if (order_count_type == 2 || sps.profile[0] == kBaseline || is_intra_only) return 0;
    return std::nullopt;
}

/// From max_num_ref_frames to the cropping. False when the size is impossible.
bool read_size(BitReader& in, H264Sps& sps, bool separate_planes) {
    in.ue();     // max_num_ref_frames
    in.skip(1);  // gaps_in_frame_num_allowed
    const std::uint64_t columns = 1 + std::uint64_t{in.ue_up_to(kMaxSide / 16)};
    const std::uint64_t rows = 1 + std::uint64_t{in.ue_up_to(kMaxSide / 16)};
    const bool frames_only = in.flag();
    if (!frames_only) in.skip(1);
    in.skip(1);  // direct_8x8_inference
    const unsigned fields = frames_only ? 1 : 2;
    sps.facts.width = static_cast<std::uint32_t>(columns * 16);
    sps.facts.height = static_cast<std::uint32_t>(rows * 16 * fields);
    std::uint64_t across = 0;
    std::uint64_t down = 0;
    if (in.flag()) {
        across = std::uint64_t{in.ue()} + in.ue();
        down = std::uint64_t{in.ue()} + in.ue();
    }
    const bool is_subsampled = !separate_planes && (sps.chroma_format == 1 || sps.chroma_format == 2);
    const unsigned unit_x = is_subsampled ? 2 : 1;
    const unsigned unit_y = (!separate_planes && sps.chroma_format == 1 ? 2U : 1U) * fields;
    return in.is_good() && crop_side(sps.facts.width, across, unit_x) &&
           crop_side(sps.facts.height, down, unit_y);
}

}  // namespace

std::optional<H264Sps> parse_h264_sps(ByteView nal) {
    if (nal_kind(Codec::h264, nal) != NalKind::sps) return std::nullopt;
    const Bytes rbsp = to_rbsp(nal, 1);
    BitReader in{rbsp};
    H264Sps sps;
    for (std::uint8_t& byte : sps.profile)
        byte = static_cast<std::uint8_t>(in.bits(8));
    sps.id = in.ue_up_to(31);
    bool separate_planes = false;
    sps.has_chroma_fields = has_chroma_fields(sps.profile[0]);
    if (sps.has_chroma_fields) read_chroma(in, sps, separate_planes);
    in.ue_up_to(12);  // log2_max_frame_num_minus4
    const std::uint32_t order_count_type = skip_order_count(in);
    if (!read_size(in, sps, separate_planes)) return std::nullopt;
    const bool has_vui = in.flag();
    if (!in.is_good()) return std::nullopt;
    // A broken VUI is common and harmless: the picture is known by now.
    if (has_vui) sps.facts.reorder_frames = read_reorder_from_vui(in);
    if (!sps.facts.reorder_frames) sps.facts.reorder_frames = infer_reorder(sps, order_count_type);
    return sps;
}

}  // namespace sluice::mp4::detail
