#include "storage/mp4/write.hpp"

#include "storage/mp4/detail/bytes_out.hpp"
#include "storage/mp4/detail/fragment_layout.hpp"
#include "storage/mp4/detail/info_json.hpp"
#include "storage/mp4/detail/ntp.hpp"

#include <string_view>

namespace sluice::mp4 {
namespace {

using detail::BoxScope;
using detail::put;
using detail::put_text;
using detail::put_u16;
using detail::put_u32;
using detail::put_u64;
using detail::put_u8;
using detail::put_zeros;

constexpr std::uint32_t kTrackId = 1;
constexpr std::uint32_t kFixedOne = 0x0001'0000;      // 1.0 in 16.16
constexpr std::uint16_t kUndefinedLanguage = 0x55C4;  // "und", five bits a letter

void put_matrix(Bytes& out) {
    for (const std::uint32_t value : {kFixedOne, 0U, 0U, 0U, kFixedOne, 0U, 0U, 0U, 0x4000'0000U})
        put_u32(out, value);
}

void put_ftyp(Bytes& out) {
    const BoxScope box{out, "ftyp"};
    put_text(out, "iso6");
    put_u32(out, 0);
    put_text(out, "iso6mp41");
}

void put_mvhd(Bytes& out) {
    const BoxScope box{out, "mvhd", 0, 0};
    put_zeros(out, 8);  // no times: they stand in the uuid box, and an init segment must not vary
    put_u32(out, kTimescale);
    put_u32(out, 0);
    put_u32(out, kFixedOne);
    put_u16(out, 0x0100);
    put_zeros(out, 10);
    put_matrix(out);
    put_zeros(out, 24);
    put_u32(out, kTrackId + 1);
}

void put_tkhd(Bytes& out, const VideoFormat& format) {
    const BoxScope box{out, "tkhd", 0, 3};  // enabled, in movie
    put_zeros(out, 8);
    put_u32(out, kTrackId);
    put_zeros(out, 4 + 4 + 8 + 2 + 2 + 2 + 2);
    put_matrix(out);
    put_u32(out, format.width << 16U);
    put_u32(out, format.height << 16U);
}

void put_sample_entry(Bytes& out, const VideoFormat& format) {
    const bool is_h264 = format.codec == Codec::h264;
    const BoxScope entry{out, is_h264 ? "avc1" : "hvc1"};
    put_zeros(out, 6);
    put_u16(out, 1);  // data reference
    put_zeros(out, 16);
    put_u16(out, static_cast<std::uint16_t>(format.width));
    put_u16(out, static_cast<std::uint16_t>(format.height));
    put_u32(out, 0x0048'0000);  // 72 dpi
    put_u32(out, 0x0048'0000);
    put_u32(out, 0);
    put_u16(out, 1);     // one frame a sample
    put_zeros(out, 32);  // no compressor name
    put_u16(out, 24);
    put_u16(out, 0xFFFF);
    const BoxScope config{out, is_h264 ? "avcC" : "hvcC"};
    put(out, format.decoder_config);
}

void put_sample_table(Bytes& out, const VideoFormat& format) {
    const BoxScope table{out, "stbl"};
    {
        const BoxScope box{out, "stsd", 0, 0};
        put_u32(out, 1);
        put_sample_entry(out, format);
    }
    for (const std::string_view empty : {"stts", "stsc", "stco"}) {
        const BoxScope box{out, empty, 0, 0};
        put_u32(out, 0);
    }
    const BoxScope box{out, "stsz", 0, 0};
    put_zeros(out, 8);
}

void put_media(Bytes& out, const VideoFormat& format) {
    const BoxScope media{out, "mdia"};
    {
        const BoxScope box{out, "mdhd", 0, 0};
        put_zeros(out, 8);
        put_u32(out, kTimescale);
        put_u32(out, 0);
        put_u16(out, kUndefinedLanguage);
        put_u16(out, 0);
    }
    {
        const BoxScope box{out, "hdlr", 0, 0};
        put_u32(out, 0);
        put_text(out, "vide");
        put_zeros(out, 12);
        put_text(out, std::string_view{"video\0", 6});
    }
    const BoxScope information{out, "minf"};
    {
        const BoxScope box{out, "vmhd", 0, 1};
        put_zeros(out, 8);
    }
    {
        const BoxScope box{out, "dinf"};
        const BoxScope references{out, "dref", 0, 0};
        put_u32(out, 1);
        const BoxScope here{out, "url ", 0, 1};  // the samples are in this file
    }
    put_sample_table(out, format);
}

void put_fragments_follow(Bytes& out) {
    const BoxScope box{out, "mvex"};
    const BoxScope defaults{out, "trex", 0, 0};
    put_u32(out, kTrackId);
    put_u32(out, 1);  // sample entry
    put_u32(out, 0);
    put_u32(out, 0);
    put_u32(out, detail::kDependentFlags);
}

void put_movie(Bytes& out, const VideoFormat& format, const SegmentInfo* info) {
    const BoxScope movie{out, "moov"};
    put_mvhd(out);
    {
        const BoxScope track{out, "trak"};
        put_tkhd(out, format);
        put_media(out, format);
    }
    put_fragments_follow(out);
    if (info == nullptr) return;
    const BoxScope box{out, "uuid"};
    put(out, kInfoBoxType);
    put_u8(out, detail::kInfoVersion);
    put_text(out, detail::info_to_json(*info));
}

}  // namespace

Bytes make_segment_head(const VideoFormat& format, const SegmentInfo& info) {
    Bytes out;
    put_ftyp(out);
    put_movie(out, format, &info);
    return out;
}

Bytes make_init_segment(const VideoFormat& format) {
    Bytes out;
    put_ftyp(out);
    put_movie(out, format, nullptr);
    return out;
}

Bytes make_sample_entry(const VideoFormat& format) {
    Bytes out;
    put_sample_entry(out, format);
    return out;
}

Bytes make_fragment_head(
    std::uint32_t sequence,
    std::uint64_t base_decode_time,
    UtcTime wall,
    std::span<const Sample> samples
) {
    Bytes out;
    out.reserve(fragment_head_bytes(samples.size()));
    {
        const BoxScope box{out, "prft", 1, detail::kArbitraryButConsistent};
        put_u32(out, kTrackId);
        put_u64(out, detail::to_ntp(wall));
        put_u64(out, base_decode_time);
    }
    {
        const BoxScope fragment{out, "moof"};
        {
            const BoxScope box{out, "mfhd", 0, 0};
            put_u32(out, sequence);
        }
        const BoxScope track{out, "traf"};
        {
            const BoxScope box{out, "tfhd", 0, detail::kDefaultBaseIsMoof};
            put_u32(out, kTrackId);
        }
        {
            const BoxScope box{out, "tfdt", 1, 0};
            put_u64(out, base_decode_time);
        }
        const BoxScope box{out, "trun", 1, detail::kRunFields};
        put_u32(out, static_cast<std::uint32_t>(samples.size()));
        put_u32(out, static_cast<std::uint32_t>(fragment_head_bytes(samples.size()) - detail::kPrftBytes));
        for (const Sample& sample : samples) {
            put_u32(out, sample.duration);
            put_u32(out, sample.size_bytes);
            put_u32(out, sample.is_key ? detail::kKeyFlags : detail::kDependentFlags);
            put_u32(out, static_cast<std::uint32_t>(sample.composition_offset));
        }
    }
    std::uint64_t data_bytes = 0;
    for (const Sample& sample : samples)
        data_bytes += sample.size_bytes;
    assert(data_bytes <= detail::kMaxDataBytes);
    put_u32(out, static_cast<std::uint32_t>(detail::kBoxHeadBytes + data_bytes));
    put_text(out, "mdat");
    return out;
}

std::size_t fragment_head_bytes(std::size_t sample_count) noexcept {
    return detail::kFragmentFixedBytes + sample_count * detail::kRunEntryBytes;
}

}  // namespace sluice::mp4
