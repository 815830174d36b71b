#include "storage/catalogue/backup_repository.hpp"

#include "storage/catalogue/detail/connection.hpp"
#include "storage/catalogue/detail/values.hpp"
#include "storage/catalogue/record_repository.hpp"

#include <utility>

#include <libpq-fe.h>

namespace sluice::catalogue {
namespace {

using detail::run;

constexpr const char* kTables = R"(
    SELECT relname FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition ORDER BY relname)";
constexpr const char* kHasContent = R"(
    SELECT EXISTS (SELECT FROM segments) OR EXISTS (SELECT FROM tombstones) OR EXISTS (SELECT FROM holds)
        OR EXISTS (SELECT FROM ledger_records))";
constexpr const char* kHasCatalogue = "SELECT to_regclass('public.segments') IS NOT NULL";
constexpr const char* kUnconfirmed = R"(
    UPDATE catalogue_state SET is_confirmed = false, rebuild_began_at = from_us($1::bigint), rebuild_ended_at = from_us($1::bigint))";
constexpr const char* kSave = R"(
    INSERT INTO backups (id, made_at, folder, bytes, manifest_sha256, verified_at)
    VALUES ($1::uuid, from_us($2::bigint), $3, $4::bigint, $5::bytea, from_us($6::bigint)))";
constexpr const char* kAge = R"(
    SELECT to_us((SELECT max(made_at) FROM backups WHERE verified_at IS NOT NULL)),
           to_us((SELECT adopted_at FROM policy_versions WHERE number = 1)))";

std::string quote_value(const std::string& text) {
    std::string out = "'";
    for (const char letter : text) {
        if (letter == '\'' || letter == '\\') out += '\\';
        out += letter;
    }
    return out + "'";
}

std::string join(const std::map<std::string, std::string>& words, const std::string& database) {
    std::string out = "dbname=" + quote_value(database);
    for (const auto& [word, value] : words)
        out += " " + word + "=" + quote_value(value);
    return out;
}

/// Statements on the maintenance database, each by itself: databases are not made inside a transaction.
template <class Use>
Status administer(const Server& server, Use&& use) {
    bool is_usable = true;
    return detail::catch_database_errors(
        [&]() -> Status {
            Connection connection{server.conninfo("postgres")};
            use(connection.get());
            return {};
        },
        is_usable
    );
}

}  // namespace

Result<Server> Server::parse(const std::string& conninfo) {
    char* complaint = nullptr;
    const std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)> options{
        PQconninfoParse(conninfo.c_str(), &complaint), &PQconninfoFree
    };
    const std::unique_ptr<char, decltype(&PQfreemem)> text{complaint, &PQfreemem};
    // Its complaint may hold the password.
    if (!options)
        return failure(Remedy::operator_acts, "[database] url is no connection string of PostgreSQL");
    Server server;
    server.database_ = "sluice";
    for (const PQconninfoOption* option = options.get(); option->keyword != nullptr; ++option) {
        if (option->val == nullptr) continue;
        const std::string keyword = option->keyword;
        if (keyword == "dbname")
            server.database_ = option->val;
        else if (keyword == "password")
            server.password_ = option->val;
        else
            server.words_[keyword] = option->val;
    }
    return server;
}

std::string Server::public_conninfo(const std::string& database) const {
    return join(words_, database);
}

std::string Server::conninfo(const std::string& database) const {
    std::string out = join(words_, database);
    if (!password_.empty()) out += " password=" + quote_value(password_);
    return out;
}

struct Snapshot::Session {
    explicit Session(const std::string& conninfo) : connection(conninfo), transaction(connection.get()) {}
    Connection connection;
    pqxx::nontransaction transaction;  // begins and keeps its own; ends with the connection
};

Snapshot::Snapshot(std::unique_ptr<Session> session, std::string id)
    : session_(std::move(session)),
      id_(std::move(id)) {}
Snapshot::~Snapshot() = default;

Result<std::unique_ptr<Snapshot>> Snapshot::take(const std::string& conninfo) {
    std::unique_ptr<Snapshot> taken;
    bool is_usable = true;
    const Status status = detail::catch_database_errors(
        [&]() -> Status {
            auto session = std::make_unique<Session>(conninfo);
            session->transaction.exec("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY");
            session->transaction.exec("SET LOCAL statement_timeout = 0");
            const auto id = session->transaction.exec("SELECT pg_export_snapshot()")[0][0].as<std::string>();
            taken.reset(new Snapshot{std::move(session), id});
            return {};
        },
        is_usable
    );
    if (!status) return std::unexpected(status.error());
    return taken;
}

