#include "storage/mp4/detail/bits.hpp"
#include "storage/mp4/detail/sps.hpp"

namespace sluice::mp4::detail {
namespace {

constexpr std::uint32_t kMaxReorder = 16;

/// profile_tier_level (§7.3.3): the 12 general bytes are kept, those of sub-layers passed over.
void read_profile(BitReader& in, H265Sps& sps, unsigned sub_layers) {
    for (std::uint8_t& byte : sps.profile)
        byte = static_cast<std::uint8_t>(in.bits(8));
    std::array<bool, 8> has_profile{};
    std::array<bool, 8> has_level{};
    for (unsigned i = 0; i < sub_layers; ++i) {
        has_profile[i] = in.flag();
        has_level[i] = in.flag();
    }
    if (sub_layers > 0) in.skip(std::size_t{2} * (8 - sub_layers));
    for (unsigned i = 0; i < sub_layers; ++i) {
        if (has_profile[i]) in.skip(88);
        if (has_level[i]) in.skip(8);
    }
}

bool read_size(BitReader& in, H265Sps& sps) {
    sps.chroma_format = in.ue_up_to(3);
    const bool separate_planes = sps.chroma_format == 3 && in.flag();
    sps.facts.width = in.ue_up_to(kMaxSide);
    sps.facts.height = in.ue_up_to(kMaxSide);
    std::uint64_t across = 0;
    std::uint64_t down = 0;
    if (in.flag()) {  // conformance window
        across = std::uint64_t{in.ue()} + in.ue();
        down = std::uint64_t{in.ue()} + in.ue();
    }
    const bool is_subsampled = !separate_planes && (sps.chroma_format == 1 || sps.chroma_format == 2);
    const unsigned unit_x = is_subsampled ? 2 : 1;
    const unsigned unit_y = !separate_planes && sps.chroma_format == 1 ? 2 : 1;
    return in.is_good() && crop_side(sps.facts.width, across, unit_x) &&
           crop_side(sps.facts.height, down, unit_y);
}

/// sps_max_num_reorder_pics of the highest sub-layer: the last one stated (§7.4.3.2.1).
std::optional<unsigned> read_reorder(BitReader& in, unsigned sub_layers) {
    const unsigned first = in.flag() ? 0 : sub_layers;
    std::uint32_t reorder = 0;
    for (unsigned i = first; i <= sub_layers; ++i) {
        in.ue();  // max_dec_pic_buffering_minus1
        reorder = in.ue_up_to(kMaxReorder);
        in.ue();  // max_latency_increase_plus1
    }
    if (!in.is_good()) return std::nullopt;
    return reorder;
}

}  // namespace

std::optional<H265Sps> parse_h265_sps(ByteView nal) {
    if (nal_kind(Codec::h265, nal) != NalKind::sps) return std::nullopt;
    const Bytes rbsp = to_rbsp(nal, 2);
    BitReader in{rbsp};
    H265Sps sps;
    in.skip(4);  // sps_video_parameter_set_id
    const unsigned sub_layers = in.bits(3);
    if (sub_layers > 6) return std::nullopt;
    sps.temporal_layers = sub_layers + 1;
    sps.is_temporal_id_nested = in.flag();
    read_profile(in, sps, sub_layers);
    sps.id = in.ue_up_to(15);
    if (!read_size(in, sps)) return std::nullopt;
    sps.luma_depth = 8 + in.ue_up_to(8);
    sps.chroma_depth = 8 + in.ue_up_to(8);
    in.ue_up_to(12);  // log2_max_pic_order_cnt_lsb_minus4
    sps.facts.reorder_frames = read_reorder(in, sub_layers);
    if (!in.is_good()) return std::nullopt;
    return sps;
}

}  // namespace sluice::mp4::detail
