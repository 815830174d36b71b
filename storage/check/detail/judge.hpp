#pragma once

#include "storage/check/check.hpp"
#include "storage/check/listing.hpp"

#include <map>
#include <optional>
#include <vector>

/// What becomes of a finding: looked at once more, marked, told.
namespace sluice::check::detail {

class Judge {
public:
    Judge(catalogue::Pool& pool, const Volume& volume, const Settings& settings, const Clock& clock)
        : pool_(pool),
          volume_(volume),
          settings_(settings),
          clock_(clock) {}

    /// The finding as it is believed; nullopt: the world had moved on between listing and query.
    [[nodiscard]] Result<std::optional<Finding>> settle(Finding finding);
    /// Marks what has a byte range.
    [[nodiscard]] Status mark(const Finding& finding);

private:
    using Settled = Result<std::optional<Finding>>;
    [[nodiscard]] Settled settle_file(Finding finding);
    [[nodiscard]] Settled settle_row(Finding finding);
    [[nodiscard]] Settled settle_suspect(Finding finding);
    [[nodiscard]] Settled settle_copy(Finding finding, const catalogue::SegmentCopy& copy);
    [[nodiscard]] bool is_young(const std::string& path) const;

    catalogue::Pool& pool_;
    const Volume& volume_;
    const Settings& settings_;
    const Clock& clock_;
};

/// Examines one stream's finished files, a day at a time and in order.
class ByteReader {
public:
    ByteReader(catalogue::Pool& pool, const Volume& volume) : pool_(pool), volume_(volume) {}

    /// The next segment of the stream. nullopt: its file is not there, which the listing says already. Error:
    /// retry, cancelled.
    [[nodiscard]] Result<std::optional<Examined>>
    examine_row(const catalogue::SegmentRow& row, const MayGoOn& may_go_on);

private:
    struct Last {
        std::uint32_t sequence = 0;
        std::optional<Sha256Digest> sha256;
    };
    [[nodiscard]] Result<Expected> load_expected(const catalogue::SegmentRow& row);
    [[nodiscard]] Result<std::optional<Sha256Digest>> find_previous(const catalogue::SegmentRow& row);

    catalogue::Pool& pool_;
    const Volume& volume_;
    std::map<Uuid, Last> last_;  ///< by run; runs that ended are forgotten when there are many
};

/// Compares a volume's journal with the catalogue. Counts into `summary`.
[[nodiscard]] Status check_journal(
    catalogue::Pool& pool,
    const Volume& volume,
    const Settings& settings,
    UtcTime now,
    VolumeSummary& summary,
    const std::function<void(Finding)>& found
);

}  // namespace sluice::check::detail
