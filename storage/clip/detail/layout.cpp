#include "storage/clip/detail/layout.hpp"

#include "storage/clip/detail/boxes.hpp"
#include "storage/mp4/write.hpp"

#include <limits>
#include <utility>

namespace sluice::clip {
namespace {

constexpr std::uint64_t kBox32 = std::numeric_limits<std::uint32_t>::max();
constexpr std::array kAllTables{
    Table::durations,
    Table::compositions,
    Table::keys,
    Table::sizes,
    Table::chunks,
    Table::offsets,
    Table::data
};

std::string_view box_type(Table table) noexcept {
    switch (table) {
        case Table::durations:
            return "stts";
        case Table::compositions:
            return "ctts";
        case Table::keys:
            return "stss";
        case Table::sizes:
            return "stsz";
        case Table::chunks:
            return "stsc";
        case Table::offsets:
            return "co64";
        case Table::data:
            return "mdat";
    }
    std::unreachable();
}

std::uint64_t entry_bytes(Table table) noexcept {
    switch (table) {
        case Table::durations:
        case Table::compositions:
        case Table::offsets:
            return 8;
        case Table::keys:
        case Table::sizes:
            return 4;
        case Table::chunks:
            return 12;
        case Table::data:
            return 1;
    }
    std::unreachable();
}

std::uint64_t entry_count(Table table, const Counts& counts) noexcept {
    switch (table) {
        case Table::durations:
            return counts.duration_runs;
        case Table::compositions:
            return counts.composition_runs;
        case Table::keys:
            return counts.key_samples;
        case Table::sizes:
            return counts.samples;
        case Table::chunks:
        case Table::offsets:
            return counts.fragments;
        case Table::data:
            return counts.bytes;
    }
    std::unreachable();
}

Bytes table_header(Table table, const Counts& total) {
    Bytes out;
    if (table == Table::data) {  // 64-bit size: the field of 32 bits says 1
        put_u32(out, 1);
        put_text(out, "mdat");
        put_u64(out, 16 + total.bytes);
        return out;
    }
    const std::size_t box = begin_full_box(out, box_type(table), table == Table::compositions ? 1 : 0, 0);
    if (table == Table::sizes) put_u32(out, 0);  // no common size
    put_u32(out, static_cast<std::uint32_t>(entry_count(table, total)));
    end_box(out, box, table_bytes(table, total));
    return out;
}

void put_matrix(Bytes& out) {
    for (const std::uint32_t value : {0x10000U, 0U, 0U, 0U, 0x10000U, 0U, 0U, 0U, 0x40000000U})
        put_u32(out, value);
}

/// Seconds since 1904, as boxes count.
std::uint64_t box_time(UtcTime time) noexcept {
    constexpr std::int64_t kFrom1904To1970 = 2'082'844'800;
    return static_cast<std::uint64_t>(to_epoch_us(time) / 1'000'000 + kFrom1904To1970);
}

void put_movie_header(Bytes& out, const Presentation& what) {
    const std::size_t box = begin_full_box(out, "mvhd", 1, 0);
    put_u64(out, box_time(what.from));
    put_u64(out, box_time(what.from));
    put_u32(out, mp4::kTimescale);
    put_u64(out, what.presentation_ticks);
    put_u32(out, 0x10000);  // rate 1
    put_u16(out, 0x0100);   // volume 1
    put_u16(out, 0);
    put_u64(out, 0);
    put_matrix(out);
    for (int i = 0; i < 6; ++i)
        put_u32(out, 0);
    put_u32(out, 2);  // next track
    end_box(out, box);
}

void put_track_header(Bytes& out, const Presentation& what, const mp4::VideoFormat& format) {
    const std::size_t box = begin_full_box(out, "tkhd", 1, 3);  // enabled, in the movie
    put_u64(out, box_time(what.from));
    put_u64(out, box_time(what.from));
    put_u32(out, 1);
    put_u32(out, 0);
    put_u64(out, what.presentation_ticks);
    put_u64(out, 0);
    put_u64(out, 0);  // layer, group, volume
    put_matrix(out);
    put_u32(out, format.width << 16U);
    put_u32(out, format.height << 16U);
    end_box(out, box);
    if (what.first_composition == 0) return;
    const std::size_t edits = begin_box(out, "edts");
    const std::size_t list = begin_full_box(out, "elst", 1, 0);
    put_u32(out, 1);
    put_u64(out, what.presentation_ticks);
    put_u64(out, what.first_composition);
    put_u32(out, 0x10000);
    end_box(out, list);
    end_box(out, edits);
}

void put_media_header(Bytes& out, const Presentation& what) {
    const std::size_t media = begin_full_box(out, "mdhd", 1, 0);
    put_u64(out, box_time(what.from));
    put_u64(out, box_time(what.from));
    put_u32(out, mp4::kTimescale);
    put_u64(out, what.media_ticks);
    put_u16(out, 0x55c4);  // und
    put_u16(out, 0);
    end_box(out, media);
    const std::size_t handler = begin_full_box(out, "hdlr", 0, 0);
    put_u32(out, 0);
    put_text(out, "vide");
    for (int i = 0; i < 3; ++i)
        put_u32(out, 0);
    put_text(out, std::string_view{"sluice\0", 7});
    end_box(out, handler);
}

void put_media_information(Bytes& out) {
    const std::size_t video = begin_full_box(out, "vmhd", 0, 1);
    put_u64(out, 0);
    end_box(out, video);
    const std::size_t data = begin_box(out, "dinf");
    const std::size_t references = begin_full_box(out, "dref", 0, 0);
    put_u32(out, 1);
    const std::size_t here = begin_full_box(out, "url ", 0, 1);  // in this file
    end_box(out, here);
    end_box(out, references);
    end_box(out, data);
}

/// ftyp and moov up to the first table; `tables` bytes of the stbl follow.
Bytes make_prefix(const Presentation& what, std::span<const mp4::VideoFormat> formats, std::uint64_t tables) {
    Bytes out;
    const std::size_t type = begin_box(out, "ftyp");
    put_text(out, "isom");
    put_u32(out, 512);
    for (const std::string_view brand : {"isom", "iso4", "mp42"})
        put_text(out, brand);
    end_box(out, type);

    const std::size_t movie = begin_box(out, "moov");
    put_movie_header(out, what);
    const std::size_t track = begin_box(out, "trak");
    put_track_header(out, what, formats.front());
    const std::size_t media = begin_box(out, "mdia");
    put_media_header(out, what);
    const std::size_t information = begin_box(out, "minf");
    put_media_information(out);
    const std::size_t sample_table = begin_box(out, "stbl");
    const std::size_t descriptions = begin_full_box(out, "stsd", 0, 0);
    put_u32(out, static_cast<std::uint32_t>(formats.size()));
    for (const mp4::VideoFormat& format : formats) {
        const Bytes entry = mp4::make_sample_entry(format);
        out.insert(out.end(), entry.begin(), entry.end());
    }
    end_box(out, descriptions);
    for (const std::size_t box : {sample_table, information, media, track, movie})
        end_box(out, box, tables);
    return out;
}

}  // namespace

Counts& Counts::operator+=(const Counts& other) noexcept {
    samples += other.samples;
    key_samples += other.key_samples;
    fragments += other.fragments;
    duration_runs += other.duration_runs;
    composition_runs += other.composition_runs;
    bytes += other.bytes;
    return *this;
}

Counts counts_of(const mp4::IndexSums& sums) noexcept {
    return {
        .samples = sums.samples,
        .key_samples = sums.key_samples,
        .fragments = sums.fragments,
        .duration_runs = sums.duration_runs,
        .composition_runs = sums.has_composition ? sums.composition_runs : 1,  // one run of zeros
        .bytes = sums.sample_bytes,
    };
}

std::uint64_t table_bytes(Table table, const Counts& counts) noexcept {
    return entry_count(table, counts) * entry_bytes(table);
}

Result<Layout>
lay_out(const Counts& total, const Presentation& presentation, std::span<const mp4::VideoFormat> formats) {
    Layout layout;
    std::uint64_t tables = 0;
    for (const Table table : kAllTables) {
        if (table == Table::compositions && !presentation.has_composition) continue;
        Section section{.table = table, .header = table_header(table, total), .offset = 0};
        section.entries_bytes = table_bytes(table, total);
        if (table != Table::data) tables += section.end();
        layout.sections.push_back(std::move(section));
    }
    Bytes prefix = make_prefix(presentation, formats, tables);
    if (tables + prefix.size() > kBox32 || total.samples > kBox32) {
        return failure(Remedy::refuse, "the clip has too many frames for one file");
    }
    Bytes& first = layout.sections.front().header;
    first.insert(first.begin(), prefix.begin(), prefix.end());
    for (Section& section : layout.sections) {
        section.offset = layout.size_bytes;
        layout.size_bytes = section.end();
    }
    return layout;
}

}  // namespace sluice::clip
