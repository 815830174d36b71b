#include "config/base/bytes.hpp"
#include "config/base/log.hpp"
#include "storage/catalogue/detail/connection.hpp"
#include "storage/catalogue/detail/migrations.hpp"
#include "storage/catalogue/migrate.hpp"
#include "storage/catalogue/record_repository.hpp"

#include <memory>
#include <string_view>

namespace sluice::catalogue {

namespace {

// Any number, the same in every version: two tools must not migrate one database at once.
constexpr const char* kLock = "SELECT pg_advisory_lock(7235017)";
constexpr const char* kSession =
    "SET statement_timeout = 0; SET lock_timeout = '60s'; SET client_min_messages = warning";
constexpr const char* kTableIsThere = "SELECT to_regclass('public.schema_migrations') IS NOT NULL";
constexpr const char* kLogIsThere = "SELECT to_regclass('public.ledger_records') IS NOT NULL";
constexpr const char* kApplied =
    "SELECT version, name, encode(sha256, 'hex') FROM schema_migrations ORDER BY version";
constexpr const char* kRecord =
    "INSERT INTO schema_migrations (version, name, sha256) VALUES ($1, $2, decode($3, 'hex'))";
constexpr const char* kBecomeOwner = "SET LOCAL ROLE sluice_owner";
constexpr const char* kVersion = "SELECT coalesce(max(version), 0) FROM schema_migrations";
constexpr const char* kDatabaseIsThere = "SELECT EXISTS (SELECT FROM pg_database WHERE datname = 'sluice')";
constexpr const char* kCreateDatabase = "CREATE DATABASE sluice ENCODING 'UTF8' TEMPLATE template0";

std::string hash_of(const detail::Migration& migration) {
    return to_hex(sha256(as_bytes(migration.sql)));
}

bool has_table(pqxx::transaction_base& transaction) {
    return transaction.exec(kTableIsThere)[0][0].as<bool>();
}

// How many of ours are in the database; refuses a database that is not made of them.
Result<std::size_t> count_applied(pqxx::transaction_base& transaction) {
    if (!has_table(transaction)) return 0;
    const auto ours = detail::migrations();
    const pqxx::result applied = transaction.exec(kApplied);
    std::size_t count = 0;
    for (const auto& row : applied) {
        const auto version = row[0].as<std::size_t>();
        const auto name = row[1].as<std::string>();
        if (version > ours.size())
            return failure(
                Remedy::operator_acts,
                "the database is at version " + std::to_string(version) + " (" + name +
                    "), this program knows " + std::to_string(ours.size()) + ": install the newer program",
                "database_newer"
            );
        if (version != count + 1 || name != ours[count].name ||
            row[2].as<std::string>() != hash_of(ours[count]))
            return failure(
                Remedy::operator_acts,
                "migration " + name +
                    " in the database is not the one of this program: it was changed after it was applied",
                "migration_changed"
            );
        ++count;
    }
    return count;
}

/// `upgrade`: of a database that has an audit log.
Status apply(pqxx::connection& connection, std::size_t position, const std::optional<Upgrade>& upgrade) {
    const detail::Migration& migration = detail::migrations()[position];
    pqxx::work transaction{connection};
    transaction.exec(kBecomeOwner);
    transaction.exec(std::string{migration.sql});
    detail::run(transaction, kRecord, position + 1, std::string{migration.name}, hash_of(migration));
    if (upgrade) {
        const ledger::Act act{
            .action = "database.migrated",
            .actor = upgrade->actor,
            .subject = {.kind = "migration", .id = std::string{migration.name}},
        };
        if (const auto record = append_record(transaction, act, upgrade->now); !record)
            return std::unexpected(record.error());
    }
    transaction.commit();
    log::info("migration_applied", {{"migration", migration.name}});
    return {};
}

Status run_migrations(
    pqxx::connection& connection,
    bool dry_run,
    const std::optional<Upgrade>& upgrade,
    MigrationReport& report
) {
    {
        pqxx::nontransaction session{connection};
        session.exec(kSession);
        session.exec(kLock);  // until the connection closes
    }
    if (!dry_run) {
        pqxx::work transaction{connection};
        transaction.exec(std::string{detail::preparation().sql});
        transaction.commit();
    }
    std::size_t applied = 0;
    bool has_log = false;
    {
        pqxx::nontransaction session{connection};
        has_log = session.exec(kLogIsThere)[0][0].as<bool>();
        const auto counted = count_applied(session);
        if (!counted) return std::unexpected(counted.error());
        applied = *counted;
    }
    report.version = static_cast<int>(applied);
    for (std::size_t i = applied; i < detail::migrations().size(); ++i) {
        if (!dry_run) {
            if (auto done = apply(connection, i, has_log ? upgrade : std::nullopt); !done) return done;
            report.version = static_cast<int>(i + 1);
        }
        report.applied.emplace_back(detail::migrations()[i].name);
    }
    return {};
}

// Opens the database; in a fresh cluster it is made first. Only under the name we choose ourselves: what
// stands in a customer's address its administrator makes.
std::unique_ptr<Connection> open_or_create(const std::string& conninfo, bool may_create) {
    const bool is_ours = conninfo.contains("dbname=sluice ") || conninfo.ends_with("dbname=sluice");
    try {
        return std::make_unique<Connection>(conninfo);
    } catch (const pqxx::broken_connection&) {
        if (!is_ours || !may_create) throw;
    }
    {
        Connection maintenance{conninfo + " dbname=postgres"};  // the later word wins
        pqxx::nontransaction session{maintenance.get()};
        if (!session.exec(kDatabaseIsThere)[0][0].as<bool>()) session.exec(kCreateDatabase);
    }
    return std::make_unique<Connection>(conninfo);
}

// What a person must change before a migration can go on; only a lost connection is worth another try.
Error for_operator(const Error& error) {
    if (error.remedy() == Remedy::retry) return error;
    return {Remedy::operator_acts, error.code(), error.message(), error.label()};
}

}  // namespace

Result<MigrationReport>
migrate(const std::string& conninfo, bool dry_run, const std::optional<Upgrade>& upgrade) {
    MigrationReport report;
    bool is_usable = false;
    const Status status = detail::catch_database_errors(
        [&] {
            const auto connection = open_or_create(conninfo, !dry_run);
            return run_migrations(connection->get(), dry_run, upgrade, report);
        },
        is_usable
    );
    if (!status) return std::unexpected(for_operator(status.error()));
    return report;
}

int required_version() noexcept {
    return static_cast<int>(detail::migrations().size());
}

Result<int> load_version(const std::string& conninfo) {
    int version = 0;
    bool is_usable = false;
    const Status status = detail::catch_database_errors(
        [&]() -> Status {
            Connection connection{conninfo};
            pqxx::nontransaction session{connection.get()};
            if (has_table(session)) version = session.exec(kVersion)[0][0].as<int>();
            return {};
        },
        is_usable
    );
    if (!status) return std::unexpected(status.error());
    return version;
}

}  // namespace sluice::catalogue
