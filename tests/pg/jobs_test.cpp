// Jobs in the database and the kinds that work on footage.
#include "jobs/worker.hpp"
#include "storage/check/scrub.hpp"
#include "storage/segment/copy.hpp"
#include "tests/pg/check_stage.hpp"
#include "tests/support/eventually.hpp"

#include <nlohmann/json.hpp>

namespace sluice::jobs {
namespace {

using namespace std::chrono_literals;
using catalogue::JobKind;
using catalogue::JobState;
using catalogue::Lease;
using test::CheckStage;
namespace fs = std::filesystem;

constexpr std::array kAll{JobKind::check, JobKind::scrub, JobKind::copy_suspect};

struct Queue {
    test::Database database{};
    catalogue::Pool api{database.conninfo("sluice_api"), 1};
    catalogue::Pool worker{database.conninfo("sluice_worker"), 1};

    Uuid file(const std::string& work, JobKind kind = JobKind::check) {
        const Uuid id = make_uuid_v7(RealClock{}.now());
        const auto filed = catalogue::file_job(
            api,
            {.id = id, .kind = kind, .same_work = work, .principal_id = std::nullopt, .principal = "tester"}
        );
        REQUIRE(filed);
        REQUIRE(*filed);
        return id;
    }
    std::optional<catalogue::JobRow> claim(const std::string& owner, std::chrono::milliseconds lease = 30s) {
        auto claimed = catalogue::claim_job(worker, owner, kAll, lease);
        REQUIRE(claimed);
        return *claimed;
    }
    catalogue::JobRow row(const Uuid& id) {
        auto found = catalogue::find_job(api, id);
        REQUIRE(found);
        REQUIRE(*found);
        return **found;
    }
    void let_leases_run_out() const {
        database.execute("UPDATE jobs SET lease_until = now() WHERE state = 'running'");
    }
};

TEST_CASE("a job is taken once, in the order of filing, and ends with its result", "[pg][jobs]") {
    Queue queue;
    const Uuid first = queue.file("a");
    const Uuid second = queue.file("b");
    const auto one = queue.claim("w1");
    const auto two = queue.claim("w2");
    REQUIRE(one);
    REQUIRE(two);
    CHECK(one->id == first);
    CHECK(two->id == second);
    CHECK(one->attempts == 1);
    CHECK(one->principal == "tester");
    CHECK_FALSE(queue.claim("w3"));
    REQUIRE(catalogue::release_job(queue.worker, first, "w1", {.result = R"({"n":1})"}));
    CHECK(queue.row(first).state == JobState::done);
    CHECK(nlohmann::json::parse(queue.row(first).result)["n"] == 1);
    CHECK(queue.row(first).finished);
    CHECK(queue.row(second).state == JobState::running);
    CHECK(queue.row(second).lease_owner == "w2");
}

TEST_CASE("the same work is filed once while it waits or runs, and again when it has ended", "[pg][jobs]") {
    Queue queue;
    const Uuid first = queue.file("a");
    catalogue::NewJob again{
        .id = make_uuid_v7(RealClock{}.now()), .same_work = "a", .principal_id = {}, .principal = "x"
    };
    CHECK_FALSE(catalogue::file_job(queue.api, again).value());
    const auto same = catalogue::find_same_work(queue.api, "a");
    REQUIRE(same);
    REQUIRE(*same);
    CHECK((*same)->id == first);
    REQUIRE(queue.claim("w"));
    CHECK_FALSE(catalogue::file_job(queue.api, again).value());
    REQUIRE(catalogue::release_job(queue.worker, first, "w", {.state = JobState::failed, .error = "no"}));
    again.waits_after_failure = true;
    CHECK_FALSE(catalogue::file_job(queue.worker, again).value());
    again.waits_after_failure = false;
    CHECK(catalogue::file_job(queue.api, again).value());
}

TEST_CASE(
    "a lease that runs out is another worker's, and the first one's words count no more",
    "[pg][jobs]"
) {
    Queue queue;
    const Uuid id = queue.file("a");
    REQUIRE(queue.claim("w1"));
    CHECK(catalogue::renew_lease(queue.worker, id, "w1", 30s, {7, 9, "here"}).value() == Lease::held);
    CHECK(queue.row(id).done_bytes == 7);
    CHECK(queue.row(id).note == "here");
    CHECK_FALSE(queue.claim("w2"));
    queue.let_leases_run_out();
    const auto taken = queue.claim("w2");
    REQUIRE(taken);
    CHECK(taken->id == id);
    CHECK(taken->attempts == 2);
    CHECK(catalogue::renew_lease(queue.worker, id, "w1", 30s, {}).value() == Lease::lost);
    CHECK_FALSE(catalogue::release_job(queue.worker, id, "w1", {}).value());
    CHECK(queue.row(id).state == JobState::running);
    CHECK(catalogue::release_job(queue.worker, id, "w2", {}).value());
    CHECK(queue.row(id).state == JobState::done);
}

TEST_CASE(
    "a failure waits before it is tried again; handing back does neither wait nor count",
    "[pg][jobs]"
) {
    Queue queue;
    const Uuid id = queue.file("a");
    REQUIRE(queue.claim("w"));
    REQUIRE(catalogue::release_job(
        queue.worker, id, "w", {.state = JobState::queued, .retry_after = 1h, .error = "later"}
    ));
    CHECK_FALSE(queue.claim("w"));
    CHECK(queue.row(id).error == "later");
    queue.database.execute("UPDATE jobs SET not_before = now()");
    CHECK(queue.claim("w")->attempts == 2);
    REQUIRE(
        catalogue::release_job(queue.worker, id, "w", {.state = JobState::queued, .counts_attempt = false})
    );
    CHECK(queue.claim("w")->attempts == 2);
}

TEST_CASE("cancel ends what waits at once and asks what runs", "[pg][jobs]") {
    Queue queue;
    const Uuid waiting = queue.file("a");
    CHECK(catalogue::cancel_job(queue.api, waiting).value());
    CHECK(queue.row(waiting).state == JobState::cancelled);
    CHECK_FALSE(catalogue::cancel_job(queue.api, waiting).value());
    CHECK_FALSE(catalogue::cancel_job(queue.api, make_uuid_v7(RealClock{}.now())).value());
    CHECK_FALSE(queue.claim("w"));
    const Uuid running = queue.file("b");
    REQUIRE(queue.claim("w"));
    CHECK(catalogue::cancel_job(queue.api, running).value());
    CHECK(queue.row(running).state == JobState::running);
    CHECK(catalogue::renew_lease(queue.worker, running, "w", 30s, {}).value() == Lease::held_cancel_asked);
}

TEST_CASE("jobs are listed newest first, a page at a time", "[pg][jobs]") {
    Queue queue;
    std::vector<Uuid> filed;
    for (const char* work : {"a", "b", "c"})
        filed.push_back(queue.file(work));
    const auto page = catalogue::load_jobs(queue.api, std::nullopt, 2);
    REQUIRE(page);
    REQUIRE(page->size() == 2);
    CHECK(page->front().id == filed[2]);
    const auto rest =
        catalogue::load_jobs(queue.api, catalogue::JobCursor{page->back().created, page->back().id}, 2);
    REQUIRE(rest);
    REQUIRE(rest->size() == 1);
    CHECK(rest->front().id == filed[0]);
}

/// The stage's footage and a worker over it in this process.
struct Workshop : CheckStage {
    Workshop() { config.storage.volumes = {root()}; }
    [[nodiscard]] std::unique_ptr<Worker> start(bool is_once) {
        auto made = std::make_unique<Worker>(
            WorkerSettings{
                .conninfo = database.conninfo("sluice_worker"),
                .config = config,
                .owner = make_owner(clock.now()),
                .lease = 2s,
                .is_once = is_once
            },
            files,
            clock
        );
        made->start();
        return made;
    }
    /// All there is to do now.
    void work_once() {
        const auto once = start(true);
        REQUIRE(test::eventually(20s, [&] { return once->is_done(); }));
        REQUIRE(once->stop(1s));
    }
    catalogue::JobRow job(const std::string& kind) {
        const auto id = uuid_from_string(
            database.query("SELECT id FROM jobs WHERE kind = '" + kind + "' ORDER BY created_at DESC LIMIT 1")
        );
        REQUIRE(id);
        return **catalogue::find_job(worker, *id);
    }
    config::Config config;
};

TEST_CASE(
    "a worker scrubs what is due, marks the rot and keeps its place; nothing is due again",
    "[pg][jobs][scrub]"
) {
    Workshop shop;
    shop.flip(1, shop.finished[1].index.fragments[1].data_offset + 9);
    shop.work_once();
    const auto scrubbed = shop.job("scrub");
    CHECK(scrubbed.state == JobState::done);
    const auto result = nlohmann::json::parse(scrubbed.result);
    CHECK(result["volumes"][0]["segments"] == 4);
    CHECK(result["volumes"][0]["findings"] == 1);
    CHECK(shop.is_marked(1));
    CHECK_FALSE(shop.is_marked(0));
    shop.work_once();
    CHECK(shop.database.query("SELECT count(*) FROM jobs") == "1");
    shop.database.execute(
        "UPDATE scrub_cycles SET began_at = began_at - interval '7 days', ended_at = ended_at - interval '7 "
        "days'"
    );
    shop.work_once();
    CHECK(shop.database.query("SELECT count(*) FROM jobs") == "2");
    CHECK(shop.database.query("SELECT segments FROM scrub_cycles") == "4");
    CHECK(shop.database.query("SELECT (last_ended_at IS NOT NULL)::text FROM scrub_cycles") == "true");
}

TEST_CASE(
    "a volume that the recorder has not named yet is no failure: its scrub waits",
    "[pg][jobs][scrub]"
) {
    Workshop shop;
    const test::Database empty;
    catalogue::Pool pool{empty.conninfo("sluice_worker"), 1};
    const Tools tools{pool, shop.config, shop.files, shop.clock};
    const auto early = file_own_jobs(tools);
    REQUIRE(early);
    CHECK(early->jobs == 0);
    CHECK(early->has_uncatalogued);
    catalogue::Pool recorder{empty.conninfo("sluice_recorder"), 1};
    REQUIRE(catalogue::save_inventory(recorder, shop.inventory, shop.clock.now()));
    const auto later = file_own_jobs(tools);
    REQUIRE(later);
    CHECK(later->jobs == 1);
    CHECK_FALSE(later->has_uncatalogued);
}

TEST_CASE("a scrub that is stopped goes on where it was, and reads nothing twice", "[pg][scrub]") {
    CheckStage stage;
    std::uint64_t read = 0;
    unsigned stops = 0;
    for (;;) {
        test::Notes notes;
        // Enough for one segment at first; later for the empty hours behind the last one as well.
        notes.calls_left = 3 + 10 * std::uint64_t{stops};
        const auto done = check::scrub(stage.worker, stage.volume(), stage.clock, notes);
        read += notes.bytes;
        if (done) {
            CHECK(done->segments == 4);
            CHECK(done->ended);
            break;
        }
        REQUIRE(done.error().remedy() == Remedy::cancelled);
        REQUIRE(++stops < 20);
    }
    CHECK(stops >= 1);
    std::uint64_t all = 0;
    for (const auto& segment : stage.finished)
        all += segment.index.end_bytes;
    CHECK(read <= 2 * all);  // the segment under way at each stop is read again
}

TEST_CASE("a scrub marks a file that is gone, and goes on", "[pg][scrub]") {
    CheckStage stage;
    fs::remove(stage.path(1));
    test::Notes notes;
    const auto done = check::scrub(stage.worker, stage.volume(), stage.clock, notes);
    REQUIRE(done);
    CHECK(done->segments == 4);
    CHECK(done->damaged == 1);
    CHECK(notes.kinds() == "row_without_file");
    CHECK(stage.is_marked(1));
    CHECK_FALSE(stage.is_marked(2));
}

TEST_CASE(
    "the readable part of a suspect file is copied beside it, and the original stays (I4)",
    "[pg][jobs][I4]"
) {
    Workshop shop;
    const auto& last = shop.finished[3];
    const fs::path suspect = last.path.string() + ".suspect";
    fs::rename(shop.path(3), shop.root() / suspect);
    shop.database.execute(
        "ALTER TABLE segments DISABLE TRIGGER USER; UPDATE segments SET state = 'suspect', path = path || "
        "'.suspect' "
        "WHERE sequence = 3; ALTER TABLE segments ENABLE TRIGGER USER"
    );
    // What a failed sync leaves: a hole in the third fragment.
    {
        std::fstream file{shop.root() / suspect, std::ios::in | std::ios::out | std::ios::binary};
        file.seekp(static_cast<std::streamoff>(last.index.fragments[2].data_offset));
        const std::string zeros(64, '\0');
        file.write(zeros.data(), 64);
    }
    const std::string before = test::footage::file_content(shop.root() / suspect);
    shop.work_once();
    const auto copied = shop.job("copy_suspect");
    CHECK(copied.state == JobState::done);
    const auto copy = catalogue::find_copy(shop.worker, last.info.segment_id);
    REQUIRE(copy);
    REQUIRE(*copy);
    CHECK((*copy)->path == segment::copy_path(suspect));
    CHECK((*copy)->bytes == last.index.fragments[2].offset);
    const std::string content = test::footage::file_content(shop.root() / (*copy)->path);
    CHECK(content == before.substr(0, last.index.fragments[2].offset));
    CHECK(sha256(as_bytes(content)) == (*copy)->sha256);
    CHECK(test::footage::file_content(shop.root() / suspect) == before);
    CHECK(shop.database.query("SELECT state FROM segments WHERE sequence = 3") == "suspect");
    shop.work_once();
    CHECK(shop.database.query("SELECT count(*) FROM jobs WHERE kind = 'copy_suspect'") == "1");
    CHECK(shop.found(check::Depth::hashes).empty());
}

TEST_CASE("a suspect file without one whole fragment is settled with the reason", "[pg][jobs][I4]") {
    Workshop shop;
    const fs::path suspect = shop.finished[3].path.string() + ".suspect";
    fs::rename(shop.path(3), shop.root() / suspect);
    fs::resize_file(shop.root() / suspect, 100);
    shop.database.execute(
        "ALTER TABLE segments DISABLE TRIGGER USER; UPDATE segments SET state = 'suspect', path = path || "
        "'.suspect' "
        "WHERE sequence = 3; ALTER TABLE segments ENABLE TRIGGER USER"
    );
    shop.work_once();
    CHECK(shop.job("copy_suspect").state == JobState::done);
    const auto copy = catalogue::find_copy(shop.worker, shop.finished[3].info.segment_id);
    REQUIRE(copy);
    REQUIRE(*copy);
    CHECK((*copy)->path.empty());
    CHECK_FALSE((*copy)->problem.empty());
    CHECK(shop.found(check::Depth::names) == "left_over_suspect");
}

TEST_CASE("a check as a job gives the report of the command; bad arguments fail it for good", "[pg][jobs]") {
    Workshop shop;
    shop.flip(0, shop.finished[0].index.fragments[0].offset + 1);
    const auto file = [&](const std::string& arguments) {
        REQUIRE(catalogue::file_job(
                    shop.worker,
                    {.id = make_uuid_v7(shop.clock.now()),
                     .kind = JobKind::check,
                     .arguments = arguments,
                     .same_work = arguments,
                     .principal_id = std::nullopt,
                     .principal = "tester"}
        )
                    .value());
        shop.work_once();
        return shop.job("check");
    };
    const auto done = file(R"({"depth":"hashes","camera":"drive-left"})");
    CHECK(done.state == JobState::done);
    const auto report = nlohmann::json::parse(done.result);
    CHECK(report["counts"] == nlohmann::json{{"unreadable_box", 1}});
    for (const char* wrong :
         {R"({"depth":"soul"})", R"({"from":"yesterday"})", R"({"camera":7})", R"({"unknown":"x"})"}) {
        CAPTURE(wrong);
        const auto failed = file(wrong);
        CHECK(failed.state == JobState::failed);
        CHECK(failed.error.find("makes no sense") != std::string::npos);
        CHECK(failed.attempts == 1);
    }
}

TEST_CASE("a worker that stops hands its job back at once, and a cancelled job ends", "[pg][jobs]") {
    Workshop shop;
    // So slow that it can't end by itself.
    REQUIRE(catalogue::file_job(
                shop.worker,
                {.id = make_uuid_v7(shop.clock.now()),
                 .kind = JobKind::check,
                 .arguments = R"({"depth":"hashes","pace_bytes_per_second":10})",
                 .same_work = "slow",
                 .principal_id = std::nullopt,
                 .principal = "tester"}
    )
                .value());
    auto worker = shop.start(false);
    REQUIRE(test::eventually(10s, [&] { return shop.job("check").done_bytes > 0; }));
    const auto begun = std::chrono::steady_clock::now();
    REQUIRE(worker->stop(5s));
    CHECK(std::chrono::steady_clock::now() - begun < 2s);
    CHECK(shop.job("check").state == JobState::queued);
    CHECK(shop.job("check").attempts == 0);

    worker = shop.start(false);
    REQUIRE(test::eventually(10s, [&] { return shop.job("check").state == JobState::running; }));
    REQUIRE(catalogue::cancel_job(shop.worker, shop.job("check").id).value());
    CHECK(test::eventually(10s, [&] { return shop.job("check").state == JobState::cancelled; }));
    REQUIRE(worker->stop(5s));
}

}  // namespace
}  // namespace sluice::jobs