Result<RowCounts> Snapshot::count() const {
    RowCounts counts;
    bool is_usable = true;
    const Status status = detail::catch_database_errors(
        [&]() -> Status {
            auto& transaction = session_->transaction;
            for (const auto& row : transaction.exec(kTables)) {
                const auto table = row[0].as<std::string>();
                counts[table] =
                    transaction.exec("SELECT count(*) FROM " + transaction.quote_name(table))[0][0]
                        .as<std::uint64_t>();
            }
            return {};
        },
        is_usable
    );
    if (!status) return std::unexpected(status.error());
    return counts;
}

Status create_database(const Server& server, const std::string& name) {
    return administer(server, [&](pqxx::connection& connection) {
        pqxx::nontransaction session{connection};
        session.exec("DROP DATABASE IF EXISTS " + connection.quote_name(name));
        session.exec("CREATE DATABASE " + connection.quote_name(name) + " TEMPLATE template0");
    });
}

Status drop_database(const Server& server, const std::string& name) {
    return administer(server, [&](pqxx::connection& connection) {
        pqxx::nontransaction session{connection};
        session.exec("DROP DATABASE IF EXISTS " + connection.quote_name(name));
    });
}

Status swap_database(const Server& server, const std::string& fresh, const std::string& former) {
    const Status swapped = administer(server, [&](pqxx::connection& connection) {
        pqxx::work transaction{connection};
        const auto rename = [&](const std::string& from, const std::string& to) {
            transaction.exec(
                "ALTER DATABASE " + connection.quote_name(from) + " RENAME TO " + connection.quote_name(to)
            );
        };
        rename(server.database(), former);
        rename(fresh, server.database());
        transaction.commit();
    });
    if (swapped) return swapped;
    return failure(
        Remedy::operator_acts,
        "the database can't be exchanged (" + swapped.error().message() +
            "); stop sluice-recorder, sluice-worker and sluice-api first"
    );
}

Result<bool> has_content(const std::string& conninfo) {
    bool has_some = false;
    bool is_usable = true;
    const Status status = detail::catch_database_errors(
        [&]() -> Status {
            Connection connection{conninfo};
            pqxx::nontransaction session{connection.get()};
            if (!session.exec(kHasCatalogue)[0][0].as<bool>()) return {};
            has_some = session.exec(kHasContent)[0][0].as<bool>();
            return {};
        },
        is_usable
    );
    if (!status) return std::unexpected(status.error());
    return has_some;
}

Status mark_restored(Pool& pool, const ledger::Act& act, UtcTime now) {
    return pool.with([&](Connection& connection) -> Status {
        pqxx::work transaction{connection.get()};
        run(transaction, kUnconfirmed, to_epoch_us(now));
        const auto record = append_record(transaction, act, now);
        if (!record) return std::unexpected(record.error());
        transaction.commit();
        return {};
    });
}

Status save_backup(Pool& pool, const BackupRow& backup, const ledger::Act& act) {
    return pool.with([&](Connection& connection) -> Status {
        pqxx::work transaction{connection.get()};
        run(transaction,
            kSave,
            to_string(backup.id),
            to_epoch_us(backup.made),
            detail::clean_text(backup.folder),
            backup.bytes,
            detail::to_bytea(backup.manifest_sha256),
            backup.verified ? std::optional{to_epoch_us(*backup.verified)} : std::nullopt);
        const auto record = append_record(transaction, act, backup.made);
        if (!record) return std::unexpected(record.error());
        transaction.commit();
        return {};
    });
}

Result<BackupAge> load_backup_age(Pool& pool) {
    BackupAge age;
    const Status status = pool.with([&](Connection& connection) -> Status {
        pqxx::nontransaction session{connection.get()};
        const pqxx::row row = session.exec(kAge)[0];
        age.verified_backup = detail::to_optional_time(row[0]);
        age.installed = detail::to_time(row[1]);
        return {};
    });
    if (!status) return std::unexpected(status.error());
    return age;
}

}  // namespace sluice::catalogue
