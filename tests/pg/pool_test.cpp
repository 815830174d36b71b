#include "storage/catalogue/detail/connection.hpp"
#include "storage/catalogue/in_doubt.hpp"
#include "tests/pg/catalogue_site.hpp"

#include <atomic>
#include <thread>
#include <vector>

namespace sluice::catalogue {
namespace {

/// The first column of a statement's first row.
Result<std::string> ask(Pool& pool, const char* sql) {
    std::string answer;
    const Status status = pool.with([&](Connection& connection) -> Status {
        pqxx::nontransaction session{connection.get()};
        const auto rows = session.exec(sql);
        if (!rows.empty()) answer = rows[0][0].as<std::string>();
        return {};
    });
    if (!status) return std::unexpected(status.error());
    return answer;
}

TEST_CASE("a session is in UTC, limited in time, and says whose it is", "[pg][catalogue]") {
    const test::Database database;
    Pool pool{database.conninfo("sluice_api"), 1};
    CHECK(need(ask(pool, "SHOW timezone")) == "UTC");
    CHECK(need(ask(pool, "SHOW statement_timeout")) == "30s");
    CHECK(need(ask(pool, "SHOW application_name")) == "sluice");
    CHECK(
        embedded_conninfo("/var/lib/it's", "sluice_api") ==
        "host='/var/lib/it\\'s/database/socket' dbname=sluice user='sluice_api' application_name='sluice_api'"
    );
}

TEST_CASE("a connection is lent again, and never more of them than allowed", "[pg][catalogue]") {
    const test::Database database;
    Pool pool{database.conninfo("sluice_api"), 3};
    const auto first = need(ask(pool, "SELECT pg_backend_pid()"));
    CHECK(need(ask(pool, "SELECT pg_backend_pid()")) == first);
    std::atomic<int> now = 0;
    std::atomic<int> most = 0;
    std::atomic<int> failed = 0;
    std::vector<std::thread> threads;
    for (int i = 0; i < 12; ++i)
        threads.emplace_back([&] {
            const Status status = pool.with([&](Connection& connection) -> Status {
                int seen = most;
                for (const int mine = ++now; seen < mine && !most.compare_exchange_weak(seen, mine);)
                    continue;
                pqxx::nontransaction session{connection.get()};
                session.exec("SELECT pg_sleep(0.02)");
                --now;
                return {};
            });
            if (!status) ++failed;
        });
    for (auto& thread : threads)
        thread.join();
    CHECK(failed == 0);
    CHECK(most <= 3);
}

TEST_CASE("errors of the database say what can be done", "[pg][catalogue]") {
    const test::Database database;
    Pool pool{database.conninfo("sluice_recorder"), 1};
    const auto remedy = [&](const char* sql) { return ask(pool, sql).error().remedy(); };
    CHECK(
        remedy("INSERT INTO volumes VALUES (gen_random_uuid(), gen_random_uuid(), 'relative')") ==
        Remedy::refuse
    );
    CHECK(remedy("SELECT 'x'::uuid") == Remedy::refuse);
    CHECK(remedy("DELETE FROM segments") == Remedy::operator_acts);
    CHECK(remedy("SELECT * FROM no_such_table") == Remedy::operator_acts);
    CHECK(remedy("SET statement_timeout = 1; SELECT pg_sleep(1)") == Remedy::retry);
    CHECK(need(ask(pool, "SHOW statement_timeout")) == "30s");  // that session is gone
    Pool nowhere{"host=/nonexistent dbname=x", 1};
    CHECK(ask(nowhere, "SELECT 1").error().remedy() == Remedy::retry);
    // A value that is an error, not an exception, leaves the session in use.
    const auto pid = need(ask(pool, "SELECT pg_backend_pid()"));
    CHECK_FALSE(pool.with([](Connection&) -> Status { return failure(Remedy::refuse, "no"); }));
    CHECK(need(ask(pool, "SELECT pg_backend_pid()")) == pid);
}

TEST_CASE(
    "a session that breaks in the middle is an error once, and the next call has a new one",
    "[pg][catalogue]"
) {
    const test::Database database;
    Pool pool{database.conninfo("sluice_super"), 1};
    const auto broken = ask(pool, "SELECT pg_terminate_backend(pg_backend_pid())");
    REQUIRE_FALSE(broken);
    CHECK(broken.error().remedy() == Remedy::retry);
    CHECK(ask(pool, "SELECT 1").has_value());
}

TEST_CASE(
    "a reader's statement is prepared once a session, survives a new day, and a new session prepares it "
    "again",
    "[pg][catalogue]"
) {
    const test::Database database;
    Pool pool{database.conninfo("sluice_api"), 1};
    const TimeRange day{kStart, kStart + std::chrono::hours{24}};
    const auto ask_list = [&] { return load_segments(pool, Uuid{}, day, std::nullopt, 10); };
    const auto prepared = [&] { return need(ask(pool, "SELECT count(*) FROM pg_prepared_statements")); };
    for (int i = 0; i < 8; ++i)  // from the sixth time on the server may keep the plan
        CHECK(need(ask_list()).empty());
    CHECK(prepared() == "1");
    CHECK(need(load_coverage(pool, std::nullopt, StreamKind::main, day)).covered.empty());
    CHECK(prepared() == "4");

    CHECK(database.query("SELECT make_partitions('2031-01-01', '2031-01-02')") != "0");
    CHECK(need(ask_list()).empty());
    CHECK_FALSE(ask(pool, "SELECT pg_terminate_backend(pg_backend_pid())"));
    CHECK(need(ask_list()).empty());
    CHECK(prepared() == "1");
}

TEST_CASE("a server that was restarted while the pool lay idle is not noticed", "[pg][catalogue]") {
    const test::Database database;
    Pool pool{database.conninfo("sluice_super"), 2};
    REQUIRE(ask(pool, "SELECT 1"));
    test::Postgres::instance().stop();
    const auto away = ask(pool, "SELECT 1");
    REQUIRE_FALSE(away);
    CHECK(away.error().remedy() == Remedy::retry);
    test::Postgres::instance().start();
    CHECK(ask(pool, "SELECT 1").has_value());
    test::Postgres::instance().kill_now();
    test::Postgres::instance().start();
    CHECK(ask(pool, "SELECT 1").has_value());
}

TEST_CASE("what is not known to be committed is its own error, to be tried again", "[pg][catalogue]") {
    bool is_usable = true;
    const Status status = detail::catch_database_errors(
        []() -> Status { throw pqxx::in_doubt_error{"lost while committing"}; }, is_usable
    );
    REQUIRE_FALSE(status);
    CHECK(status.error().remedy() == Remedy::retry);
    CHECK(is_in_doubt(status.error()));
    CHECK_FALSE(is_usable);
}

}  // namespace
}  // namespace sluice::catalogue
