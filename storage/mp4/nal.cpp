#include "storage/mp4/nal.hpp"

#include "storage/mp4/detail/bits.hpp"
#include "storage/mp4/detail/bytes_out.hpp"
#include "storage/mp4/detail/sps.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace sluice::mp4 {
namespace {

constexpr std::array<std::uint8_t, 3> kStartCode{0, 0, 1};
constexpr std::size_t kMaxSets = 32;        // of a kind
constexpr std::size_t kMaxSetBytes = 8192;  // real ones take some dozen to some hundred bytes

NalKind h264_kind(ByteView nal) {
    switch (nal[0] & 0x1FU) {
        case 1:
        case 2:
        case 3:
        case 4:
            return NalKind::slice;
        case 5:
            return NalKind::key_slice;
        case 7:
            return NalKind::sps;
        case 8:
            return NalKind::pps;
        case 9:
            return NalKind::delimiter;
        default:
            return NalKind::other;
    }
}

NalKind h265_kind(ByteView nal) {
    if (nal.size() < 2) return NalKind::other;
    const unsigned layer = (nal[0] & 1U) << 5U | nal[1] >> 3U;
    if (layer != 0) return NalKind::other;  // a second view or quality: not part of the base picture
    const unsigned type = nal[0] >> 1U & 0x3FU;
    if (type <= 9) return NalKind::slice;
    if (type >= 16 && type <= 21) return NalKind::key_slice;  // BLA, IDR, CRA
    switch (type) {
        case 32:
            return NalKind::vps;
        case 33:
            return NalKind::sps;
        case 34:
            return NalKind::pps;
        case 35:
            return NalKind::delimiter;
        default:
            return NalKind::other;
    }
}

std::size_t header_bytes(Codec codec) {
    return codec == Codec::h264 ? 1 : 2;
}

std::optional<std::uint32_t> sps_id(Codec codec, ByteView nal) {
    if (codec == Codec::h264) {
        if (const auto sps = detail::parse_h264_sps(nal)) return sps->id;
        return std::nullopt;
    }
    if (const auto sps = detail::parse_h265_sps(nal)) return sps->id;
    return std::nullopt;
}

/// Number under which other sets refer to this one; nullopt when it can't be parsed.
std::optional<std::uint32_t> set_id(Codec codec, NalKind kind, ByteView nal) {
    if (nal.size() > kMaxSetBytes) return std::nullopt;
    if (kind == NalKind::sps) return sps_id(codec, nal);
    const Bytes rbsp = detail::to_rbsp(nal, header_bytes(codec));
    detail::BitReader in{rbsp};
    const std::uint32_t id = kind == NalKind::vps ? in.bits(4) : in.ue_up_to(codec == Codec::h264 ? 255 : 63);
    if (kind == NalKind::pps) in.ue_up_to(codec == Codec::h264 ? 31 : 15);  // the SPS it refers to
    if (!in.is_good()) return std::nullopt;
    return id;
}

std::vector<Bytes>* sets_of_kind(ParameterSets& sets, NalKind kind) {
    switch (kind) {
        case NalKind::vps:
            return &sets.vps;
        case NalKind::sps:
            return &sets.sps;
        case NalKind::pps:
            return &sets.pps;
        case NalKind::delimiter:
        case NalKind::key_slice:
        case NalKind::slice:
        case NalKind::other:
            return nullptr;
    }
    std::unreachable();
}

ByteView without_trailing_zeros(ByteView nal) {
    while (!nal.empty() && nal.back() == 0)
        nal = nal.first(nal.size() - 1);
    return nal;
}

}  // namespace

NalKind nal_kind(Codec codec, ByteView nal) noexcept {
    if (nal.empty()) return NalKind::other;
    return codec == Codec::h264 ? h264_kind(nal) : h265_kind(nal);
}

bool starts_picture(Codec codec, ByteView nal) noexcept {
    const NalKind kind = nal_kind(codec, nal);
    if (kind != NalKind::slice && kind != NalKind::key_slice) return false;
    if (codec == Codec::h264 && ((nal[0] & 0x1FU) == 3 || (nal[0] & 0x1FU) == 4))
        return false;  // partitions B and C
    const std::size_t header = header_bytes(codec);
    // ue(v) of 0 is the single bit 1, so both codecs are asked the same question.
    return nal.size() > header && (nal[header] & 0x80U) != 0;
}

bool ParameterSets::is_complete(Codec codec) const noexcept {
    return !sps.empty() && !pps.empty() && (codec == Codec::h264 || !vps.empty());
}

bool ParameterSets::absorb(Codec codec, ByteView nal) {
    nal = without_trailing_zeros(nal);
    const NalKind kind = nal_kind(codec, nal);
    std::vector<Bytes>* const sets = sets_of_kind(*this, kind);
    if (sets == nullptr) return false;
    const auto id = set_id(codec, kind, nal);
    if (!id) return false;
    // Ordered by id, so that the order of arrival makes no difference between two formats.
    const auto place = std::ranges::lower_bound(*sets, *id, {}, [&](const Bytes& set) {
        return set_id(codec, kind, set).value_or(0);
    });
    const bool has_same_id = place != sets->end() && set_id(codec, kind, *place) == id;
    if (has_same_id && std::ranges::equal(*place, nal)) return false;
    if (has_same_id) {
        place->assign(nal.begin(), nal.end());
        return true;
    }
    if (sets->size() == kMaxSets) return false;
    sets->emplace(place, nal.begin(), nal.end());
    return true;
}

Result<SpsFacts> parse_sps(Codec codec, ByteView sps) {
    if (codec == Codec::h264) {
        if (const auto parsed = detail::parse_h264_sps(sps)) return parsed->facts;
    } else if (const auto parsed = detail::parse_h265_sps(sps)) {
        return parsed->facts;
    }
    return failure(Remedy::refuse, "malformed sequence parameter set");
}

std::vector<ByteView> split_annex_b(ByteView stream) {
    std::vector<ByteView> units;
    const auto next_start = [&](std::size_t from) {
        const auto found = std::ranges::search(stream.subspan(from), kStartCode);
        return from + static_cast<std::size_t>(found.begin() - stream.subspan(from).begin());
    };
    std::size_t start = next_start(0);
    while (start < stream.size()) {
        const std::size_t body = start + kStartCode.size();
        const std::size_t end = next_start(body);
        // The fourth byte of the next start code, and padding, are zeros; no unit ends with one.
        const ByteView unit = without_trailing_zeros(stream.subspan(body, end - body));
        if (!unit.empty()) units.push_back(unit);
        start = end;
    }
    return units;
}

Bytes to_length_prefixed(const ParameterSets& sets) {
    Bytes out;
    for (const auto* kind : {&sets.vps, &sets.sps, &sets.pps}) {
        for (const Bytes& set : *kind) {
            detail::put_u32(out, static_cast<std::uint32_t>(set.size()));
            detail::put(out, set);
        }
    }
    return out;
}

}  // namespace sluice::mp4
