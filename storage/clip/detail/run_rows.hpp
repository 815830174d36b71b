#pragma once

#include "storage/clip/detail/select.hpp"

#include <cstddef>
#include <utility>
#include <vector>

namespace sluice::clip {

/// Rows from `first` on that begin before the end of what was asked, run after run: where two runs share
/// time, their files would else alternate, and a player would jump with each. Refer to `candidates`.
[[nodiscard]] std::vector<const catalogue::SegmentRow*>
order_by_run(const Candidates& candidates, std::size_t first);

/// Indexes of rows in their order; those of finished ones come in batches. `rows` and `footage` outlive it.
class RowIndexes {
public:
    RowIndexes(Footage& footage, const std::vector<const catalogue::SegmentRow*>& rows)
        : footage_(footage),
          rows_(rows) {}

    /// Error: retry, abandon_file.
    [[nodiscard]] Result<mp4::SegmentIndex> load(std::size_t number);

private:
    [[nodiscard]] Status fetch(std::size_t number);

    Footage& footage_;
    const std::vector<const catalogue::SegmentRow*>& rows_;
    std::vector<std::pair<Uuid, Bytes>> batch_;
    std::size_t batch_end_ = 0;
};

}  // namespace sluice::clip
