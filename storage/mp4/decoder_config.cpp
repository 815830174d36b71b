// Decoder configuration records: avcC and hvcC (ISO/IEC 14496-15 §5.3.3.1, §8.3.3.1) and their codec strings.
#include "storage/mp4/detail/decoder_config.hpp"

#include "storage/mp4/detail/bytes_in.hpp"
#include "storage/mp4/detail/bytes_out.hpp"
#include "storage/mp4/detail/sps.hpp"
#include "storage/mp4/nal.hpp"

#include <array>
#include <string_view>
#include <utility>

#include <fmt/format.h>

namespace sluice::mp4 {
namespace {

using detail::ByteReader;

constexpr std::size_t kMaxSpsInAvcc = 31;  // five bits count them
constexpr std::size_t kAvccHead = 6;
constexpr std::size_t kHvccHead = 23;
constexpr std::array<std::string_view, 4> kProfileSpaces{"", "A", "B", "C"};
constexpr unsigned kVps = 32;
constexpr unsigned kSps = 33;
constexpr unsigned kPps = 34;

/// Both records count a set's bytes in 16 bits, and avcC the sets in 8. `absorb` keeps far below.
bool fits(const ParameterSets& sets) {
    for (const auto* kind : {&sets.vps, &sets.sps, &sets.pps}) {
        if (kind->size() > 0xFF) return false;
        for (const Bytes& set : *kind) {
            if (set.size() > 0xFFFF) return false;
        }
    }
    return true;
}

void put_sets(Bytes& out, const std::vector<Bytes>& sets) {
    for (const Bytes& set : sets) {
        detail::put_u16(out, static_cast<std::uint16_t>(set.size()));
        detail::put(out, set);
    }
}

Bytes make_avcc(const detail::H264Sps& sps, const ParameterSets& sets) {
    Bytes out{1};
    detail::put(out, sps.profile);
    detail::put_u8(out, 0xFC | 3);  // 4-byte lengths
    detail::put_u8(out, static_cast<std::uint8_t>(0xE0U | sets.sps.size()));
    put_sets(out, sets.sps);
    detail::put_u8(out, static_cast<std::uint8_t>(sets.pps.size()));
    put_sets(out, sets.pps);
    if (sps.has_chroma_fields) {
        detail::put_u8(out, static_cast<std::uint8_t>(0xFCU | sps.chroma_format));
        detail::put_u8(out, static_cast<std::uint8_t>(0xF8U | (sps.luma_depth - 8)));
        detail::put_u8(out, static_cast<std::uint8_t>(0xF8U | (sps.chroma_depth - 8)));
        detail::put_u8(out, 0);  // no SPS extension
    }
    return out;
}

Bytes make_hvcc(const detail::H265Sps& sps, const ParameterSets& sets) {
    Bytes out{1};
    detail::put(out, sps.profile);
    detail::put_u16(out, 0xF000);  // min_spatial_segmentation: not known
    detail::put_u8(out, 0xFC);     // parallelism: not known
    detail::put_u8(out, static_cast<std::uint8_t>(0xFCU | sps.chroma_format));
    detail::put_u8(out, static_cast<std::uint8_t>(0xF8U | (sps.luma_depth - 8)));
    detail::put_u8(out, static_cast<std::uint8_t>(0xF8U | (sps.chroma_depth - 8)));
    detail::put_u16(out, 0);  // average frame rate: not known
    detail::put_u8(
        out, static_cast<std::uint8_t>(sps.temporal_layers << 3U | (sps.is_temporal_id_nested ? 4U : 0U) | 3U)
    );
    detail::put_u8(out, 3);
    for (const auto& [type, kind] : {std::pair{kVps, &sets.vps}, {kSps, &sets.sps}, {kPps, &sets.pps}}) {
        detail::put_u8(out, static_cast<std::uint8_t>(0x80U | type));  // complete, as hvc1 asks for
        detail::put_u16(out, static_cast<std::uint16_t>(kind->size()));
        put_sets(out, *kind);
    }
    return out;
}

Result<VideoFormat> finish_format(Codec codec, const SpsFacts& facts, Bytes record) {
    VideoFormat format{codec, facts.width, facts.height, std::move(record), {}};
    format.codec_string = detail::codec_string_of(codec, format.decoder_config);
    return format;
}

/// False when the record ends inside a set. A malformed set is left out and missed later if it was the only
/// one.
bool absorb_sets(ByteReader& in, std::size_t count, Codec codec, ParameterSets& sets) {
    for (std::size_t i = 0; i < count; ++i) {
        const std::size_t size = in.u16();
        const ByteView nal = in.take(size);
        if (!in.is_good()) return false;
        sets.absorb(codec, nal);
    }
    return true;
}

bool read_avcc(ByteView record, ParameterSets& sets) {
    ByteReader in{record};
    if (in.u8() != 1) return false;
    in.skip(3);
    if ((in.u8() & 3U) != 3) return false;  // other lengths of lengths are not ours
    const std::size_t sps_count = in.u8() & 0x1FU;
    if (!absorb_sets(in, sps_count, Codec::h264, sets)) return false;
    const std::size_t pps_count = in.u8();
    return in.is_good() && absorb_sets(in, pps_count, Codec::h264, sets);
}

bool read_hvcc(ByteView record, ParameterSets& sets) {
    ByteReader in{record};
    if (in.u8() != 1) return false;
    in.skip(kHvccHead - 3);
    if ((in.u8() & 3U) != 3) return false;
    const std::size_t arrays = in.u8();
    for (std::size_t i = 0; i < arrays; ++i) {
        in.skip(1);  // the units' own headers say what they are
        const std::size_t count = in.u16();
        if (!absorb_sets(in, count, Codec::h265, sets)) return false;
    }
    return in.is_good();
}

/// "1.6.L120.B0": profile space and number, compatibility flags in reverse bit order, tier and level,
/// constraints.
std::string hevc_profile_text(ByteView profile) {
    std::uint32_t flags = 0;
    for (unsigned bit = 0; bit < 32; ++bit) {
        flags |= (static_cast<std::uint32_t>(profile[1 + bit / 8]) >> (7U - bit % 8) & 1U) << bit;
    }
    std::string text = fmt::format(
        "{}{}.{:X}.{}{}",
        kProfileSpaces[profile[0] >> 6U],
        profile[0] & 0x1FU,
        flags,
        (profile[0] & 0x20U) != 0 ? 'H' : 'L',
        profile[11]
    );
    ByteView constraints = profile.subspan(5, 6);
    while (!constraints.empty() && constraints.back() == 0)
        constraints = constraints.first(constraints.size() - 1);
    for (const std::uint8_t byte : constraints)
        text += fmt::format(".{:X}", byte);
    return text;
}

}  // namespace

std::string detail::codec_string_of(Codec codec, ByteView record) {
    if (codec == Codec::h264) {
        if (record.size() < kAvccHead) return {};
        return fmt::format("avc1.{:02x}{:02x}{:02x}", record[1], record[2], record[3]);
    }
    if (record.size() < kHvccHead) return {};
    return "hvc1." + hevc_profile_text(record.subspan(1, 12));
}

// Of several SPS the one with the lowest id tells the size: cameras send one.
Result<VideoFormat> make_format(Codec codec, const ParameterSets& sets) {
    if (!sets.is_complete(codec)) return failure(Remedy::refuse, "a parameter set is missing");
    if (!fits(sets)) return failure(Remedy::refuse, "parameter sets are too many or too long");
    if (codec == Codec::h264) {
        const auto sps = detail::parse_h264_sps(sets.sps.front());
        if (!sps) return failure(Remedy::refuse, "malformed H.264 sequence parameter set");
        if (sets.sps.size() > kMaxSpsInAvcc)
            return failure(Remedy::refuse, "more than 31 sequence parameter sets");
        return finish_format(codec, sps->facts, make_avcc(*sps, sets));
    }
    const auto sps = detail::parse_h265_sps(sets.sps.front());
    if (!sps) return failure(Remedy::refuse, "malformed H.265 sequence parameter set");
    return finish_format(codec, sps->facts, make_hvcc(*sps, sets));
}

Result<ParameterSets> sets_from_decoder_config(Codec codec, ByteView record) {
    ParameterSets sets;
    const bool is_whole = codec == Codec::h264 ? read_avcc(record, sets) : read_hvcc(record, sets);
    if (!is_whole || !sets.is_complete(codec))
        return failure(Remedy::refuse, "malformed decoder configuration record");
    return sets;
}

}  // namespace sluice::mp4
