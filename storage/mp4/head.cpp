#include "storage/mp4/detail/head.hpp"

#include "storage/mp4/detail/bytes_in.hpp"
#include "storage/mp4/detail/decoder_config.hpp"
#include "storage/mp4/detail/info_json.hpp"
#include "storage/mp4/nal.hpp"
#include "storage/mp4/write.hpp"

#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::mp4::detail {
namespace {

constexpr std::size_t kBoxHead = 8;
constexpr std::size_t kFullBoxFields = 4;
constexpr std::size_t kSampleEntryFields = 78;  // of a VisualSampleEntry, before its boxes

struct Box {
    std::string_view type;
    ByteView body;
};

/// The next box of a row of boxes; nullopt at the end and at anything malformed. 64-bit sizes are not used in
/// a head.
std::optional<Box> next_box(ByteReader& in) {
    const std::uint32_t size = in.u32();
    const std::string_view type = as_text(in.take(4));
    if (!in.is_good() || size < kBoxHead) return std::nullopt;
    const ByteView body = in.take(size - kBoxHead);
    if (!in.is_good()) return std::nullopt;
    return Box{type, body};
}

std::optional<ByteView> find_box(ByteView boxes, std::string_view type) {
    ByteReader in{boxes};
    while (const auto box = next_box(in)) {
        if (box->type == type) return box->body;
    }
    return std::nullopt;
}

std::optional<ByteView> find_info(ByteView moov) {
    ByteReader in{moov};
    while (const auto box = next_box(in)) {
        if (box->type != "uuid") continue;
        ByteReader body{box->body};
        const bool is_ours = std::ranges::equal(body.take(kInfoBoxType.size()), kInfoBoxType);
        if (is_ours && body.u8() == kInfoVersion && body.is_good()) return body.rest();
    }
    return std::nullopt;
}

/// The first sample entry of the first track.
std::optional<Box> find_sample_entry(ByteView moov) {
    std::optional<ByteView> boxes = moov;
    for (const std::string_view type : {"trak", "mdia", "minf", "stbl", "stsd"}) {
        boxes = find_box(*boxes, type);
        if (!boxes) return std::nullopt;
    }
    ByteReader in{*boxes};
    in.skip(kFullBoxFields + 4);  // and the number of entries
    return next_box(in);
}

std::optional<VideoFormat> read_format(const Box& entry) {
    const bool is_h264 = entry.type == "avc1";
    if (!is_h264 && entry.type != "hvc1") return std::nullopt;
    ByteReader fields{entry.body};
    VideoFormat format;
    format.codec = is_h264 ? Codec::h264 : Codec::h265;
    fields.skip(24);
    format.width = fields.u16();
    format.height = fields.u16();
    fields.skip(kSampleEntryFields - 28);
    if (!fields.is_good()) return std::nullopt;
    const auto record = find_box(fields.rest(), is_h264 ? "avcC" : "hvcC");
    if (!record || !sets_from_decoder_config(format.codec, *record)) return std::nullopt;
    format.decoder_config.assign(record->begin(), record->end());
    format.codec_string = codec_string_of(format.codec, *record);
    return format;
}

}  // namespace

Result<SegmentHead> parse_moov(ByteView body) {
    const auto entry = find_sample_entry(body);
    auto format = entry ? read_format(*entry) : std::nullopt;
    if (!format) return failure(Remedy::abandon_file, "the moov box has no readable video track");
    const auto json = find_info(body);
    if (!json) return failure(Remedy::abandon_file, "the moov box has no segment facts of a known version");
    auto info = info_from_json(*json);
    if (!info) return std::unexpected(info.error());
    return SegmentHead{std::move(*info), std::move(*format)};
}

}  // namespace sluice::mp4::detail
