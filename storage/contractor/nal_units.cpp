#include "storage/contractor/nal_units.hpp"

#include <cstdint>

namespace sluice::contractor {

std::optional<std::vector<ByteView>> cut_into_units(ByteView picture, unsigned length_bytes) {
    if (length_bytes == 0) return mp4::split_annex_b(picture);
    std::vector<ByteView> units;
    while (!picture.empty()) {
        if (picture.size() < length_bytes) return std::nullopt;
        std::size_t length = 0;
        for (unsigned i = 0; i < length_bytes; ++i)
            length = length << 8U | picture[i];
        picture = picture.subspan(length_bytes);
        if (length > picture.size()) return std::nullopt;
        if (length > 0) units.push_back(picture.first(length));
        picture = picture.subspan(length);
    }
    return units;
}

Joined join_units(Codec codec, std::span<const ByteView> units, mp4::ParameterSets& sets) {
    Joined joined;
    bool has_picture = false;
    bool has_vps = codec == Codec::h264;
    bool has_sps = false;
    bool has_pps = false;
    for (const ByteView unit : units) {
        const mp4::NalKind kind = mp4::nal_kind(codec, unit);
        has_vps |= kind == mp4::NalKind::vps;
        has_sps |= kind == mp4::NalKind::sps;
        has_pps |= kind == mp4::NalKind::pps;
        has_picture |= kind == mp4::NalKind::slice || kind == mp4::NalKind::key_slice;
        joined.is_key |= kind == mp4::NalKind::key_slice;
        sets.absorb(codec, unit);
        const auto length = static_cast<std::uint32_t>(unit.size());
        for (const unsigned shift : {24U, 16U, 8U, 0U})
            joined.bytes.push_back(static_cast<std::uint8_t>(length >> shift));
        joined.bytes.insert(joined.bytes.end(), unit.begin(), unit.end());
    }
    joined.has_sets = has_vps && has_sps && has_pps;
    if (!has_picture) joined.bytes.clear();
    return joined;
}

}  // namespace sluice::contractor
