#pragma once

#include "config/base/uuid.hpp"
#include "storage/ledger/checkpoint.hpp"
#include "storage/ledger/record.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::ledger {

/// A record as it is kept beside the tree.
struct Entry {
    std::uint64_t index = 0;  ///< of its leaf
    Uuid id;
    std::optional<std::string> text;  ///< nullopt: erased
    std::optional<Salt> salt;
    std::optional<Uuid> erased_by;  ///< the record that says why
};

/// What a log is read from: a database, or a folder. Thread: one.
class LogReader : public HashSource {
public:
    /// Leaf data `first` … `first + count - 1`, all within one tile. Error: also when there are fewer.
    [[nodiscard]] virtual Result<std::vector<Sha256Digest>>
    load_leaves(std::uint64_t first, std::uint64_t count) = 0;
    /// The next records as they stand there, at most `limit`; none: that was all. Called until then.
    [[nodiscard]] virtual Result<std::vector<Entry>> next_entries(std::size_t limit) = 0;
};

enum class FindingKind {
    changed,    ///< the record is not the one that was logged
    dropped,    ///< the tree has a leaf, and nothing is kept of it
    reordered,  ///< the record was logged at another place
    foreign,    ///< kept, and never logged
    erased,     ///< taken away without a record that says why
    tree,       ///< hashes or leaves are not those of the signed root
    history,    ///< the tree is not a continuation of an earlier checkpoint
};
[[nodiscard]] std::string_view to_string(FindingKind kind) noexcept;

struct LogFinding {
    FindingKind kind = FindingKind::changed;
    std::optional<std::uint64_t> index;
    std::optional<Uuid> id;
    std::string what;  ///< a sentence
};

struct LogReport {
    std::uint64_t size = 0;  ///< records that the checkpoint covers
    std::uint64_t erased = 0;
    std::vector<LogFinding> findings;  ///< the first thousand
    std::uint64_t more = 0;            ///< findings beyond them
    /// Some checkpoint from outside was given: records cut off at the end would have been found.
    bool is_truncation_excluded = false;

    [[nodiscard]] bool is_clean() const noexcept { return findings.empty(); }
};

/// Reads the whole log and compares records, leaves, tiles and root with the checkpoint; `earlier` are
/// checkpoints that somebody else has kept. Both were opened with the log's key. Error: the log can't be
/// read.
[[nodiscard]] Result<LogReport>
verify_log(LogReader& reader, const Checkpoint& head, const std::vector<Checkpoint>& earlier);

}  // namespace sluice::ledger
