// The database goes in every way a database can go while cameras record: it is not there at the start, is
// stopped, killed, and loses its socket. No frame waits for it, and when it is back it learns everything.
#include "storage/volume/installation.hpp"
#include "storage/volume/journal.hpp"
#include "tests/support/catalogued.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/farm.hpp"
#include "tests/support/fault_table.hpp"
#include "tests/support/judge.hpp"
#include "tests/support/long_run.hpp"
#include "tests/support/site.hpp"

#include <algorithm>
#include <csignal>

#include <catch2/catch.hpp>

using namespace std::chrono_literals;
using namespace sluice;
using namespace sluice::test;

namespace {

/// Others need the cluster too: it is up again however a test ends.
struct ClusterGuard {
    ~ClusterGuard() {
        if (is_hidden) Postgres::instance().show_socket();
        if (!Postgres::instance().is_running()) Postgres::instance().start();
    }
    bool is_hidden = false;
};

std::chrono::seconds absence() {
    return is_long_run() ? 120s : 3s;
}

/// What the journal tells, as the catalogue counts it.
struct Told {
    std::size_t configurations = 0;
    std::size_t gaps = 0;
    std::size_t runs = 0;
    friend bool operator==(const Told&, const Told&) = default;
};

Told told_by_journal(const Site& site) {
    const auto batch = volume::read_journal(site.volume(), {}, 100'000);
    REQUIRE(batch);
    CHECK(batch->unreadable == 0);
    Told told;
    for (const volume::JournalLine& line : batch->lines) {
        told.configurations += std::holds_alternative<volume::ConfigLoaded>(line.fact) ? 1 : 0;
        told.gaps += std::holds_alternative<volume::GapOpened>(line.fact) ? 1 : 0;
        told.runs += std::holds_alternative<volume::RunStarted>(line.fact) ? 1 : 0;
    }
    return told;
}

Told told_by_catalogue(const Site& site) {
    const auto count = [&](const std::string& what) -> std::size_t {
        return std::stoul(site.database().query("SELECT count(*) FROM " + what));
    };
    return {count("recorder_events WHERE kind = 'config_loaded'"), count("gaps"), count("runs")};
}

/// Everything that has an id of the recorder's own making: camera and stream, as the catalogue knows them.
std::string ids_in(const Site& site) {
    return site.database().query(
        "SELECT string_agg(c.slug || ' ' || c.id || ' ' || s.id, ', ' ORDER BY c.slug, s.id) "
        "FROM cameras c JOIN streams s ON s.camera_id = c.id"
    );
}

class DatabaseSite {
public:
    DatabaseSite() : farm{site.folder() / "farm", {{"steady", make_clip({})}, {"breaks", make_clip({})}}} {
        write_config();
    }
    void write_config() const {
        site.write_config(
            {{.slug = "steady", .url = farm.url("steady")}, {.slug = "breaks", .url = farm.url("breaks")}}
        );
    }
    /// Both cameras record so many pictures more.
    [[nodiscard]] bool records(std::uint64_t pictures) const {
        const std::uint64_t first = site.frames("steady") + pictures;
        const std::uint64_t second = site.frames("breaks") + pictures;
        return eventually(60s, [&] {
            return site.frames("steady") >= first && site.frames("breaks") >= second;
        });
    }
    /// A camera's trouble while nobody can be told; then so much time with footage.
    void live_without_database(std::chrono::seconds time) {
        REQUIRE(eventually(60s, [&] { return site.status() && !site.status()->database_connected; }));
        farm.command("close breaks");
        const auto end = std::chrono::steady_clock::now() + time;
        do {
            REQUIRE(records(25));
        } while (std::chrono::steady_clock::now() < end);
        CHECK_FALSE(site.status()->database_connected);
        ++breaks;
    }
    void check_it_learns() const {
        CHECK(site.await_catalogue(60s));
        CHECK(eventually(20s, [&] { return told_by_catalogue(site) == told_by_journal(site); }, 100ms));
    }

    // Commits survive a kill of the server, as in the embedded cluster (cli/database/cluster.cpp).
    Site site{[] {
        SiteOptions options;
        options.database_options = "options='-c synchronous_commit=on'";
        return options;
    }()};
    Farm farm;
    std::size_t breaks = 0;  ///< how often the camera was cut off
};

}  // namespace

TEST_CASE(
    "Whatever happens to the database, no frame is lost and it learns all of it later (I13, I19)",
    "[database][recorder][rtsp][fault]"
) {
    ClusterGuard guard;
    Postgres& cluster = Postgres::instance();
    DatabaseSite place;
    Site& site = place.site;

    // Not there when the recorder starts.
    cluster.stop();
    site.start_recorder();
    REQUIRE(place.records(50));
    place.live_without_database(2s);
    const auto ids = volume::load_installation(site.data());
    REQUIRE((ids && *ids));
    cluster.start();
    place.check_it_learns();
    const std::string known = ids_in(site);
    for (const auto& [slug, id] : (*ids)->cameras)
        CHECK(known.find(slug + " " + to_string(id)) != std::string::npos);

    // Stopped in an orderly way.
    auto before = load_catalogued(site.database());
    cluster.stop();
    place.live_without_database(absence());
    cluster.start();
    place.check_it_learns();
    CHECK(first_of(check_catalogued(before, site.database(), site.volume())) == "");

    // Killed, as by the kernel when memory is short.
    before = load_catalogued(site.database());
    cluster.kill_now();
    place.live_without_database(absence());
    cluster.start();
    place.check_it_learns();
    CHECK(first_of(check_catalogued(before, site.database(), site.volume())) == "");

    // Its socket is gone and so are the connections; a configuration is read meanwhile.
    before = load_catalogued(site.database());
    cluster.hide_socket();
    guard.is_hidden = true;
    place.write_config();
    site.recorder().send_signal(SIGHUP);
    place.live_without_database(absence());
    cluster.show_socket();
    guard.is_hidden = false;
    place.check_it_learns();
    CHECK(first_of(check_catalogued(before, site.database(), site.volume())) == "");
    CHECK(ids_in(site) == known);

    const std::int64_t stopped_us = to_epoch_us(RealClock{}.now());
    CHECK(site.stop_recorder(5s) < 2s);
    WorstLoss worst;
    for (const std::string name : {"steady", "breaks"}) {
        INFO(name);
        const Footage footage = load_footage(site.volume(), name);
        const auto ends = load_events(place.farm.log(name), "session_ended");
        const Allowance
            allowance{.until_us = stopped_us - 500'000, .may_miss = [&](const SentPicture& picture) {
                          return std::ranges::any_of(ends, [&](std::int64_t end) {
                              return picture.sent_us > end - 300'000 && picture.sent_us <= end + 300'000;
                          });
                      }};
        CHECK(first_of(check_structure(footage)) == "");
        const auto sent = load_sent(place.farm.log(name));
        CHECK(first_of(check_complete(footage, sent, allowance)) == "");
        if (name == "steady") worst.add(find_missing(footage, sent, allowance.until_us));
        CHECK(first_of(check_decodable(footage, 3)) == "");
        const UtcTime until = from_epoch_us(stopped_us) - 3s;
        CHECK(first_of(check_no_hole(site.coverage(name), until, 50ms)) == "");
        const auto gaps = site.gap_causes(name);
        const auto broken = std::ranges::count_if(gaps, [](const std::string& gap) {
            return gap.starts_with("camera_unreachable ");
        });
        CHECK(static_cast<std::size_t>(broken) == (name == "breaks" ? place.breaks : 0));
    }
    note_fault({"database absent, stopped, killed, without socket", 4, worst.text(), "nothing"});
}
