// `sluice work` as a program: killed, stopped, and with the database taken away.
#include "config/base/files.hpp"
#include "storage/catalogue/job_repository.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/farm.hpp"
#include "tests/support/site.hpp"

#include <csignal>

#include <catch2/catch.hpp>

using namespace std::chrono_literals;
using namespace sluice;
using namespace sluice::test;
using catalogue::JobState;
namespace fs = std::filesystem;

namespace {

/// A site with a little footage, and workers over it.
class Workshop {
public:
    Workshop() {
        const Farm farm{site.folder() / "farm", {{"cam1", make_clip({})}}};
        site.write_config({{.slug = "cam1", .url = farm.url("cam1")}});
        site.start_recorder();
        REQUIRE(eventually(30s, [&] { return site.frames("cam1") > 60; }));
        site.stop_recorder(10s);
        const auto text = read_text_file(site.folder() / "sluice.toml", 1U << 20U);
        REQUIRE(text);
        std::string changed = *text;
        const std::string from = "user=sluice_recorder";
        const auto place = changed.find(from);
        REQUIRE(place != std::string::npos);
        changed.replace(place, from.size(), "user=sluice_worker");
        REQUIRE(replace_file(config(), changed, 0644));
    }
    [[nodiscard]] fs::path config() const { return site.folder() / "worker.toml"; }
    [[nodiscard]] Process start() const {
        auto worker = Process::start(
            {SLUICE_BIN_DIR "/sluice", "work", "--lease", "2", "--config", config().string()},
            {.log = site.folder() / "worker.log"}
        );
        REQUIRE(worker);
        return std::move(*worker);
    }
    /// A check that reads so slowly that it never ends by itself.
    Uuid file_slow_check() {
        const Uuid id = make_uuid_v7(RealClock{}.now());
        const auto filed = catalogue::file_job(
            api,
            {.id = id,
             .kind = catalogue::JobKind::check,
             .arguments = R"({"depth":"hashes","pace_bytes_per_second":100})",
             .same_work = "slow",
             .principal_id = std::nullopt,
             .principal = "tester"}
        );
        REQUIRE(filed);
        REQUIRE(*filed);
        return id;
    }
    std::optional<catalogue::JobRow> job(const Uuid& id) {
        const auto found = catalogue::find_job(api, id);
        if (!found || !*found) return std::nullopt;
        return **found;
    }
    [[nodiscard]] bool is_running(const Uuid& id, unsigned attempts) {
        const auto row = job(id);
        return row && row->state == JobState::running && row->attempts == attempts;
    }

    Site site;
    catalogue::Pool api{site.database().conninfo("sluice_api"), 1};
};

}  // namespace

TEST_CASE(
    "a worker killed in the middle of a job loses its lease, and another one takes the job",
    "[worker]"
) {
    Workshop shop;
    const Uuid id = shop.file_slow_check();
    Process first = shop.start();
    REQUIRE(eventually(15s, [&] { return shop.is_running(id, 1); }));
    const std::string owner = shop.job(id)->lease_owner;
    first.kill_now();
    Process second = shop.start();
    REQUIRE(eventually(15s, [&] { return shop.is_running(id, 2); }));
    CHECK(shop.job(id)->lease_owner != owner);

    // Cancelled: it ends at the worker's next word.
    REQUIRE(catalogue::cancel_job(shop.api, id).value());
    CHECK(eventually(10s, [&] { return shop.job(id)->state == JobState::cancelled; }));
    // A second worker on the same data is refused and names the first.
    const auto refused =
        run_to_end({SLUICE_BIN_DIR "/sluice", "work", "--once", "--config", shop.config().string()}, 20s);
    REQUIRE(refused);
    CHECK(refused->status.code == 1);
    CHECK(refused->errors.find("worker.lock") != std::string::npos);

    // SIGTERM hands back what runs, at once and without counting it.
    const Uuid last = shop.file_slow_check();
    REQUIRE(eventually(15s, [&] { return shop.is_running(last, 1); }));
    const auto begun = std::chrono::steady_clock::now();
    CHECK(second.stop(10s) == ExitStatus{});
    CHECK(std::chrono::steady_clock::now() - begun < 3s);
    CHECK(shop.job(last)->state == JobState::queued);
    CHECK(shop.job(last)->attempts == 0);

    // The first pass has scrubbed what there is; with --once nothing is left but the job, which is cancelled.
    REQUIRE(catalogue::cancel_job(shop.api, last).value());
    const auto once =
        run_to_end({SLUICE_BIN_DIR "/sluice", "work", "--once", "--config", shop.config().string()}, 30s);
    REQUIRE(once);
    CHECK(once->status.code == 0);
    CHECK(
        shop.site.database().query("SELECT count(*) FROM jobs WHERE kind = 'scrub' AND state = 'done'") == "1"
    );
}

TEST_CASE("a worker outlives its database and goes on by itself", "[worker]") {
    Workshop shop;
    const Uuid id = shop.file_slow_check();
    Process worker = shop.start();
    REQUIRE(eventually(15s, [&] { return shop.job(id) && shop.job(id)->done_bytes > 0; }));
    Postgres::instance().stop();
    // Long enough for the lease to run out, so that the job has to be taken again.
    CHECK(worker.wait_for_line("job_lease_lost", 15s));
    CHECK(worker.is_running());
    Postgres::instance().start();
    CHECK(eventually(40s, [&] { return shop.is_running(id, 2); }));
    CHECK(worker.stop(10s) == ExitStatus{});
    CHECK(eventually(5s, [&] { return shop.job(id) && shop.job(id)->state == JobState::queued; }));
}

TEST_CASE("a worker started without a database waits for it", "[worker]") {
    Workshop shop;
    Postgres::instance().stop();
    Process worker = shop.start();
    const auto waits = worker.wait_for_line("jobs_unreachable", 15s);
    Postgres::instance().start();
    CHECK(waits);
    CHECK(worker.wait_for_line("jobs_reachable", 40s));
    CHECK(worker.stop(10s) == ExitStatus{});
}
