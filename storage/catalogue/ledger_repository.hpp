#pragma once

#include "storage/catalogue/pool.hpp"
#include "storage/catalogue/sequencing_repository.hpp"
#include "storage/ledger/tree.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

/// The audit log as it is read: tree, tiles, records, co-signatures. Roles: sluice_worker, sluice_api,
/// sluice_auditor.
namespace sluice::catalogue {

[[nodiscard]] Result<TreeRow> load_tree(Pool& pool);

/// Stored hashes through a pool. The pool outlives it.
class PoolHashes final : public ledger::HashSource {
public:
    explicit PoolHashes(Pool& pool) : pool_(pool) {}
    [[nodiscard]] Result<std::vector<ledger::Hash>>
    load(std::uint32_t level, std::uint64_t first, std::uint64_t count) override;

private:
    Pool& pool_;
};

/// Leaf data in order; fewer than asked for where the tree ends.
[[nodiscard]] Result<std::vector<Sha256Digest>>
load_leaves(Pool& pool, std::uint64_t first, std::uint64_t count);

/// A record with what proves it.
struct RecordRow {
    Uuid id;
    std::optional<std::uint64_t> index;  ///< nullopt: it waits for its place
    UtcTime at;
    std::string action;
    std::optional<std::string> text;  ///< nullopt: erased
    std::optional<ledger::Salt> salt;
    std::optional<Sha256Digest> leaf;
    std::optional<Uuid> erased_by;  ///< the record that says why
};
/// Records that have their place, from leaf `first` on.
[[nodiscard]] Result<std::vector<RecordRow>> load_records(Pool& pool, std::uint64_t first, std::size_t limit);
[[nodiscard]] Result<std::optional<RecordRow>> find_record(Pool& pool, const Uuid& id);

/// How long the record that waits the longest for its place has waited, by the database's clock; nullopt:
/// none waits.
[[nodiscard]] Result<std::optional<std::chrono::milliseconds>> load_longest_wait(Pool& pool);

/// Returns when the record (committed before) is covered by a checkpoint. Error: retry, with the label
/// `LEDGER_UNAVAILABLE`, when that has not come to pass at the deadline.
[[nodiscard]] Status wait_until_sequenced(Pool& pool, const Uuid& record, Deadline deadline);
/// How long whoever needs a checkpoint waits for it.
inline constexpr std::chrono::seconds kCheckpointLimit{3};

/// Takes the text and salt of a record away and appends `reason`, whose action is "ledger.erased"; its leaf
/// stays. The new record's id; nullopt: no such record in the tree, or it is erased, or itself gives such a
/// reason. Role: sluice_worker.
[[nodiscard]] Result<std::optional<Uuid>>
erase_record(Pool& pool, const Uuid& record, const ledger::Act& reason, UtcTime now);

/// What a witness said of a checkpoint.
struct CosignatureRow {
    std::uint64_t size = 0;
    ledger::Hash root{};
    std::string witness;  ///< name of its key
    std::uint32_t key_id = 0;
    UtcTime signed_at;
    std::string checkpoint;  ///< note text and the log's signature
    std::string line;        ///< its own
};
/// False: it was there already. Role: sluice_api.
[[nodiscard]] Result<bool> add_cosignature(Pool& pool, const CosignatureRow& row);
/// The newest checkpoint that some witness has co-signed, with all co-signatures of that size.
[[nodiscard]] Result<std::vector<CosignatureRow>> load_newest_cosignatures(Pool& pool);
/// The signed note of such rows; empty: there are none.
[[nodiscard]] std::string to_note(const std::vector<CosignatureRow>& rows);

}  // namespace sluice::catalogue
