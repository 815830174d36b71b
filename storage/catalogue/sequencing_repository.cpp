#include "storage/catalogue/sequencing_repository.hpp"

#include "storage/catalogue/detail/connection.hpp"
#include "storage/catalogue/detail/ledger_rows.hpp"
#include "storage/catalogue/detail/values.hpp"
#include "storage/catalogue/record_repository.hpp"

#include <algorithm>
#include <utility>

namespace sluice::catalogue {

namespace {

// Any number, the same in every version: one sequencer a database. Held until the connection closes.
constexpr const char* kLock = "SELECT pg_try_advisory_lock(7235018)";

constexpr const char* kWaiting = R"(
    SELECT id, record, salt FROM ledger_records WHERE leaf_index IS NULL ORDER BY filed_at, id LIMIT $1::bigint)";

constexpr const char* kExtend = R"(
    SELECT ledger_extend($1::bigint, $2::bytea, $3::uuid[], $4::bytea[], $5::integer[], $6::bigint[], $7::bytea[],
                         $8::bytea, $9, from_us($10::bigint)))";

constexpr const char* kSayKey = "SELECT ledger_say_key($1)";
constexpr const char* kSayTrouble = "SELECT ledger_say_trouble($1)";

/// Hears the notice of the trigger `ledger_wake`; what it says is nothing.
class Bell final : public pqxx::notification_receiver {
public:
    explicit Bell(pqxx::connection_base& connection) : notification_receiver(connection, "sluice_ledger") {}
    void operator()(const std::string& /*payload*/, int /*backend*/) override {}
};

WaitingRecord to_waiting(const pqxx::row& row) {
    WaitingRecord record{.id = detail::to_uuid(row[0]), .text = row[1].as<std::string>(), .salt = {}};
    record.salt = detail::to_hash(row[2]);
    return record;
}

}  // namespace

struct SequencingSession::State {
    explicit State(const std::string& conninfo) : connection(conninfo) {}

    /// The named border for this connection's statements.
    Status with(const std::function<Status()>& use) {
        if (!is_usable)
            return failure(Remedy::retry, "ledger: the connection is gone", "database_unavailable");
        return detail::catch_database_errors(use, is_usable);
    }

    class Hashes final : public ledger::HashSource {
    public:
        explicit Hashes(State& state) : state_(state) {}
        Result<std::vector<ledger::Hash>> load(std::uint32_t level, std::uint64_t first, std::uint64_t count)
            override {
            std::vector<ledger::Hash> loaded;
            const Status status = state_.with([&]() -> Status {
                pqxx::nontransaction session{state_.connection.get()};
                loaded = detail::load_hashes(session, level, first, count);
                return {};
            });
            if (!status) return std::unexpected(status.error());
            return loaded;
        }

    private:
        State& state_;
    };

    Connection connection;
    bool is_usable = true;
    Hashes hashes{*this};
    std::unique_ptr<Bell> bell;  // last: it goes before its connection
};

SequencingSession::SequencingSession(std::unique_ptr<State> state) : state_(std::move(state)) {}
SequencingSession::~SequencingSession() = default;

Result<std::unique_ptr<SequencingSession>> SequencingSession::open(const std::string& conninfo) {
    std::unique_ptr<State> state;
    bool is_usable = false;
    const Status status = detail::catch_database_errors(
        [&]() -> Status {
            state = std::make_unique<State>(conninfo);
            {
                pqxx::nontransaction session{state->connection.get()};
                if (!session.exec(kLock)[0][0].as<bool>())
                    return failure(
                        Remedy::retry, "ledger: another worker sequences in this database", "ledger_busy"
                    );
            }
            state->bell = std::make_unique<Bell>(state->connection.get());
            return {};
        },
        is_usable
    );
    if (!status) return std::unexpected(status.error());
    return std::unique_ptr<SequencingSession>{new SequencingSession{std::move(state)}};
}

ledger::HashSource& SequencingSession::hashes() noexcept {
    return state_->hashes;
}

Result<TreeRow> SequencingSession::load_tree() {
    TreeRow tree;
    const Status status = state_->with([&]() -> Status {
        pqxx::nontransaction session{state_->connection.get()};
        tree = detail::load_tree(session);
        return {};
    });
    if (!status) return std::unexpected(status.error());
    return tree;
}

Result<std::vector<WaitingRecord>> SequencingSession::load_waiting(std::size_t limit) {
    std::vector<WaitingRecord> records;
    const Status status = state_->with([&]() -> Status {
        pqxx::nontransaction session{state_->connection.get()};
        for (const auto& row : detail::run_prepared(state_->connection, session, kWaiting, limit))
            records.push_back(to_waiting(row));
        return {};
    });
    if (!status) return std::unexpected(status.error());
    return records;
}

Status SequencingSession::extend(const TreeStep& step, UtcTime now) {
    detail::ArrayLiteral records;
    detail::ArrayLiteral leaves;
    detail::ArrayLiteral levels;
    detail::ArrayLiteral numbers;
    detail::ArrayLiteral hashes;
    for (const Uuid& id : step.records)
        records.add(id);
    for (const Sha256Digest& leaf : step.leaves)
        leaves.add(ByteView{leaf});
    for (const ledger::Node& node : step.nodes) {
        levels.add(std::uint64_t{node.level});
        numbers.add(node.number);
        hashes.add(ByteView{node.hash});
    }
    return state_->with([&]() -> Status {
        pqxx::work transaction{state_->connection.get()};
        detail::run(
            transaction,
            kExtend,
            step.old_size,
            detail::to_bytea(step.old_root),
            records.str(),
            leaves.str(),
            levels.str(),
            numbers.str(),
            hashes.str(),
            detail::to_bytea(step.root),
            step.checkpoint,
            to_epoch_us(now)
        );
        transaction.commit();
        return {};
    });
}

Status SequencingSession::append(const ledger::Act& act, UtcTime now) {
    return state_->with([&]() -> Status {
        pqxx::work transaction{state_->connection.get()};
        const auto appended = append_record(transaction, act, now);
        if (!appended) return std::unexpected(appended.error());
        transaction.commit();
        return {};
    });
}

Status SequencingSession::say(const char* sql, const std::string& what) {
    return state_->with([&]() -> Status {
        pqxx::work transaction{state_->connection.get()};
        detail::run(transaction, sql, detail::clean_text(what));
        transaction.commit();
        return {};
    });
}

Status SequencingSession::say_trouble(const std::string& what) {
    return say(kSayTrouble, what);
}

Status SequencingSession::say_key(const std::string& verifier_key) {
    return say(kSayKey, verifier_key);
}

Result<bool> SequencingSession::wait_for_record(std::chrono::milliseconds limit) {
    bool has_come = false;
    const Status status = state_->with([&]() -> Status {
        const auto seconds = std::chrono::floor<std::chrono::seconds>(limit);
        const std::chrono::microseconds rest = limit - seconds;
        has_come = state_->connection.get().await_notification(seconds.count(), rest.count()) > 0;
        return {};
    });
    if (!status) return std::unexpected(status.error());
    return has_come;
}

}  // namespace sluice::catalogue
