#include "storage/release/expiry.hpp"
#include "tests/pg/copy_office.hpp"
#include "tests/support/eventually.hpp"

#include <filesystem>
#include <future>
#include <string>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <pqxx/pqxx>

namespace sluice::release {
namespace {

using namespace test;
using namespace std::chrono_literals;
using nlohmann::json;

/// Of the copy, as they were raised: "secretariat 7, …".
std::string notices_of(const CopyOffice& office, const std::string& kind) {
    return office.database.query(
        "SELECT coalesce(string_agg(concat_ws(' ', audience, days_ahead), ', ' ORDER BY created_at, "
        "audience), "
        "'') FROM notices WHERE kind = '" +
        kind + "' AND subject_id = '" + to_string(office.copy_id) + "'"
    );
}

std::string entries_of(const CopyOffice& office) {
    return office.database.query("SELECT string_agg(kind, ' ' ORDER BY line) FROM register_entries");
}

TEST_CASE(
    "who has an account and waits with a copy is told ahead of its last day, and so is the secretariat",
    "[pg][release][notices]"
) {
    CopyOffice office;
    const Sequencing sequencing{office.database, office.data.path()};
    office.seal();
    const bool has_account = GENERATE(true, false);
    if (has_account)
        office.database.execute("UPDATE requests SET applicant_id = " + CopyOffice::quoted(office.viewer));
    const UtcTime end = office.row().package.value().expires;
    const auto tell = [&](UtcTime at) {
        return catalogue::tell_waiting_copies(office.worker, {7, 1}, at).value();
    };
    const std::size_t each = has_account ? 2 : 1;
    CHECK(tell(end - 24h * 7 - 1us) == 0);
    CHECK(tell(end - 24h * 7) == each);
    CHECK(tell(end - 24h * 6) == 0);
    CHECK(tell(end - 24h) == each);
    CHECK(tell(end) == 0);
    CHECK(
        notices_of(office, "copy_waiting") == (has_account
                                                   ? "applicant 7, secretariat 7, applicant 1, secretariat 1"
                                                   : "secretariat 7, secretariat 1")
    );
    CHECK(
        office.database.query(
            "SELECT count(*) FROM notices WHERE audience = 'applicant' AND addressee_id IS DISTINCT FROM " +
            CopyOffice::quoted(office.viewer)
        ) == "0"
    );
}

TEST_CASE("nobody is told of a copy that waits no more", "[pg][release][notices]") {
    CopyOffice office;
    const Sequencing sequencing{office.database, office.data.path()};
    office.seal();
    const UtcTime last_day = office.row().package.value().expires - 1h;
    if (GENERATE(true, false))
        REQUIRE(office.declare("received"));
    else
        office.database.execute("UPDATE grants SET revoked_at = now()");
    CHECK(catalogue::tell_waiting_copies(office.worker, {7, 1}, last_day).value() == 0);
}

TEST_CASE(
    "a copy that nobody collected ends with its package: said once, in register, audit log and notices",
    "[pg][release]"
) {
    CopyOffice office;
    const Sequencing sequencing{office.database, office.data.path()};
    const MadeCopy made = office.seal();
    office.database.execute("UPDATE requests SET applicant_id = " + CopyOffice::quoted(office.viewer));
    office.clock.wall = office.row().package.value().expires - 1us;
    CHECK(office.expire() == 0);
    CHECK_FALSE(office.row().uncollected);
    office.clock.wall += 1us;
    CHECK(office.expire() == 1);
    const catalogue::CopyRow row = office.row();
    CHECK(row.uncollected == office.clock.wall);
    CHECK(row.package.value().rule == "PACKAGE_KEEP");
    CHECK_FALSE(std::filesystem::exists(packages_folder(office.data.path()) / made.name));
    CHECK(entries_of(office) == "copy uncollected");
    const json entry = json::parse(
        office.database.query("SELECT facts::text FROM register_entries WHERE kind = 'uncollected'")
    );
    CHECK(entry["copy"] == to_string(office.copy_id));
    CHECK(entry["number"] == 1);
    CHECK(entry["recipient"] == "王小明");
    CHECK(entry["package"] == made.name);
    CHECK(notices_of(office, "copy_uncollected") == "applicant 0, secretariat 0");
    CHECK(
        office.database.query(
            "SELECT string_agg(action, ' ' ORDER BY filed_at) FROM ledger_records WHERE action IN "
            "('copy.uncollected', 'package.ending', 'package.destroyed')"
        ) == "copy.uncollected package.ending package.destroyed"
    );
    // Nothing is said a second time, and nobody has it any more.
    CHECK(office.expire() == 0);
    CHECK(entries_of(office) == "copy uncollected");
    for (const char* what : {"received", "returned", "destroyed"})
        CHECK_FALSE(office.declare(what));
    // The decision has had its copy; a new one gives another.
    office.copy_id = make_uuid_v7(office.now);
    office.order();
    CHECK_FALSE(office.is_ordered);
    const Uuid former = std::exchange(office.grant_id, make_uuid_v7(office.now));
    office.database.execute(
        "UPDATE grants SET revoked_at = now(); INSERT INTO grants SELECT (jsonb_populate_record(g, "
        "jsonb_build_object('id', '" +
        to_string(office.grant_id) + "', 'revoked_at', null))).* FROM grants g WHERE id = '" +
        to_string(former) + "'"
    );
    office.order();
    CHECK(office.is_ordered);
}

TEST_CASE("a copy whose package went before anybody said so ends as well", "[pg][release]") {
    CopyOffice office;
    const Sequencing sequencing{office.database, office.data.path()};
    office.seal();
    const UtcTime end = office.row().package.value().expires;
    // As it was left by the version before.
    office.database.execute(
        "ALTER TABLE packages DISABLE TRIGGER packages_keep; UPDATE packages SET destroyed_at = expires_at, "
        "rule = "
        "'PACKAGE_KEEP', certificate = '{}'; ALTER TABLE packages ENABLE TRIGGER packages_keep"
    );
    office.clock.wall = end + 24h;
    CHECK(office.expire() == 0);
    CHECK(office.row().uncollected == office.clock.wall);
    CHECK(entries_of(office) == "copy uncollected");
}

TEST_CASE("the table lets no package go whose copy may still be collected", "[pg][release][constraints]") {
    CopyOffice office;
    const Sequencing sequencing{office.database, office.data.path()};
    office.seal();
    const auto destroyed = catalogue::save_destroyed_package(
        office.worker,
        office.copy_id,
        "PACKAGE_KEEP",
        "{}",
        office.act("package.destroyed"),
        office.row().package.value().expires
    );
    REQUIRE_FALSE(destroyed);
    CHECK(destroyed.error().remedy() == Remedy::refuse);
    CHECK(destroyed.error().message().find("neither received nor uncollected") != std::string::npos);
}

/// Whoever comes for it and the end of its time, at the same moment: both wait for the row, in the order in
/// which they came, until it is let go.
TEST_CASE("a copy is collected or it is not: of two at the same time one wins", "[pg][release][race]") {
    CopyOffice office;
    const Sequencing sequencing{office.database, office.data.path()};
    office.seal();
    const bool is_collector_first = GENERATE(true, false);
    CAPTURE(is_collector_first);
    office.clock.wall = office.row().package.value().expires;
    const auto wait_for = [&](const char* waiters) {
        return eventually(20s, [&] {
            return office.database.query(
                       "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = "
                       "current_database() AND query LIKE '%UPDATE copies%'"
                   ) == waiters;
        });
    };
    pqxx::connection connection{office.database.conninfo("sluice_super")};
    pqxx::work held{connection};
    held.exec("SELECT FROM copies FOR UPDATE");
    const auto collect = [&] {
        return std::async(std::launch::async, [&] { return office.declare("received"); });
    };
    const auto end = [&] {
        return std::async(std::launch::async, [&] {
            const auto done = destroy_expired_packages(office.guards(office.clock), office.data.path());
            demand(done.has_value(), "the end failed");
            return done->destroyed;
        });
    };
    std::future<bool> collected;
    std::future<std::size_t> ended;
    if (is_collector_first) collected = collect();
    if (!is_collector_first) ended = end();
    CHECK(wait_for("1"));
    if (is_collector_first) ended = end();
    if (!is_collector_first) collected = collect();
    CHECK(wait_for("2"));
    held.commit();
    CHECK(collected.get() == is_collector_first);
    CHECK(ended.get() == 1);  // the file's time is over in either case
    const catalogue::CopyRow row = office.row();
    CHECK(row.received.has_value() == is_collector_first);
    CHECK(row.uncollected.has_value() != is_collector_first);
    CHECK(entries_of(office) == (is_collector_first ? "copy" : "copy uncollected"));
    CHECK(notices_of(office, "copy_uncollected") == (is_collector_first ? "" : "secretariat 0"));
}

}  // namespace
}  // namespace sluice::release
