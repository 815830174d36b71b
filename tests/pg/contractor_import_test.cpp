#include "storage/check/check.hpp"
#include "storage/clip/clip.hpp"
#include "storage/contractor/quarantine.hpp"
#include "storage/segment/copy.hpp"
#include "tests/pg/contractor_stage.hpp"
#include "tests/support/media.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include <nlohmann/json.hpp>

namespace sluice::contractor {
namespace {

using namespace test;
using catalogue::ClipState;
namespace fs = std::filesystem;

class Quiet final : public check::Observer {
public:
    bool advance(const check::Progress&, std::uint64_t) override { return true; }
    void found(const check::Finding& finding) override {
        findings.push_back(finding.path + " " + finding.detail);
    }
    std::vector<std::string> findings;
};

std::string content_of(const fs::path& file) {
    return read_text_file(file, 64U << 20U).value();
}

}  // namespace

TEST_CASE("a received clip becomes segments beside the unchanged file", "[pg][contractor]") {
    for (const char* kind : {"mp4", "mkv", "ts", "hevc.mp4"}) {
        INFO(kind);
        ContractorStage stage;
        const auto clip = stage.receive(kind);
        const Imported done = stage.import(clip.id);
        CHECK(done.state == ClipState::imported);
        CHECK(done.is_playable);
        // Matroska counts milliseconds: a second may be 999 of them, and the key picture comes too early.
        CHECK((done.segments == 2 || done.segments == 3));
        const auto read = stage.read(clip.id);
        CHECK(read.state == ClipState::imported);
        CHECK(read.is_held);
        CHECK(read.segments == done.segments);

        const auto rows = stage.segments();
        REQUIRE(rows.size() == done.segments);
        CHECK(rows.front().range.from == clip.range.from);
        CHECK(std::chrono::abs(rows.back().range.to - clip.range.to) < 200ms);
        std::uint64_t frames = 0;
        for (std::size_t i = 0; i < rows.size(); ++i) {
            CHECK(segment::place_of(rows[i].path) == segment::Place::imported);
            if (i > 0) CHECK(rows[i].range.from == rows[i - 1].range.to);
            const Verdict verdict = judge(stage.root() / rows[i].path);  // ffprobe and ffmpeg
            CHECK(verdict.errors.empty());
            CHECK(verdict.has_monotone_dts);
            frames += verdict.frames;
            const auto whole = segment::read_whole(stage.root(), rows[i].path);
            REQUIRE(whole);
            CHECK(whole->sha256 == rows[i].sha256);
        }
        CHECK(frames == kForeignPictures);
        // No picture was encoded anew: they decode to the same.
        std::vector<std::string> pictures;
        for (const auto& row : rows)
            std::ranges::move(picture_hashes(stage.root() / row.path), std::back_inserter(pictures));
        const std::vector<std::string> sent = picture_hashes(foreign_clip(kind));
        CHECK(pictures == sent);

        const std::string original = stage.database.query("SELECT path FROM originals");
        CHECK(content_of(stage.root() / original) == content_of(foreign_clip(kind)));
        CHECK(stage.acts("clip.imported") == "1");
        // Catalogue, index and files agree to the last byte.
        Quiet quiet;
        const auto volumes = take(check::find_volumes(stage.worker, stage.config.storage.volumes));
        take(check::run_check(stage.worker, volumes, {.depth = check::Depth::hashes}, stage.clock, quiet));
        CHECK(quiet.findings.empty());
        // Coverage and clips know nothing of where it came from.
        const auto covered =
            take(catalogue::load_coverage(stage.api, rows[0].stream_id, StreamKind::main, clip.range))
                .covered;
        REQUIRE(covered.size() == 1);
        CHECK(covered[0].range.from == clip.range.from);
        clip::Request request{
            .stream_id = rows[0].stream_id, .from = clip.range.from, .to = rows.back().range.to, .run_id = {}
        };
        const auto resolved =
            take(clip::resolve(stage.api, {{stage.inventory.volumes[0].id, stage.root()}}, request));
        CHECK(std::holds_alternative<std::unique_ptr<clip::Clip>>(resolved));
        // Asked again, it has ended.
        CHECK(stage.import(clip.id).segments == done.segments);
        CHECK(stage.segments().size() == rows.size());
    }
}

TEST_CASE("another codec stays a file that is kept and not played", "[pg][contractor]") {
    ContractorStage stage;
    const auto clip = stage.receive("mjpeg.avi");
    const Imported done = stage.import(clip.id);
    CHECK(done.state == ClipState::imported);
    CHECK_FALSE(done.is_playable);
    CHECK(done.segments == 0);
    CHECK(stage.read(clip.id).reason_code == "CODEC");
    CHECK(stage.segments().empty());
    CHECK(
        content_of(stage.root() / stage.database.query("SELECT path FROM originals")) ==
        content_of(foreign_clip("mjpeg.avi"))
    );
}

TEST_CASE("what is not what was said of it is put aside, listed, and removed by rule", "[pg][contractor]") {
    ContractorStage stage;
    const std::string good = content_of(foreign_clip("mp4"));
    // A byte is another one than was hashed at the contractor's.
    auto altered = stage.make_clip("mp4", 1h, 0us, good);
    REQUIRE(
        take(catalogue::announce_clip(stage.api, altered, 1ULL << 40U)).how == catalogue::Admission::is_new
    );
    std::string bad = good;
    bad.back() = static_cast<char>(bad.back() + 1);
    stage.put(altered, bad);
    CHECK(stage.import(altered.id).reason_code == "HASH_MISMATCH");
    // Ten seconds are said, three have come.
    auto longer = stage.make_clip("mp4", 2h, 0us, good);
    longer.range.to += 7s;
    longer.said.to += 7s;
    REQUIRE(
        take(catalogue::announce_clip(stage.api, longer, 1ULL << 40U)).how == catalogue::Admission::is_new
    );
    stage.put(longer, good);
    CHECK(stage.import(longer.id).reason_code == "TIME_MISMATCH");
    const auto text = stage.receive("mp4", 3h, 0us, std::string(50'000, 'x'));
    CHECK(stage.import(text.id).reason_code == "NOT_MEDIA");

    CHECK(stage.segments().empty());
    CHECK(stage.count("originals") == "0");
    CHECK(stage.acts("clip.refused") == "3");
    CHECK(stage.count("notices", "kind = 'contractor_clip'") == "3");
    const auto refused =
        take(catalogue::load_contractor_clips(stage.api, {.state = ClipState::quarantined}, std::nullopt, 10)
        );
    REQUIRE(refused.size() == 3);
    CHECK(stage.imported_files().size() == 3);
    CHECK(content_of(stage.root() / ("imported/quarantine/" + to_string(altered.id) + ".clip")) == bad);

    // A day before their time nothing goes; then all of it, with a record each.
    stage.clock.at = kPurgeNow + days{29};
    const auto tend = [&stage](std::uint64_t most) {
        return take(tend_quarantine(stage.site, most)).removed;
    };
    const std::uint64_t much = 1ULL << 40U;
    CHECK(tend(much) == 0);
    CHECK(tend(2 * good.size()) == 1);
    stage.clock.at = kPurgeNow + days{30};
    CHECK(tend(much) == 2);
    CHECK(stage.imported_files().empty());
    CHECK(stage.acts("clip.quarantine_ending") == "3");
    CHECK(stage.acts("clip.quarantine_removed") == "3");
    CHECK(stage.count("quarantined_clips", "removed_at IS NULL") == "0");
    CHECK(tend(much) == 0);
}

TEST_CASE("what stands against a purge keeps refused clips too", "[pg][contractor][purge]") {
    ContractorStage stage;
    const auto clip = stage.receive("mp4", 1h, 0us, std::string(50'000, 'x'));
    REQUIRE(stage.import(clip.id).state == ClipState::quarantined);
    const auto check_kept = [&](const char* code) {
        INFO(code);
        const auto report = take(tend_quarantine(stage.site, 1));
        CHECK(report.removed == 0);
        REQUIRE(report.refusals.size() == 1);
        CHECK(report.refusals.front().code == code);
        CHECK(stage.imported_files().size() == 1);
    };
    stage.database.execute("UPDATE catalogue_state SET is_confirmed = false, rebuild_began_at = now()");
    check_kept("CATALOGUE_UNCONFIRMED");
    stage.database.execute("SELECT confirm_catalogue(now())");
    stage.clock.at += 25h;
    stage.clock.synchronised = false;
    check_kept("CLOCK_UNSYNCHRONISED");
    stage.clock.synchronised = true;
    const auto sign = std::exchange(stage.site.wait_signed, [](const Uuid&) -> Status {
        return failure(Remedy::retry, "no checkpoint", "LEDGER_UNAVAILABLE");
    });
    check_kept("LEDGER_UNAVAILABLE");
    stage.site.wait_signed = sign;
    // A file that is gone, and a row that does not say so: what a crash between the two leaves.
    stage.files.fail_nth(Call::sync_directory, 1);
    CHECK_FALSE(tend_quarantine(stage.site, 1));
    CHECK(stage.imported_files().empty());
    CHECK(stage.acts("clip.quarantine_removed") == "0");
    stage.files.heal();
    CHECK(take(tend_quarantine(stage.site, 1)).removed == 1);
    CHECK(stage.acts("clip.quarantine_removed") == "1");
}

TEST_CASE("foreign bytes are read in a process of their own, which may die of them", "[pg][contractor]") {
    ContractorStage stage;
    stage.program = SLUICE_BIN_DIR "/sluice";
    const auto good = stage.receive("mp4");
    CHECK(stage.import(good.id).segments == 3);
    CHECK(stage.import(stage.receive("mjpeg.avi", 2h).id).reason_code == "CODEC");
    CHECK(
        stage.import(stage.receive("mp4", 3h, 0us, std::string(50'000, 'x')).id).reason_code == "NOT_MEDIA"
    );
    const fs::path deadly = stage.data.path() / "deadly";
    std::ofstream{deadly} << "#!/bin/sh\nkill -SEGV $$\n";
    fs::permissions(deadly, fs::perms::owner_all);
    stage.program = deadly;
    const auto bad = stage.receive("mp4", 4h);
    CHECK(stage.import(bad.id).reason_code == "MEDIA_BROKEN");
    CHECK(stage.read(bad.id).state == ClipState::quarantined);
}

TEST_CASE(
    "a worker that dies at any step of an import leaves nothing that counts twice",
    "[pg][contractor]"
) {
    // How many steps there are, and what the files are when nothing happens.
    std::size_t steps = 0;
    {
        ContractorStage stage;
        const auto clip = stage.receive("mp4");
        stage.import(clip.id);
        steps = stage.files.records().size();
    }
    REQUIRE(steps > 20);
    ContractorStage stage;
    std::size_t clips = 0;
    // Every third step until there are no more: each takes an import and a half.
    for (std::size_t step = 1; step <= steps; step += 3) {
        INFO("dies at step " << step << " of " << steps);
        const auto clip = stage.receive("mp4", 1h + std::chrono::minutes{step});
        ++clips;
        const auto before = stage.imported_files();
        stage.files.die_at_nth_call(step);
        const auto died = stage.try_import(clip.id);
        stage.files.heal();
        if (died) {  // fewer steps than the first time: its folders were there
            CHECK(step > steps / 2);
            break;
        }
        CHECK(stage.read(clip.id).state == ClipState::received);
        CHECK(stage.segments().size() == 3 * (clips - 1));
        const Imported done = stage.import(clip.id);
        CHECK(done.segments == 3);
        CHECK(stage.segments().size() == 3 * clips);
        // Three segments, the file and its receipt, and no rest of the first attempt.
        CHECK(stage.imported_files().size() == before.size() + 5);
    }
    CHECK(clips > 8);
    CHECK(stage.count("imported_segments") == std::to_string(3 * clips));
    Quiet quiet;
    const auto volumes = take(check::find_volumes(stage.worker, stage.config.storage.volumes));
    take(check::run_check(stage.worker, volumes, {.depth = check::Depth::hashes}, stage.clock, quiet));
    CHECK(quiet.findings.empty());
}

TEST_CASE("duplicate pushes are one clip", "[pg][contractor]") {
    ContractorStage stage;
    const auto clip = stage.receive("mp4");
    stage.import(clip.id);
    auto again = clip;
    again.id = make_uuid_v7(kPurgeNow);
    CHECK(
        take(catalogue::announce_clip(stage.api, again, 1ULL << 40U)).how == catalogue::Admission::known_id
    );
    again.client_id = "other-name";
    const auto known = take(catalogue::announce_clip(stage.api, again, 1ULL << 40U));
    CHECK(known.how == catalogue::Admission::known_content);
    CHECK(known.client_id == clip.client_id);
    // Another time of the same bytes is another clip; the spool's room is bounded.
    again.range = {again.range.from - 1h, again.range.to - 1h};
    again.said = {again.said.from - 1h, again.said.to - 1h};
    CHECK(
        take(catalogue::announce_clip(stage.api, again, again.bytes)).how == catalogue::Admission::spool_full
    );
    CHECK(
        take(catalogue::announce_clip(stage.api, again, 2 * again.bytes)).how == catalogue::Admission::is_new
    );
}

TEST_CASE(
    "art. 7(3), 7(5): a clip and its segments go together, from its receipt or at its year",
    "[pg][contractor][purge]"
) {
    ContractorStage stage;
    // Recorded 60 days ago, received 29 days ago: under the floor. Received 31 days ago: due.
    const auto young = stage.receive("mp4", days{60}, days{29});
    const auto due = stage.receive("mp4", days{61}, days{31});
    // Received yesterday, and a year old: the ceiling ends the floor.
    const auto old = stage.receive("mjpeg.avi", days{365}, days{1});
    for (const auto& clip : {young, due, old})
        stage.import(clip.id);
    stage.hold({due.range.from - 1h, due.range.from - 30min}, 1);
    const auto report = stage.purge();
    REQUIRE(report.run);
    CHECK(report.run->state == catalogue::PurgeState::certified);
    CHECK(report.run->destroyed_segments == 5);  // three segments, two files
    CHECK(stage.read(young.id).is_held);
    CHECK_FALSE(stage.read(due.id).is_held);
    CHECK_FALSE(stage.read(old.id).is_held);
    CHECK(stage.segments().size() == 3);
    CHECK(stage.imported_files().size() == 5);  // a receipt goes with its file
    const auto certificate = take(catalogue::find_certificate(stage.api, report.run->id));
    REQUIRE(certificate);
    const auto body = nlohmann::json::parse(certificate->body);
    REQUIRE(body["originals"].size() == 2);
    CHECK(body["originals"][0]["sha256"] == to_hex(due.sha256));
    CHECK(
        stage.database.query("SELECT string_agg(DISTINCT rule, ' ' ORDER BY rule) FROM tombstones") ==
        "RET_CEILING_1Y RET_WINDOW"
    );
    CHECK_FALSE(stage.purge().run);
}

TEST_CASE("a hold of one second keeps the whole clip and its file", "[pg][contractor][purge]") {
    ContractorStage stage;
    const auto clip = stage.receive("mp4", days{60}, days{31});
    stage.import(clip.id);
    const Uuid hold = stage.hold({clip.range.from + 2500ms, clip.range.from + 2600ms}, 1);
    CHECK_FALSE(stage.purge().run);
    CHECK(stage.imported_files().size() == 5);
    stage.release(hold);
    CHECK(stage.purge().run->destroyed_segments == 4);
    CHECK(stage.imported_files().empty());
}

TEST_CASE("only the owner's functions change a clip, and only along its life", "[pg][contractor]") {
    ContractorStage stage;
    const auto clip = stage.receive("mp4");
    const std::string id = "'" + to_string(clip.id) + "'";
    // Received: nothing more is taken, nothing is freed.
    CHECK(stage.database.query("SELECT take_clip_part(" + id + ", 0, 1, now())", "sluice_api") == "f");
    static_cast<void>(stage.database.query("SELECT free_clip(" + id + ", now())", "sluice_api"));
    CHECK(stage.count("contractor_clips", "spool_freed_at IS NULL") == "1");
    stage.import(clip.id);
    for (const std::string& again :
         {"SELECT finish_import(" + id +
              ", gen_random_uuid(), gen_random_uuid(), 'imported/x', true, '{}', '', '', now())",
          "SELECT quarantine_clip(" + id + ", gen_random_uuid(), 'imported/x', 'A', 'b', now())",
          std::string{"SELECT import_segments("} + id +
              ", gen_random_uuid(), gen_random_uuid(), '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', "
              "'{}', "
              "'{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}')"}) {
        INFO(again);
        CHECK_THROWS(stage.database.query(again, "sluice_worker"));
    }
    CHECK(take(catalogue::load_clips_to_free(stage.api, 10)) == std::vector<Uuid>{clip.id});
    take(catalogue::free_clip(stage.api, clip.id, kPurgeNow));
    CHECK(take(catalogue::load_clips_to_free(stage.api, 10)).empty());
}

TEST_CASE("an upload that nobody goes on with is given up, with a record", "[pg][contractor]") {
    ContractorStage stage;
    const auto clip = stage.make_clip("mp4", 1h, days{8}, "0123456789");
    REQUIRE(take(catalogue::announce_clip(stage.api, clip, 100)).how == catalogue::Admission::is_new);
    REQUIRE(take(catalogue::save_part(
        stage.api, {.clip_id = clip.id, .began = 0, .upto = 4, .now = clip.announced}, nullptr, nullptr
    )));
    CHECK(stage.read(clip.id).received_bytes == 4);
    CHECK(take(catalogue::abandon_clips(stage.api, kPurgeNow - days{9}, kPurgeNow)) == 0);
    CHECK(take(catalogue::abandon_clips(stage.api, kPurgeNow - days{7}, kPurgeNow)) == 1);
    CHECK(stage.read(clip.id).state == ClipState::abandoned);
    CHECK(stage.acts("clip.abandoned") == "1");
}

}  // namespace sluice::contractor
