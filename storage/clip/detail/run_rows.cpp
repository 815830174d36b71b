#include "storage/clip/detail/run_rows.hpp"

#include "storage/mp4/index.hpp"

#include <algorithm>

namespace sluice::clip {

using catalogue::SegmentRow;
using catalogue::SegmentState;

std::vector<const SegmentRow*> order_by_run(const Candidates& candidates, std::size_t first) {
    std::vector<const SegmentRow*> rows;
    std::vector<Uuid> runs;
    for (std::size_t number = first; number < candidates.rows.size(); ++number) {
        const SegmentRow& row = candidates.rows[number];
        if (candidates.asked.to <= row.range.from) break;
        rows.push_back(&row);
        if (std::ranges::find(runs, row.run_id) == runs.end()) runs.push_back(row.run_id);
    }
    std::ranges::sort(rows, {}, [&](const SegmentRow* row) {
        return std::pair{std::ranges::find(runs, row->run_id) - runs.begin(), row};
    });
    return rows;
}

Result<mp4::SegmentIndex> RowIndexes::load(std::size_t number) {
    Place place = place_of(*rows_[number]);
    if (place.state != SegmentState::finished) return footage_.load_index(place);
    if (number >= batch_end_) {
        if (auto fetched = fetch(number); !fetched) return std::unexpected(fetched.error());
    }
    const auto found = std::ranges::find(batch_, place.segment_id, &std::pair<Uuid, Bytes>::first);
    if (found == batch_.end())
        return failure(Remedy::abandon_file, "a finished segment has no index in the catalogue");
    return mp4::decode_index(found->second);
}

Status RowIndexes::fetch(std::size_t number) {
    constexpr std::size_t kBatch = 32;
    std::vector<std::pair<Uuid, UtcTime>> wanted;
    for (batch_end_ = number; batch_end_ < rows_.size() && wanted.size() < kBatch; ++batch_end_)
        if (rows_[batch_end_]->state == SegmentState::finished)
            wanted.emplace_back(rows_[batch_end_]->id, rows_[batch_end_]->range.from);
    auto encoded = footage_.load_encoded(wanted);
    if (!encoded) return std::unexpected(encoded.error());
    batch_.clear();
    for (std::size_t i = 0; i < wanted.size(); ++i)
        batch_.emplace_back(wanted[i].first, std::move((*encoded)[i]));
    return {};
}

}  // namespace sluice::clip
