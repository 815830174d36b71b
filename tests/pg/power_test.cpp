#include "jobs/power.hpp"

#include "tests/pg/catalogue_site.hpp"
#include "tests/support/faulty_files.hpp"
#include "tests/support/studio.hpp"

namespace sluice::catalogue {
namespace {

volume::PowerChanged change(PowerState state, UtcTime at) {
    return {
        .ups = "ups-1",
        .state = state,
        .at = at,
        .feeds_recorder = true,
        .feeds_locks = true,
        .charge_percent = 50,
        .detail = "x"
    };
}

TEST_CASE("what UPS say in the journal becomes events and incidents, each once", "[pg][power]") {
    Site site;
    Pool worker{site.database.conninfo("sluice_worker"), 2};
    const config::Config config;
    volume::RealFiles files;
    test::ManualClock clock;
    clock.wall = kStart + 1h;
    const jobs::Tools tools{worker, config, files, clock};
    jobs::PowerKeeper keeper;
    const auto apply = [&](std::vector<volume::JournalLine> lines) {
        need(apply_journal(site.recorder, site.inventory.volumes[0].id, lines, {.file = "a", .offset = 1}));
    };
    using enum PowerState;
    apply(
        {{kStart, change(mains, kStart)},
         {kStart + 1s, change(battery, kStart + 1s)},
         {kStart + 2s, change(unknown, kStart + 2s)},
         {kStart + 3s, change(battery_low, kStart + 3s)},
         {kStart + 4s, change(mains, kStart + 4s)}}
    );
    need(keeper.tick(tools));
    const auto codes = [&] {
        return site.database.query("SELECT string_agg(code, ' ' ORDER BY at) FROM access_events");
    };
    CHECK(codes() == "power.on_battery power.unknown power.battery_low power.restored");
    CHECK(site.database.query("SELECT count(*)::text FROM incidents WHERE kind = 'power'") == "2");
    CHECK(
        site.database.query("SELECT count(*)::text FROM incidents WHERE cause LIKE '%locks%about to open%'"
        ) == "1"
    );
    CHECK(site.database.query("SELECT count(*)::text FROM access_batches WHERE channel = 'recorder'") == "1");
    // The recorder starts again and finds the power as it was: no news; a rebuild from files repeats all
    // lines.
    apply({{kStart + 5s, change(mains, kStart + 5s)}});
    site.database.execute("UPDATE recorder_events SET derived_at = NULL");
    jobs::PowerKeeper again;
    need(again.tick(tools));
    CHECK(codes() == "power.on_battery power.unknown power.battery_low power.restored");
    CHECK(site.database.query("SELECT count(*)::text FROM incidents") == "2");
    CHECK(site.database.query("SELECT count(*)::text FROM recorder_events WHERE derived_at IS NULL") == "0");
}

}  // namespace
}  // namespace sluice::catalogue
