// `sluice purge` as a program that is killed, and a disk whose power goes between unlink and tombstone.
#include "config/base/files.hpp"
#include "storage/volume/installation.hpp"
#include "tests/pg/purge_stage.hpp"
#include "tests/support/cut_disk.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/long_run.hpp"
#include "tests/support/process.hpp"

#include <iterator>
#include <set>
#include <sstream>

using namespace std::chrono_literals;
using namespace sluice;
using namespace sluice::test;
namespace fs = std::filesystem;

namespace {

/// A stage in the present, with a configuration for the programs and a worker that signs the audit log.
class Killable {
public:
    Killable() {
        volume::Installation installation;
        installation.installation_id = stage.site.installation_id;
        installation.created = stage.clock.at;
        installation.volumes = {{stage.root().string(), stage.site.volumes[0].id}};
        REQUIRE(volume::save_installation(data(), installation));
        const std::string text = "data = \"" + data().string() + "\"\n[storage]\nvolumes = [\"" +
                                 stage.root().string() + "\"]\n[database]\nurl = \"" +
                                 stage.database.conninfo("sluice_worker") + "\"\n";
        REQUIRE(replace_file(config(), text, 0644));
        fs::create_directories(data() / "locks");
        auto started = Process::start(
            {SLUICE_BIN_DIR "/sluice", "work", "--config", config().string()},
            {.log = folder.path() / "worker.log"}
        );
        REQUIRE(started);
        worker = std::move(*started);
    }
    [[nodiscard]] fs::path data() const { return folder.path() / "data"; }
    [[nodiscard]] fs::path config() const { return folder.path() / "sluice.toml"; }
    [[nodiscard]] std::vector<std::string> command() const {
        return {
            SLUICE_BIN_DIR "/sluice", "purge", "--confirm", "--confirm-clock", "--config", config().string()
        };
    }
    [[nodiscard]] int tombstones() const { return std::stoi(stage.count("tombstones")); }

    PurgeStage stage{RealClock{}.now()};
    TempFolder folder{};
    Process worker;
};

void check_all_destroyed(PurgeStage& stage) {
    CHECK(stage.count("segments") == "0");
    CHECK(stage.count("purge_marks") == "0");
    CHECK(stage.count("purge_runs", "state NOT IN ('certified', 'aborted')") == "0");
    CHECK(
        stage.count(
            "tombstones t", "NOT EXISTS (SELECT FROM purge_certificates c WHERE c.id::text = t.run)"
        ) == "0"
    );
    for (const auto& row : stage.rows)
        if (fs::exists(stage.root() / row.path)) FAIL(row.path.string() + " is still there");
}

std::set<std::string> words_of(const std::string& text) {
    std::istringstream words{text};
    return {std::istream_iterator<std::string>{words}, std::istream_iterator<std::string>{}};
}

/// The real disk, until so many names were taken away: then its power goes.
class CuttingFiles final : public volume::DurableFiles {
public:
    CuttingFiles(CutDisk& disk, int after, unsigned seed) : disk_(disk), left_(after), seed_(seed) {}
    Result<UniqueFd> create(const fs::path& path) override { return real_.create(path); }
    Result<UniqueFd> open_existing(const fs::path& path) override { return real_.open_existing(path); }
    Result<bool> make_directory(const fs::path& path) override { return real_.make_directory(path); }
    Status write(int fd, std::span<const ByteView> pieces) override { return real_.write(fd, pieces); }
    Status sync_data(int fd) override { return real_.sync_data(fd); }
    Status truncate(int fd, std::uint64_t size) override { return real_.truncate(fd, size); }
    Status rename(const fs::path& from, const fs::path& to) override { return real_.rename(from, to); }
    Status sync_directory(const fs::path& directory) override {
        if (is_cut()) return failure(Remedy::stop_volume, "the power is gone");
        return real_.sync_directory(directory);
    }
    Result<bool> remove(const fs::path& path) override {
        if (is_cut()) return failure(Remedy::abandon_file, "the power is gone");
        auto removed = real_.remove(path);
        if (--left_ == 0) INFO(disk_.cut(seed_));
        return removed;
    }
    Result<bool> remove_directory(const fs::path& path) override {
        if (is_cut()) return failure(Remedy::abandon_file, "the power is gone");
        return real_.remove_directory(path);
    }
    [[nodiscard]] bool is_cut() const { return left_ <= 0; }

private:
    CutDisk& disk_;
    int left_;
    unsigned seed_;
    volume::RealFiles real_;
};

}  // namespace

