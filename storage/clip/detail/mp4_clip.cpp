#include "storage/clip/detail/mp4_clip.hpp"

#include "storage/clip/detail/boxes.hpp"

#include <algorithm>

namespace sluice::clip {
namespace {

constexpr std::size_t kOpenFiles = 4;
constexpr std::uint64_t kHeadPiece = 1U << 20U;

void put_uuid(Bytes& out, const Uuid& id) {
    out.insert(out.end(), id.bytes.begin(), id.bytes.end());
}

}  // namespace

std::string make_etag(const Plan& plan) {
    Bytes facts;
    put_text(facts, "sluice clip");
    put_u32(facts, kMuxerVersion);
    put_uuid(facts, plan.stream_id);
    put_u64(facts, static_cast<std::uint64_t>(to_epoch_us(plan.range.from)));
    put_u64(facts, static_cast<std::uint64_t>(to_epoch_us(plan.range.to)));
    for (const Part& part : plan.parts) {
        put_uuid(facts, part.place.segment_id);
        put_u32(facts, part.first);
        put_u32(facts, part.end - 1);
        // Not the bytes that were served before the damage was found.
        if (part.place.is_damaged) put_text(facts, "damaged");
    }
    return to_hex(sha256(facts));
}

Result<std::unique_ptr<Clip>> Mp4Clip::make(Footage footage, Plan plan) {
    Counts total = plan.parts.back().shape.before;
    total += plan.parts.back().shape.own;
    Result<Layout> layout = lay_out(total, plan.presentation, plan.formats);
    if (!layout) return std::unexpected(layout.error());
    return std::unique_ptr<Clip>(new Mp4Clip(std::move(footage), std::move(plan), std::move(*layout)));
}

Mp4Clip::Mp4Clip(Footage footage, Plan plan, Layout layout)
    : footage_(std::move(footage)),
      plan_(std::move(plan)),
      layout_(std::move(layout)),
      etag_(make_etag(plan_)),
      indexes_(footage_, plan_.parts) {}

std::uint64_t Mp4Clip::frames() const {
    const PartShape& last = plan_.parts.back().shape;
    return last.before.samples + last.own.samples;
}

Result<Piece> Mp4Clip::read(std::uint64_t offset, std::uint64_t limit) {
    if (offset >= layout_.size_bytes || limit == 0) {
        return failure(Remedy::refuse, "no bytes of the clip at " + std::to_string(offset));
    }
    if (offset >= layout_.data_offset()) return read_data(offset, limit);
    Bytes out;
    const std::uint64_t wanted = std::min(limit, kHeadPiece);
    while (out.size() < wanted && offset + out.size() < layout_.data_offset()) {
        const std::uint64_t at = offset + out.size();
        const auto section =
            std::ranges::find_if(layout_.sections, [at](const Section& one) { return at < one.end(); });
        const Status appended = append_head(out, *section, at, wanted);
        if (!appended) return std::unexpected(appended.error());
        // The beginning goes out at once; what is behind it costs a query.
        if (section == layout_.sections.begin() && at < section->entries_offset()) break;
    }
    return Piece{std::move(out)};
}

Status Mp4Clip::append_head(Bytes& out, const Section& section, std::uint64_t offset, std::uint64_t limit) {
    const auto append = [&](const Bytes& from, std::uint64_t skip) {
        const std::uint64_t count = std::min<std::uint64_t>(from.size() - skip, limit - out.size());
        const auto first = from.begin() + static_cast<std::ptrdiff_t>(skip);
        out.insert(out.end(), first, first + static_cast<std::ptrdiff_t>(count));
    };
    if (offset < section.entries_offset()) {
        append(section.header, offset - section.offset);
        return {};
    }
    const std::uint64_t place = offset - section.entries_offset();
    const std::size_t number = find_part(section.table, place);
    const Result<Bytes> entries = part_entries(section.table, number);
    if (!entries) return std::unexpected(entries.error());
    append(*entries, place - table_bytes(section.table, plan_.parts[number].shape.before));
    return {};
}

Result<Bytes> Mp4Clip::part_entries(Table table, std::size_t number) {
    const PartShape& shape = plan_.parts[number].shape;
    const Result<const LoadedPart*> part = indexes_.get(number);
    if (!part) return std::unexpected(part.error());
    std::uint64_t span = shape.span_ticks;
    if (table == Table::durations && span == 0) {
        const Result<const LoadedPart*> next = indexes_.get(number + 1);
        if (!next) return std::unexpected(next.error());
        const std::uint64_t begin = (*part)->index.fragments.front().base_decode_time;
        const std::uint64_t end = (*next)->index.fragments.front().base_decode_time;
        span = end > begin ? end - begin : 0;
    }
    return make_entries(table, shape, (*part)->index, span, layout_.data_offset());
}

Result<Piece> Mp4Clip::read_data(std::uint64_t offset, std::uint64_t limit) {
    const std::uint64_t place = offset - layout_.data_offset();
    const std::size_t number = find_part(Table::data, place);
    const Result<const LoadedPart*> part = indexes_.get(number);
    if (!part) return std::unexpected(part.error());
    std::uint64_t skip = place - plan_.parts[number].shape.before.bytes;
    auto chunk = (*part)->chunks.begin();
    while (chunk != (*part)->chunks.end() && skip >= chunk->bytes)
        skip -= (chunk++)->bytes;
    if (chunk == (*part)->chunks.end()) {
        return failure(Remedy::abandon_file, "the index of a segment does not agree with its sums");
    }
    const Chunk found = *chunk;
    Result<File> file = open_part(number);
    if (!file) return std::unexpected(file.error());
    const Status checked = check_chunk((*file)->get(), found, plan_.parts[number].place);
    if (!checked) return std::unexpected(checked.error());
    return Piece{FileRange{
        .file = std::move(*file),
        .offset = found.file_offset + skip,
        .length = std::min(limit, found.bytes - skip),
    }};
}

Result<Mp4Clip::File> Mp4Clip::open_part(std::size_t number) {
    for (const auto& [place, file] : files_) {
        if (place == number) return file;
    }
    Result<UniqueFd> opened = footage_.open(plan_.parts[number].place);
    if (!opened) return std::unexpected(opened.error());
    if (files_.size() == kOpenFiles) files_.pop_front();
    files_.emplace_back(number, std::make_shared<const UniqueFd>(std::move(*opened)));
    return files_.back().second;
}

std::size_t Mp4Clip::find_part(Table table, std::uint64_t entries_offset) const {
    const auto after = std::ranges::upper_bound(plan_.parts, entries_offset, {}, [table](const Part& part) {
        return table_bytes(table, part.shape.before);
    });
    return static_cast<std::size_t>(after - plan_.parts.begin()) - 1;
}

}  // namespace sluice::clip
