// A UPS of Debian's NUT server, and the recorder that asks it.
#include "config/base/files.hpp"
#include "storage/volume/journal.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/farm.hpp"
#include "tests/support/nut_server.hpp"
#include "tests/support/site.hpp"

#include <catch2/catch.hpp>
#include <fmt/format.h>

using namespace std::chrono_literals;
using namespace sluice;
using namespace sluice::test;

namespace {

void write_ups(const Site& site, const NutServer& nut) {
    REQUIRE(replace_file(site.folder() / "ups.password", std::string{NutServer::kPassword} + "\n", 0600));
    std::filesystem::create_directories(site.folder() / "conf.d");
    const std::string text = fmt::format(
        "[storage]\ndurability_window_on_battery = \"300ms\"\n[[ups]]\nslug = \"ups-1\"\nserver = "
        "\"{}\"\nunit = \"{}\"\nusername = \"{}\"\npassword_file = \"{}\"\npoll = \"1s\"\nfeeds = "
        "[\"recorder\", \"locks\"]\n",
        nut.address(),
        NutServer::kUnit,
        NutServer::kUser,
        (site.folder() / "ups.password").string()
    );
    REQUIRE(replace_file(site.folder() / "conf.d/ups.toml", text, 0644));
}

std::optional<status::UpsStatus> ups_of(const Site& site) {
    const auto status = site.status();
    if (!status || status->ups.size() != 1) return std::nullopt;
    return status->ups.front();
}

bool await_power(const Site& site, PowerState state) {
    return eventually(60s, [&] {
        const auto ups = ups_of(site);
        return ups && ups->state == state;
    });
}

std::string states_in_journal(const Site& site) {
    const auto batch = volume::read_journal(site.volume(), {}, 10'000);
    std::string states;
    for (const volume::JournalLine& line : batch.value().lines)
        if (const auto* change = std::get_if<volume::PowerChanged>(&line.fact))
            states += std::string{to_string(change->state)} + " ";
    return states;
}

}  // namespace

TEST_CASE(
    "On battery the recorder writes through sooner, and says each change of power to journal and catalogue",
    "[recorder][rtsp][ups]"
) {
    NutServer nut;
    Site site{SiteOptions{.durability_window = "2s"}};
    const Farm farm{site.folder() / "farm", {{"cam1", make_clip({})}}};
    site.write_config({{.slug = "cam1", .url = farm.url("cam1")}});
    write_ups(site, nut);
    site.start_recorder();
    REQUIRE(await_power(site, PowerState::mains));
    CHECK(site.status()->durability_window_ms == 2000);
    CHECK(ups_of(site)->charge_percent == 100.0);
    CHECK(ups_of(site)->runtime_s == 14400U);

    nut.say("OB DISCHRG", 60);
    REQUIRE(await_power(site, PowerState::battery));
    REQUIRE(eventually(30s, [&] { return site.status()->durability_window_ms == 300; }));
    nut.say("OB LB", 9);
    REQUIRE(await_power(site, PowerState::battery_low));
    CHECK(site.status()->durability_window_ms == 300);

    // Nobody can be asked: said, and nothing else changes, least of all recording.
    nut.stop_driver();
    REQUIRE(await_power(site, PowerState::unknown));
    CHECK_FALSE(ups_of(site)->problem.empty());
    CHECK(site.status()->durability_window_ms == 300);
    const std::uint64_t frames = site.frames("cam1");
    REQUIRE(eventually(60s, [&] { return site.frames("cam1") > frames + 50; }));

    nut.say("OL CHRG", 30);
    nut.start_driver();
    REQUIRE(await_power(site, PowerState::mains));
    REQUIRE(eventually(30s, [&] { return site.status()->durability_window_ms == 2000; }));
    CHECK(site.await_catalogue(60s));
    CHECK(site.stop_recorder(10s) < 5s);
    CHECK(states_in_journal(site) == "mains battery battery_low unknown mains ");
    CHECK(
        site.database().query(
            "SELECT string_agg(detail->>'state', ' ' ORDER BY at) FROM recorder_events WHERE kind = 'power'"
        ) == "mains battery battery_low unknown mains"
    );
}
