// Second copies of footage under special holds, article 7(4).
#include "jobs/hold_keeper.hpp"
#include "storage/catalogue/hold_copy_repository.hpp"
#include "storage/retention/second_copy.hpp"
#include "tests/pg/purge_stage.hpp"

namespace sluice::retention {
namespace {

using namespace test;
using catalogue::HoldKind;
namespace fs = std::filesystem;

fs::path made(fs::path folder) {
    fs::create_directories(folder);
    return folder;
}

/// Two volumes below one folder; footage is on the first.
struct CopyStage {
    TempFolder folder;
    PurgeStage stage{kPurgeNow, made(folder.path() / "one")};
    fs::path second = made(folder.path() / "two");
    FaultyFiles files{folder.path()};
    config::Storage storage;
    Site site{
        .pool = stage.worker,
        .files = files,
        .clock = stage.clock,
        .installation_id = stage.site.installation_id,
        .volumes = stage.site.volumes,
        .recorder_status = stage.site.recorder_status,
        .wait_signed = stage.site.wait_signed
    };

    explicit CopyStage(bool has_second = true) {
        storage.reserve_bytes = 0;
        storage.reserve_percent = 0;
        if (!has_second) return;
        volume::RealFiles real;
        const auto identity = take(volume::create_identity(real, second, site.installation_id, kPurgeNow));
        stage.inventory.volumes.push_back({identity.volume_id, site.installation_id, second});
        take(catalogue::save_inventory(stage.recorder, stage.inventory, kPurgeNow));
        site.volumes.push_back({identity.volume_id, site.installation_id, second});
    }

