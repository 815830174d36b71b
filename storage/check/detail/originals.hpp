#pragma once

#include "storage/check/check.hpp"
#include "storage/check/listing.hpp"

#include <optional>
#include <vector>

/// What becomes of a finding about a received file, and its bytes.
namespace sluice::check::detail {

class OriginalsJudge {
public:
    OriginalsJudge(catalogue::Pool& pool, const Volume& volume, const Settings& settings, const Clock& clock)
        : pool_(pool),
          volume_(volume),
          settings_(settings),
          clock_(clock) {}

    /// The finding as it is believed; nullopt: the world had moved on between listing and query.
    [[nodiscard]] Result<std::optional<Finding>> settle(Finding finding);
    /// Marks the row of what is changed or gone.
    [[nodiscard]] Status mark(const Finding& finding);
    /// Reads the file and its receipt. A file that is not there is a finding already settled. Error: retry,
    /// cancelled.
    [[nodiscard]] Result<std::vector<Finding>>
    examine(const catalogue::OriginalRow& row, const MayGoOn& may_go_on);

private:
    [[nodiscard]] Result<std::optional<Finding>> settle_file(Finding finding);
    [[nodiscard]] Result<std::optional<Finding>> settle_row(Finding finding);

    catalogue::Pool& pool_;
    const Volume& volume_;
    const Settings& settings_;
    const Clock& clock_;
};

/// Whether what is found lies below imported/ and belongs to a clip whose import is waiting or under way.
[[nodiscard]] Result<bool> is_being_imported(catalogue::Pool& pool, const Finding& finding);

}  // namespace sluice::check::detail
