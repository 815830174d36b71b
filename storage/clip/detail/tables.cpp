#include "storage/clip/detail/boxes.hpp"
#include "storage/clip/detail/layout.hpp"

#include <algorithm>
#include <limits>

namespace sluice::clip {
namespace {

constexpr std::uint64_t kLongest = std::numeric_limits<std::uint32_t>::max();

/// Run-length pairs; `is_alone(i)` begins a new run at sample i whatever its value.
template <class Value, class Alone>
void put_runs(Bytes& out, std::size_t samples, Value&& value, Alone&& is_alone) {
    for (std::size_t i = 0; i < samples;) {
        const std::uint32_t first = value(i);
        std::size_t end = i + 1;
        while (end < samples && value(end) == first && !is_alone(end))
            ++end;
        put_u32(out, static_cast<std::uint32_t>(end - i));
        put_u32(out, first);
        i = end;
    }
}

void put_durations(Bytes& out, const mp4::SegmentIndex& index, std::uint64_t span_ticks) {
    const std::size_t last = index.samples.size() - 1;
    std::uint64_t before_last = 0;
    for (std::size_t i = 0; i < last; ++i)
        before_last += index.samples[i].duration;
    const std::uint64_t left = span_ticks > before_last ? span_ticks - before_last : 1;
    const auto last_duration = static_cast<std::uint32_t>(std::min(left, kLongest));
    put_runs(
        out,
        index.samples.size(),
        [&](std::size_t i) { return i == last ? last_duration : index.samples[i].duration; },
        [&](std::size_t i) { return i == last; }
    );
}

void put_chunks(Bytes& out, const PartShape& part, const mp4::SegmentIndex& index) {
    std::uint64_t chunk = part.before.fragments;
    for (const mp4::Fragment& fragment : index.fragments) {
        put_u32(out, static_cast<std::uint32_t>(++chunk));
        put_u32(out, fragment.sample_count);
        put_u32(out, part.entry);
    }
}

void put_offsets(Bytes& out, const mp4::SegmentIndex& index, std::uint64_t offset) {
    for (const mp4::Fragment& fragment : index.fragments) {
        put_u64(out, offset);
        for (std::uint32_t i = 0; i < fragment.sample_count; ++i) {
            offset += index.samples[fragment.first_sample + i].size_bytes;
        }
    }
}

void put_keys(Bytes& out, const PartShape& part, const mp4::SegmentIndex& index) {
    for (std::size_t i = 0; i < index.samples.size(); ++i) {
        if (index.samples[i].is_key) put_u32(out, static_cast<std::uint32_t>(part.before.samples + i + 1));
    }
}

}  // namespace

Result<Bytes> make_entries(
    Table table,
    const PartShape& part,
    const mp4::SegmentIndex& index,
    std::uint64_t span_ticks,
    std::uint64_t data_offset
) {
    Bytes out;
    const std::uint64_t expected = table_bytes(table, part.own);
    out.reserve(expected);
    if (index.samples.empty()) return failure(Remedy::abandon_file, "the index of a segment is empty");
    switch (table) {
        case Table::durations:
            put_durations(out, index, span_ticks);
            break;
        case Table::compositions:
            put_runs(
                out,
                index.samples.size(),
                [&](std::size_t i) {
                    return static_cast<std::uint32_t>(index.samples[i].composition_offset);
                },
                [](std::size_t) { return false; }
            );
            break;
        case Table::keys:
            put_keys(out, part, index);
            break;
        case Table::sizes:
            for (const mp4::Sample& sample : index.samples)
                put_u32(out, sample.size_bytes);
            break;
        case Table::chunks:
            put_chunks(out, part, index);
            break;
        case Table::offsets:
            put_offsets(out, index, data_offset + part.before.bytes);
            break;
        case Table::data:
            return failure(Remedy::refuse, "the data of a clip is no table");
    }
    if (out.size() != expected) {
        return failure(Remedy::abandon_file, "the index of a segment does not agree with its sums");
    }
    return out;
}

}  // namespace sluice::clip