    Uuid hold_specially(TimeRange range) {
        auto row = stage.make_hold(range, 0, HoldKind::special);
        row.custodian = "保管人";
        row.review = kPurgeNow + days{30};
        return stage.take_hold(row);
    }
    SecondCopies tend() {
        return take(tend_second_copies(site, storage, [] { return true; }));
    }
    catalogue::HoldCopies measure(const Uuid& hold) {
        return take(catalogue::measure_copies(stage.api, hold, stage.clock.at));
    }
    /// Files below held/ of the second volume.
    [[nodiscard]] std::vector<fs::path> held() const {
        std::vector<fs::path> found;
        if (!fs::exists(second / "held")) return found;
        for (const auto& entry : fs::recursive_directory_iterator{second / "held"})
            if (!entry.is_directory()) found.push_back(entry.path());
        return found;
    }
};

std::string content(const fs::path& path) {
    std::ifstream file{path};
    return {std::istreambuf_iterator<char>{file}, {}};
}

TEST_CASE(
    "article 7(4): footage under a special hold is copied to another volume and verified, also what comes "
    "later",
    "[pg][hold][article7]"
) {
    CopyStage it;
    const auto first = it.stage.record(days{2}).row;
    it.stage.record(days{2}, 1);  // of a camera that is not held
    const Uuid hold = it.hold_specially({first.range.from, kPurgeNow + days{1}});
    CHECK(it.measure(hold).wanted == 1);
    CHECK(it.tend().verified == 1);
    REQUIRE(it.held().size() == 1);
    CHECK(content(it.held().front()) == to_string(first.id));
    CHECK(it.held().front().string().starts_with((it.second / "held" / to_string(hold)).string()));
    it.stage.record(1h);
    CHECK(it.measure(hold).wanted == 2);
    CHECK(it.tend().verified == 1);
    CHECK(it.tend().verified == 0);
    CHECK(it.measure(hold).verified == 2);
    CHECK(it.measure(hold).problem.empty());
    CHECK(it.stage.count("hold_copies", "volume_id <> source_volume_id AND verified_at IS NOT NULL") == "2");
    CHECK(it.stage.count("incidents") == "0");
    // A second special hold over the same footage has copies of its own.
    const Uuid other = it.hold_specially(first.range);
    CHECK(it.tend().verified == 1);
    it.stage.release(hold);
    CHECK(it.tend().destroyed == 2);
    CHECK(it.measure(other).verified == 1);
    REQUIRE(it.held().size() == 1);
    CHECK(content(it.held().front()) == to_string(first.id));
}

TEST_CASE(
    "a byte that flipped in the source is found, and its copy is not called verified",
    "[pg][hold][fault]"
) {
    CopyStage it;
    const auto row = it.stage.record(days{2}).row;
    const Uuid hold = it.hold_specially(row.range);
    std::string bytes = content(it.stage.root() / row.path);
    bytes[5] = static_cast<char>(bytes[5] ^ 1);
    std::ofstream{it.stage.root() / row.path} << bytes;
    CHECK(it.tend().failed == 1);
    CHECK(it.held().empty());
    const auto copies = it.measure(hold);
    CHECK(copies.verified == 0);
    CHECK(copies.problem.find("is not what was recorded") != std::string::npos);
    CHECK(it.stage.count("incidents", "kind = 'storage'") == "1");
    CHECK(it.tend().failed == 0);  // not each minute
    it.stage.write(row);
    it.stage.clock.at += 61min;
    CHECK(it.tend().verified == 1);
    CHECK(it.measure(hold).problem.empty());
}

TEST_CASE("a copy that comes back otherwise from the disk is not called verified", "[pg][hold][fault]") {
    CopyStage it;
    const Uuid hold = it.hold_specially(it.stage.record(days{2}).row.range);
    it.files.on_call([&](const CallRecord& call) {
        if (call.call != Call::sync_data) return;
        std::fstream part{it.folder.path() / call.path, std::ios::in | std::ios::out | std::ios::binary};
        part.seekp(3);
        part.put('!');
    });
    CHECK(it.tend().failed == 1);
    CHECK(it.held().empty());
    CHECK(it.measure(hold).verified == 0);
}

TEST_CASE(
    "whichever call the copying dies at, the next attempt or the hold's end leaves no other file",
    "[pg][hold][fault]"
) {
    CopyStage it;
    for (const bool is_released_first : {false, true}) {
        std::size_t deaths = 0;
        for (bool has_died = true; has_died;) {
            INFO("call " << deaths + 1 << (is_released_first ? ", then released" : ""));
            const auto row = it.stage.record(days{2} + 2min * deaths).row;
            const Uuid hold = it.hold_specially(row.range);
            const std::size_t before = it.files.records().size();
            it.files.die_at_nth_call(deaths + 1);
            static_cast<void>(tend_second_copies(it.site, it.storage, [] { return true; }));
            has_died = it.files.records().size() - before > deaths;
            it.files.heal();
            it.stage.clock.at += 61min;
            if (!is_released_first) {
                it.tend();
                CHECK(it.measure(hold).verified == 1);
                REQUIRE(it.held().size() == 1);
                CHECK(content(it.held().front()) == to_string(row.id));
            }
            it.stage.release(hold);
            it.tend();
            CHECK(it.held().empty());
            CHECK(it.stage.count("hold_copies", "certificate_id IS NULL") == "0");
            deaths += has_died ? 1 : 0;
        }
        CHECK(deaths > 6);  // folders, .part, write, sync, rename, sync
    }
}

TEST_CASE(
    "a copy renamed by a program that died before it could say so is found and kept",
    "[pg][hold][fault]"
) {
    CopyStage it;
    const Uuid hold = it.hold_specially(it.stage.record(days{2}).row.range);
    it.tend();
    it.stage.database.execute("ALTER TABLE hold_copies DISABLE TRIGGER USER");
    it.stage.database.execute("UPDATE hold_copies SET verified_at = NULL");
    it.stage.database.execute("ALTER TABLE hold_copies ENABLE TRIGGER USER");
    const std::size_t written = it.files.count(Call::write);
    CHECK(it.tend().verified == 1);
    CHECK(it.files.count(Call::write) == written);
    // And if the hold ends before the second attempt, its file goes with it.
    it.stage.database.execute("ALTER TABLE hold_copies DISABLE TRIGGER USER");
    it.stage.database.execute("UPDATE hold_copies SET verified_at = NULL");
    it.stage.database.execute("ALTER TABLE hold_copies ENABLE TRIGGER USER");
    it.stage.release(hold);
    CHECK(it.tend().destroyed == 1);
    CHECK(it.held().empty());
}

TEST_CASE("release destroys the copies, and a certificate in the audit log says so", "[pg][hold][article7]") {
    CopyStage it;
    it.stage.record_many(3, days{2});
    const Uuid hold = it.hold_specially({kPurgeNow - days{3}, kPurgeNow});
    CHECK(it.tend().verified == 3);
    SECTION("not while the catalogue is in doubt") {
        it.stage.database.execute("UPDATE catalogue_state SET is_confirmed = false, rebuild_began_at = now()"
        );
        it.stage.release(hold);
        const auto refused = it.tend();
        REQUIRE(refused.refusals.size() == 1);
        CHECK(refused.refusals.front().code == "CATALOGUE_UNCONFIRMED");
        CHECK(it.held().size() == 3);
        CHECK(it.stage.acts("hold.copies_ending") == "0");
    }
    SECTION("not while the audit log signs nothing") {
        it.site.wait_signed = [](const Uuid&) -> Status {
            return failure(Remedy::retry, "no", "LEDGER_UNAVAILABLE");
        };
        it.stage.release(hold);
        CHECK(it.tend().refusals.front().code == "LEDGER_UNAVAILABLE");
        CHECK(it.held().size() == 3);
    }
    SECTION("whole") {
        it.stage.release(hold);
        const auto done = it.tend();
        CHECK(done.destroyed == 3);
        CHECK(done.certificates == 1);
        CHECK(it.held().empty());
        CHECK_FALSE(fs::exists(it.second / "held" / to_string(hold)));
        const auto copies = it.measure(hold);
        CHECK(copies.destroyed == 3);
        REQUIRE(copies.certificates.size() == 1);
        const auto certificate = take(
            catalogue::find_certificate(it.stage.api, uuid_from_string(copies.certificates.front()).value())
        );
        REQUIRE(certificate);
        CHECK(certificate->body.find(R"("destroyed":{"copies":3,"bytes":108})") != std::string::npos);
        CHECK(certificate->body.find(R"("never_verified":0)") != std::string::npos);
        CHECK(it.stage.acts("hold.copies_ending") == "1");
        CHECK(it.stage.acts("hold.copies_destroyed") == "1");
        CHECK(it.stage.count("segments") == "6");  // the footage itself stays
        CHECK(it.tend().certificates == 0);
    }
    SECTION("whichever call fails first") {
        it.stage.release(hold);
        for (std::size_t call = 1; !it.held().empty() || it.measure(hold).destroyed < 3; ++call) {
            INFO("call " << call);
            REQUIRE(call < 20);
            it.files.die_at_nth_call(call);
            static_cast<void>(tend_second_copies(it.site, it.storage, [] { return true; }));
            it.files.heal();
            it.stage.clock.at += 61min;
        }
        it.tend();
        CHECK(it.stage.count("hold_copies", "certificate_id IS NULL") == "0");
    }
}

TEST_CASE(
    "article 7(5): a copy goes at the ceiling of its footage, and an expired hold's copies go",
    "[pg][hold][article7]"
) {
    CopyStage it;
    const auto old = it.stage.record(days{2}).row;
    auto row = it.stage.make_hold({old.range.from, kPurgeNow}, 0, HoldKind::special);
    row.custodian = "保管人";
    row.review = kPurgeNow + days{30};
    row.expires = destroy_by(old.range.from, 1) + days{1};  // as for a segment that began before the hold
    const Uuid hold = it.stage.take_hold(row);
    CHECK(it.tend().verified == 1);
    it.stage.clock.at = destroy_by(old.range.from, 1) - 1s;
    CHECK(it.tend().destroyed == 0);
    CHECK(it.held().size() == 1);
    it.stage.clock.at = destroy_by(old.range.from, 1);
    CHECK(it.tend().destroyed == 1);
    CHECK(it.held().empty());
    CHECK(it.stage.count("hold_copies", "rule = 'RET_CEILING_1Y'") == "1");
    CHECK(it.tend().verified == 0);  // and is not made again
    CHECK(it.measure(hold).certificates.size() == 1);
}

TEST_CASE("without a second volume a special hold says so, and one incident does", "[pg][hold]") {
    CopyStage it{false};
    const Uuid hold = it.hold_specially(it.stage.record(days{2}).row.range);
    it.tend();
    it.tend();
    const auto copies = it.measure(hold);
    CHECK(copies.wanted == 1);
    CHECK(copies.verified == 0);
    CHECK(copies.problem.find("no second volume") != std::string::npos);
    CHECK(it.stage.count("incidents", "kind = 'storage'") == "1");
}

TEST_CASE(
    "a second copy that proves nothing, or goes too early, is refused by the table",
    "[pg][hold][constraint]"
) {
    CopyStage it;
    const Uuid hold = it.hold_specially(it.stage.record(days{2}).row.range);
    it.tend();
    const auto refuses = [&](const std::string& change, const std::string& what) {
        INFO(change);
        try {
            it.stage.database.execute("UPDATE hold_copies SET " + change);
        } catch (const std::exception& error) {
            return std::string{error.what()}.find(what) != std::string::npos;
        }
        return false;
    };
    CHECK(refuses("volume_id = source_volume_id", "hold_copies_other_volume"));
    CHECK(refuses("path = 'live/x.mp4'", "hold_copies_path_inside"));
    CHECK(refuses("path = 'held/' || hold_id || '/../../live/x.mp4'", "hold_copies_path_inside"));
    CHECK(refuses("to_at = from_at - interval '1 s'", "hold_copies_interval"));
    CHECK(refuses("bytes = 0", "hold_copies_bytes_positive"));
    CHECK(refuses("sha256 = 'x'", "hold_copies_sha256_whole"));
    CHECK(refuses("destroyed_at = now()", "hold_copies_destroyed_whole"));
    CHECK(refuses("destroyed_at = '2100-01-01', rule = 'WHIM'", "hold_copies_rule_known"));
    CHECK(refuses("certificate_id = gen_random_uuid()", "hold_copies_certified_is_destroyed"));
    CHECK(refuses("verified_at = NULL", "is not changed"));
    const std::string now = "'" + to_rfc3339(kPurgeNow) + "'";
    CHECK(refuses("rule = 'HOLD_ENDED', destroyed_at = " + now, "the hold of the copy is in force"));
    CHECK(refuses("rule = 'RET_CEILING_1Y', destroyed_at = " + now, "the footage is not a year old"));
    it.stage.release(hold);
    it.stage.database.execute("UPDATE catalogue_state SET is_confirmed = false, rebuild_began_at = now()");
    CHECK(refuses("rule = 'HOLD_ENDED', destroyed_at = " + now, "the catalogue is unconfirmed"));
}

TEST_CASE("the worker tells of holds that end soon", "[pg][hold][jobs]") {
    CopyStage it;
    auto row = it.stage.make_hold({kPurgeNow - 1h, kPurgeNow}, 0);
    row.expires = kPurgeNow + days{6};
    it.stage.take_hold(row);
    config::Config config;
    config.data = made(it.folder.path() / "data");
    const jobs::Tools tools{it.stage.worker, config, it.files, it.stage.clock};
    jobs::HoldKeeper keeper;
    take(keeper.tick(tools, {}));
    CHECK(it.stage.count("notices", "kind = 'hold_expiry' AND days_ahead = 7") == "1");
    it.stage.clock.at += days{5} + 1h;
    take(keeper.tick(tools, {}));  // within the hour by the machine's clock
    CHECK(it.stage.count("notices") == "1");
    take(jobs::HoldKeeper{}.tick(tools, {}));
    CHECK(it.stage.count("notices", "days_ahead = 1") == "1");
}

}  // namespace
}  // namespace sluice::retention
