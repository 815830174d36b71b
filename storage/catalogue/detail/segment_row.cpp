#include "storage/catalogue/detail/segment_row.hpp"

#include "storage/catalogue/detail/values.hpp"

namespace sluice::catalogue::detail {

namespace {

SegmentState to_state(const pqxx::field& field) {
    const auto word = field.as<std::string>();
    for (const SegmentState state : {SegmentState::open, SegmentState::finished, SegmentState::suspect})
        if (word == to_string(state)) return state;
    throw pqxx::conversion_error{"unknown state of a segment"};
}

}  // namespace

SegmentRow to_segment(const pqxx::row& row) {
    return {
        .id = to_uuid(row[0]),
        .stream_id = to_uuid(row[1]),
        .run_id = to_uuid(row[2]),
        .volume_id = to_uuid(row[3]),
        .sequence = row[4].as<std::uint32_t>(),
        .state = to_state(row[5]),
        .path = row[6].as<std::string>(),
        .range = {.from = to_time(row[7]), .to = to_time(row[8])},
        .bytes = row[9].as<std::uint64_t>(),
        .sha256 = to_digest(row[10]),
        .format_id = to_uuid(row[11]),
        .sums =
            {.samples = row[12].as<std::uint32_t>(),
             .key_samples = row[13].as<std::uint32_t>(),
             .fragments = row[14].as<std::uint32_t>(),
             .duration_runs = row[15].as<std::uint32_t>(),
             .composition_runs = row[16].as<std::uint32_t>(),
             .sample_bytes = row[17].as<std::uint64_t>(),
             .ticks = row[18].as<std::uint64_t>(),
             .has_composition = row[19].as<bool>()},
        .is_damaged = row[20].as<bool>(),
    };
}

}  // namespace sluice::catalogue::detail
