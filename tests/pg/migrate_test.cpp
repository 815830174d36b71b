#include "storage/catalogue/migrate.hpp"

#include "config/base/bytes.hpp"
#include "storage/catalogue/detail/migrations.hpp"
#include "tests/support/postgres.hpp"

#include <thread>

#include <catch2/catch.hpp>
#include <pqxx/pqxx>

namespace sluice::catalogue {
namespace {

using test::Database;
using test::EmptyDatabase;

TEST_CASE("migrations are applied once, in order, and then nothing is left to do", "[pg][catalogue]") {
    const EmptyDatabase database;
    const auto conninfo = database.conninfo("sluice_super");
    CHECK(load_version(conninfo).value() == 0);

    const auto first = migrate(conninfo, false);
    REQUIRE(first);
    CHECK(first->applied.front() == "0001_catalogue.sql");
    CHECK(first->version == required_version());
    CHECK(static_cast<int>(first->applied.size()) == required_version());

    const auto second = migrate(conninfo, false);
    REQUIRE(second);
    CHECK(second->applied.empty());
    CHECK(second->version == required_version());
    CHECK(load_version(database.conninfo("sluice_api")).value() == required_version());
}

TEST_CASE("a dry run names the migrations and changes nothing", "[pg][catalogue]") {
    const EmptyDatabase database;
    const auto report = migrate(database.conninfo("sluice_super"), true);
    REQUIRE(report);
    CHECK(static_cast<int>(report->applied.size()) == required_version());
    CHECK(report->version == 0);
    CHECK(load_version(database.conninfo("sluice_super")).value() == 0);
}

/// As the program before this one left it.
void apply_all_but_the_last(const std::string& conninfo) {
    pqxx::connection connection{conninfo};
    pqxx::work transaction{connection};
    transaction.exec(std::string{detail::preparation().sql});
    const auto ours = detail::migrations();
    for (std::size_t i = 0; i + 1 < ours.size(); ++i) {
        transaction.exec("SET LOCAL ROLE sluice_owner");
        transaction.exec(std::string{ours[i].sql});
        transaction.exec(
            "INSERT INTO schema_migrations (version, name, sha256) VALUES (" + std::to_string(i + 1) + ", '" +
            std::string{ours[i].name} + "', '\\x" + to_hex(sha256(as_bytes(ours[i].sql))) + "')"
        );
    }
    transaction.commit();
}

TEST_CASE(
    "an upgrade is in the audit log, with whoever has made it; a first schema is not",
    "[pg][catalogue]"
) {
    const EmptyDatabase database;
    const auto conninfo = database.conninfo("sluice_super");
    const Upgrade upgrade{ledger::system_actor("os:chen"), from_epoch_us(1'795'000'000'000'000)};
    const bool is_there = GENERATE(true, false);
    if (is_there) apply_all_but_the_last(conninfo);
    const auto report = migrate(conninfo, false, upgrade);
    if (!report) FAIL(report.error().describe());
    CHECK(report->version == required_version());
    CHECK(migrate(conninfo, false, upgrade));
    pqxx::connection connection{conninfo};
    pqxx::nontransaction session{connection};
    const pqxx::result records = session.exec(
        "SELECT concat_ws(' ', action, record::jsonb #>> '{principal,name}', record::jsonb #>> "
        "'{subject,id}') "
        "FROM ledger_records"
    );
    REQUIRE(records.size() == (is_there ? 1 : 0));
    if (is_there)
        CHECK(records[0][0].as<std::string>() == "database.migrated os:chen " + report->applied.front());
}

TEST_CASE("a migration that was changed after it was applied is refused", "[pg][catalogue]") {
    const Database database;
    database.execute("UPDATE schema_migrations SET sha256 = sha256('\\x00') WHERE version = 2");
    const auto report = migrate(database.conninfo("sluice_super"), false);
    REQUIRE_FALSE(report);
    CHECK(report.error().remedy() == Remedy::operator_acts);
    CHECK(report.error().label() == "migration_changed");
    CHECK(report.error().message().find("0002_partitions.sql") != std::string::npos);
}

TEST_CASE("a database newer than the program is refused", "[pg][catalogue]") {
    const Database database;
    database.execute(
        "INSERT INTO schema_migrations VALUES (" + std::to_string(required_version() + 1) +
        ", '9999_later.sql', sha256(''))"
    );
    const auto report = migrate(database.conninfo("sluice_super"), false);
    REQUIRE_FALSE(report);
    CHECK(report.error().remedy() == Remedy::operator_acts);
    CHECK(report.error().label() == "database_newer");
    CHECK(load_version(database.conninfo("sluice_recorder")).value() == required_version() + 1);
}

TEST_CASE("two tools that migrate at once wait for each other", "[pg][catalogue]") {
    const EmptyDatabase database;
    const auto conninfo = database.conninfo("sluice_super");
    std::size_t applied = 0;
    bool other_succeeded = false;
    std::thread other{[&] {
        const auto report = migrate(conninfo, false);
        other_succeeded = report.has_value();
        if (report) applied = report->applied.size();
    }};
    const auto report = migrate(conninfo, false);
    other.join();
    REQUIRE(report);
    REQUIRE(other_succeeded);
    CHECK(static_cast<int>(applied + report->applied.size()) == required_version());
}

TEST_CASE("a service role with more rights than a service may have is refused", "[pg][catalogue]") {
    const Database database;
    database.execute("GRANT sluice_owner TO sluice_api");
    const auto report = migrate(database.conninfo("sluice_super"), false);
    database.execute("REVOKE sluice_owner FROM sluice_api");
    REQUIRE_FALSE(report);
    CHECK(report.error().remedy() == Remedy::operator_acts);
    CHECK(report.error().message().find("sluice_api") != std::string::npos);
}

TEST_CASE("an unreachable server is worth another try, a role without rights is not", "[pg][catalogue]") {
    const EmptyDatabase database;
    const auto unreachable = migrate("host=/nonexistent dbname=x", false);
    REQUIRE_FALSE(unreachable);
    CHECK(unreachable.error().remedy() == Remedy::retry);

    REQUIRE(migrate(database.conninfo("sluice_super"), false));  // makes the roles
    const EmptyDatabase other;
    const auto powerless = migrate(other.conninfo("sluice_api"), false);
    REQUIRE_FALSE(powerless);
    CHECK(powerless.error().remedy() == Remedy::operator_acts);
}

TEST_CASE("every object of ours belongs to sluice_owner and nothing is open to PUBLIC", "[pg][catalogue]") {
    const Database database;
    CHECK(
        database.query(
            "SELECT string_agg(relname, ' ') FROM pg_class WHERE relnamespace = 'public'::regnamespace "
            "AND pg_get_userbyid(relowner) <> 'sluice_owner'"
        ) == ""
    );
    CHECK(
        database.query(
            "SELECT string_agg(proname, ' ') FROM pg_proc WHERE pronamespace = 'public'::regnamespace "
            "AND (pg_get_userbyid(proowner) <> 'sluice_owner' OR has_function_privilege('public', oid, "
            "'EXECUTE'))"
        ) == ""
    );
    CHECK(
        database.query("SELECT string_agg(relname, ' ') FROM pg_class, aclexplode(relacl) a "
                       "WHERE relnamespace = 'public'::regnamespace AND a.grantee = 0") == ""
    );
}

}  // namespace
}  // namespace sluice::catalogue