TEST_CASE(
    "`sluice purge` killed at any moment is ended by the next one, and nothing is half destroyed",
    "[purge]"
) {
    Killable site;
    const int rounds = is_long_run() ? 50 : 3;
    bool has_met_middle = false;
    for (int round = 0; round < rounds; ++round) {
        INFO("round " << round);
        site.stage.record_many(600, days{31});
        const int before = site.tombstones();
        auto purge = Process::start(site.command(), {.log = site.folder.path() / "purge.log"});
        REQUIRE(purge);
        // In the middle: some are gone, most are not. How far it got is different in each round.
        REQUIRE(eventually(60s, [&] { return site.tombstones() > before || !purge->is_running(); }));
        purge->kill_now();
        const std::string tombstones =
            site.stage.database.query("SELECT string_agg(segment_id::text, ' ') FROM tombstones");
        const std::set<std::string> destroyed = words_of(tombstones);
        for (const auto& row : site.stage.rows)
            if (destroyed.contains(to_string(row.id)) && fs::exists(site.stage.root() / row.path))
                FAIL(row.path.string() + " has a tombstone and a file");
        has_met_middle |= destroyed.size() < site.stage.rows.size();
    }
    // Three rounds may all have come too late on a slow machine; fifty that did prove nothing.
    CHECK((has_met_middle || rounds < 50));
    const auto done = run_to_end(site.command(), 120s);
    REQUIRE(done);
    INFO(done->errors);
    CHECK(done->status.code == 0);
    check_all_destroyed(site.stage);
    // To confirm the clock is an act of somebody.
    CHECK(site.stage.acts("purge.clock_confirmed") != "0");
    CHECK(
        site.stage.count(
            "ledger_records",
            "action = 'purge.clock_confirmed' AND record::jsonb #>> '{principal,name}' NOT LIKE 'os:_%'"
        ) == "0"
    );
    CHECK(site.tombstones() == static_cast<int>(site.stage.rows.size()));
    CHECK(site.worker.stop(15s) == ExitStatus{});
}

TEST_CASE("`sluice purge` says what stands against it, and cron sees it by the exit code", "[purge]") {
    Killable site;
    const auto row = site.stage.record(days{31}).row;
    // A line a camera and day, whoever asks or not.
    CHECK(eventually(60s, [&] {
        const auto log = read_text_file(site.folder.path() / "worker.log", 1U << 20U);
        return log && log->find(R"("event":"coverage_report","camera":"lobby-1")") != std::string::npos;
    }));
    site.stage.database.execute("UPDATE catalogue_state SET is_confirmed = false, rebuild_began_at = now()");
    auto done = run_to_end(site.command(), 60s);
    REQUIRE(done);
    CHECK(done->status.code == 1);
    CHECK(done->errors.find("CATALOGUE_UNCONFIRMED") != std::string::npos);
    auto dry = site.command();
    dry.emplace_back("--dry-run");
    done = run_to_end(dry, 60s);
    REQUIRE(done);
    CHECK(done->output.find("would destroy RET_WINDOW: 1 segments") != std::string::npos);
    CHECK(site.stage.state_of(row) == "whole");
    site.stage.database.execute(
        "SELECT confirm_catalogue(now()); DELETE FROM schema_migrations WHERE version = (SELECT max(version) "
        "FROM schema_migrations)"
    );
    done = run_to_end(site.command(), 60s);
    REQUIRE(done);
    CHECK(done->status.code == 1);
    CHECK(done->errors.find("DATABASE_NOT_MIGRATED") != std::string::npos);
    CHECK(site.stage.state_of(row) == "whole");
    CHECK(
        run_to_end(
            {SLUICE_BIN_DIR "/sluice", "plan", "--cameras", "16", "--days", "30", "--rate", "2000000"}, 20s
        )
            ->output.find("10.4 TB") != std::string::npos
    );
    // A size of nothing is no answer but a mistake, and it is named.
    for (const auto& [option, value] : {std::pair{"--rate", "0"}, {"--bytes", "0"}, {"--cameras", "0"}}) {
        std::vector<std::string> plan{SLUICE_BIN_DIR "/sluice", "plan", "--days", "30", option, value};
        if (std::string_view{option} != "--cameras")
            plan.insert(plan.end(), {"--cameras", "16"});
        else
            plan.insert(plan.end(), {"--rate", "2M"});
        const auto refused = run_to_end(plan, 20s);
        CHECK(refused->status.code == 2);
        CHECK(refused->errors.find(option) != std::string::npos);
    }
}

TEST_CASE(
    "a power cut between unlink and tombstone: the destruction is finished, never undone",
    "[purge][powercut]"
) {
    CutDisk disk{FileSystem::ext4, std::uint64_t{64} << 20U, 4096};
    fs::create_directory(disk.root() / "volume");
    PurgeStage stage{kPurgeNow, disk.root() / "volume"};
    const unsigned cuts = is_long_run() ? 20 : 3;
    const retention::PurgeRequest request{.consent = {.plan = true, .clock = false}, .principal = "cron"};
    const auto go_on = [](const retention::PurgeProgress&) { return true; };
    for (unsigned seed = 1; seed <= cuts; ++seed) {
        stage.rows.clear();
        stage.record_many(5, days{31});
        ::sync();
        CuttingFiles files{disk, static_cast<int>(seed * 3), seed};
        const auto with = [&stage](volume::DurableFiles& door) {
            const retention::Site& site = stage.site;
            return retention::Site{
                .pool = site.pool,
                .files = door,
                .clock = site.clock,
                .installation_id = site.installation_id,
                .volumes = site.volumes,
                .recorder_status = site.recorder_status,
                .wait_signed = site.wait_signed
            };
        };
        static_cast<void>(retention::run_purge(with(files), request, go_on));
        REQUIRE(files.is_cut());
        disk.come_back();
        for (const auto& row : stage.rows)
            CHECK(
                (stage.state_of(row).find("tombstone") == std::string::npos ||
                 stage.state_of(row) == "destroyed")
            );
        volume::RealFiles real;
        static_cast<void>(take(retention::run_purge(with(real), request, go_on)));
        check_all_destroyed(stage);
    }
}
