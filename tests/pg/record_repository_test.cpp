#include "storage/catalogue/record_repository.hpp"

#include "storage/ledger/record.hpp"
#include "tests/pg/catalogue_site.hpp"

#include <pqxx/pqxx>

namespace sluice::catalogue {
namespace {

ledger::Act act(const std::string& action) {
    return {
        .action = action,
        .actor = ledger::system_actor("sluice-worker"),
        .subject = {.kind = "hold", .id = "h-1"},
        .facts = R"({"reason":"調閱"})",
    };
}

TEST_CASE("a record is there exactly when its act is, and waits for its place", "[pg][ledger]") {
    const test::Database database;
    for (const char* role : {"sluice_recorder", "sluice_worker", "sluice_api"}) {
        CAPTURE(role);
        pqxx::connection connection{database.conninfo(role)};
        {
            pqxx::work undone{connection};
            REQUIRE(append_record(undone, act("hold.placed"), kStart));
        }
        CHECK(database.query("SELECT count(*) FROM ledger_records") == "0");
        pqxx::work done{connection};
        const auto id = append_record(done, act("hold.placed"), kStart);
        REQUIRE(id);
        done.commit();
        CHECK(
            database.query(
                "SELECT count(*) FROM ledger_records WHERE id = '" + to_string(*id) +
                "' AND action = 'hold.placed' AND leaf_index IS NULL AND leaf_data IS NULL AND "
                "octet_length(salt) = 32 AND at = from_us(" +
                std::to_string(to_epoch_us(kStart)) +
                ") AND record::jsonb #>> '{facts,reason}' = '調閱' AND record::jsonb ->> 'id' = id::text"
            ) == "1"
        );
        database.execute("DELETE FROM ledger_records");
    }
}

TEST_CASE("an act that can't be written down inserts nothing", "[pg][ledger]") {
    const test::Database database;
    Pool pool{database.conninfo("sluice_api"), 1};
    const auto refused = append_record(pool, act("placed"), kStart);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().remedy() == Remedy::refuse);
    CHECK(append_record(pool, act("hold.placed"), kStart).has_value());
    CHECK(database.query("SELECT count(*) FROM ledger_records") == "1");
}

}  // namespace
}  // namespace sluice::catalogue
