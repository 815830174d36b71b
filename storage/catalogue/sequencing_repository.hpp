#pragma once

#include "config/base/error.hpp"
#include "config/base/time.hpp"
#include "config/base/uuid.hpp"
#include "storage/ledger/act.hpp"
#include "storage/ledger/record.hpp"
#include "storage/ledger/tree.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace sluice::catalogue {

/// How far the audit log's tree reaches and what was signed about it.
struct TreeRow {
    std::uint64_t size = 0;
    ledger::Hash root{};
    std::string checkpoint;  ///< signed note; empty: nothing was signed yet
    std::optional<UtcTime> signed_at;
    std::string trouble;  ///< why the worker does not go on; empty: it does
    std::string key;      ///< the log's verifier key; empty: no worker has opened the log yet
};

/// A record without a place in the tree.
struct WaitingRecord {
    Uuid id;
    std::string text;
    ledger::Salt salt{};
};

/// By what the tree grows, all at once.
struct TreeStep {
    std::uint64_t old_size = 0;
    ledger::Hash old_root{};
    std::vector<Uuid> records;  ///< in the order of their leaves
    std::vector<Sha256Digest> leaves;
    std::vector<ledger::Node> nodes;
    ledger::Hash root{};
    std::string checkpoint;
};

/// The one connection that gives records their places: it holds an advisory lock, so there is one at a time
/// in a database, and hears of new records. Role: sluice_worker. Thread: one. After an error with the remedy
/// retry it is of no more use.
class SequencingSession {
public:
    /// Error: retry, with the label `ledger_busy` when another one has the lock.
    [[nodiscard]] static Result<std::unique_ptr<SequencingSession>> open(const std::string& conninfo);
    ~SequencingSession();
    SequencingSession(const SequencingSession&) = delete;
    SequencingSession& operator=(const SequencingSession&) = delete;

    [[nodiscard]] Result<TreeRow> load_tree();
    /// Stored hashes as this connection reads them; lives as long as the session.
    [[nodiscard]] ledger::HashSource& hashes() noexcept;
    /// Committed records without a place, by the time the database got them, then by id.
    [[nodiscard]] Result<std::vector<WaitingRecord>> load_waiting(std::size_t limit);
    /// All of the step or nothing. Error: refuse, when the stored tree is not the one that was to grow.
    [[nodiscard]] Status extend(const TreeStep& step, UtcTime now);
    [[nodiscard]] Status append(const ledger::Act& act, UtcTime now);
    /// Kept in the database for the API to show, until the tree grows again.
    [[nodiscard]] Status say_trouble(const std::string& what);
    /// The log's verifier key, likewise.
    [[nodiscard]] Status say_key(const std::string& verifier_key);
    /// True: a record was committed. False: the time is over.
    [[nodiscard]] Result<bool> wait_for_record(std::chrono::milliseconds limit);

private:
    struct State;
    explicit SequencingSession(std::unique_ptr<State> state);
    [[nodiscard]] Status say(const char* sql, const std::string& what);
    std::unique_ptr<State> state_;
};

}  // namespace sluice::catalogue
