// Damaged footage: refused, or given as it is and said so.
#include "storage/segment/copy.hpp"
#include "tests/pg/clip_stage.hpp"

#include <array>

namespace sluice::clip {
namespace {

using catalogue::Damage;
using catalogue::DamageKind;
using namespace test;

/// Three segments of two seconds, the second of which is damaged by a test.
struct DamageStage : ClipStage {
    DamageStage() {
        for (int i = 0; i < 3; ++i)
            segments.push_back(run.record(50));
        run.end(GapCause::shutdown);
    }
    [[nodiscard]] std::filesystem::path file() const { return folder.path() / segments[1].path; }
    void flip(std::uint64_t place) const {
        std::fstream bytes{file(), std::ios::in | std::ios::out | std::ios::binary};
        bytes.seekg(static_cast<std::streamoff>(place));
        const char byte = static_cast<char>(bytes.get() ^ 0x01);
        bytes.seekp(static_cast<std::streamoff>(place));
        bytes.put(byte);
    }
    void mark(const Damage& damage) {
        REQUIRE(
            catalogue::mark_damaged(worker, segments[1].info.segment_id, segments[1].range.from, {&damage, 1})
        );
    }
    [[nodiscard]] std::unique_ptr<Clip> taken() {
        Request asked = request(0, 6);
        asked.takes_damaged = true;
        return take_clip(resolve(asked));
    }
    /// With the one damaged segment told, and nothing else.
    void check_told(const Clip& clip, const std::vector<Damage>& damage) const {
        REQUIRE(clip.damaged().size() == 1);
        CHECK(clip.damaged()[0].segment_id == segments[1].info.segment_id);
        CHECK(clip.damaged()[0].range == TimeRange{at_second(2), at_second(4)});
        CHECK(clip.damaged()[0].bytes == damage);
    }

    catalogue::Pool worker{database.conninfo("sluice_worker"), 1};
    StageRun run{*this, plain(), 0};
    std::vector<segment::FinishedSegment> segments;
};

TEST_CASE(
    "damage in pictures, boxes and index is refused, and given as it is to who asks for it",
    "[pg][clip][damage]"
) {
    DamageStage stage;
    const auto sound = stage.clip(0, 6);
    const Bytes before = read_all(*sound);
    CHECK(sound->damaged().empty());
    const mp4::Fragment& fragment = stage.segments[1].index.fragments[1];
    Damage damage;
    SECTION("a picture") {
        damage = {0, stage.segments[1].index.end_bytes, DamageKind::content};
        stage.flip(fragment.data_offset + 200);
    }
    SECTION("the head of a fragment, with the box that a clip looks at") {
        damage = {fragment.data_offset - 1, fragment.data_offset, DamageKind::box};
        stage.flip(fragment.data_offset - 1);
    }
    SECTION("the index of the catalogue") {
        damage = {0, stage.segments[1].index.end_bytes, DamageKind::index};
        stage.database.execute(
            "UPDATE segment_index SET data = '\\x00' WHERE segment_id = '" +
            to_string(stage.segments[1].info.segment_id) + "'"
        );
    }
    stage.mark(damage);
    if (damage.kind != DamageKind::index) {
        const Refusal refusal = stage.refusal(0, 6);
        CHECK(refusal.code == "FOOTAGE_DAMAGED");
        REQUIRE(refusal.intervals.size() == 1);
        CHECK(refusal.intervals[0].range == TimeRange{at_second(2), at_second(4)});
    } else {
        CHECK(stage.refusal(0, 6).code == "FOOTAGE_DAMAGED");
    }
    const auto clip = stage.taken();
    stage.check_told(*clip, {damage});
    CHECK(clip->frames() == 150);
    CHECK(clip->etag() != sound->etag());
    const Bytes after = read_all(*clip);
    REQUIRE(after.size() == before.size());
    std::size_t differing = 0;
    for (std::size_t i = 0; i < before.size(); ++i)
        differing += before[i] != after[i] ? 1 : 0;
    CHECK(differing == (damage.kind == DamageKind::content ? 1 : 0));
    // Beside it nothing is refused and nothing told.
    check_clip(stage, *stage.clip(0, 2), 50);
    check_clip(stage, *stage.clip(4, 6), 50);
}

TEST_CASE("of a file that ends early the whole fragments that are left are given", "[pg][clip][damage]") {
    DamageStage stage;
    const auto& segment = stage.segments[1];
    const std::uint64_t end = segment.index.fragments[1].offset + 20;
    std::filesystem::resize_file(stage.file(), end);
    stage.mark({end, segment.index.end_bytes, DamageKind::lost});
    CHECK(stage.refusal(0, 6).code == "FOOTAGE_DAMAGED");
    const auto clip = stage.taken();
    check_clip(stage, *clip, 100 + segment.index.fragments[1].first_sample);
    REQUIRE(clip->damaged().size() == 1);
    CHECK(clip->damaged()[0].bytes[0].kind == DamageKind::lost);
}

TEST_CASE("a file that is gone is left out and told, and taken again when it is back", "[pg][clip][damage]") {
    DamageStage stage;
    const Damage whole{0, stage.segments[1].index.end_bytes, DamageKind::lost};
    std::filesystem::rename(stage.file(), stage.folder.path() / "elsewhere.mp4");
    stage.mark(whole);
    const Refusal refusal = stage.refusal(0, 6);
    CHECK(refusal.code == "FOOTAGE_DAMAGED");
    REQUIRE(refusal.intervals.size() == 1);
    CHECK(refusal.intervals[0].range == TimeRange{at_second(2), at_second(4)});

    const auto without = stage.taken();
    check_clip(stage, *without, 100);
    stage.check_told(*without, {whole});

    std::filesystem::rename(stage.folder.path() / "elsewhere.mp4", stage.file());
    const auto with = stage.taken();
    check_clip(stage, *with, 150);
    stage.check_told(*with, {whole});
    CHECK(with->etag() != without->etag());
}

TEST_CASE("of an interval whose files are all gone there is no footage", "[pg][clip][damage]") {
    DamageStage stage;
    std::filesystem::remove(stage.file());
    stage.mark({0, stage.segments[1].index.end_bytes, DamageKind::lost});
    Request asked = stage.request(2.5, 3.5);
    asked.takes_damaged = true;
    const auto resolved = stage.resolve(asked);
    REQUIRE(resolved);
    REQUIRE(std::holds_alternative<Refusal>(*resolved));
    CHECK(std::get<Refusal>(*resolved).code == "NO_FOOTAGE");
}

TEST_CASE(
    "a suspect file is given only as its copy, and only to who asks for damage (I4)",
    "[pg][clip][damage][I4]"
) {
    DamageStage stage;
    const auto& segment = stage.segments[1];
    const std::filesystem::path suspect = segment.path.string() + ".suspect";
    std::filesystem::rename(stage.file(), stage.folder.path() / suspect);
    stage.database.execute(
        "ALTER TABLE segments DISABLE TRIGGER USER; UPDATE segments SET state = 'suspect', sha256 = NULL, "
        "path = path || '.suspect' "
        "WHERE sequence = 1; ALTER TABLE segments ENABLE TRIGGER USER"
    );
    Request asked = stage.request(0, 6);
    asked.takes_damaged = true;
    const auto early = stage.resolve(asked);
    REQUIRE(early);
    REQUIRE(std::holds_alternative<Refusal>(*early));
    CHECK(std::get<Refusal>(*early).code == "FOOTAGE_DAMAGED");

    const auto copied = segment::copy_readable(stage.files, stage.folder.path(), suspect);
    REQUIRE(copied);
    REQUIRE(catalogue::save_copy(
        stage.worker,
        {.segment_id = segment.info.segment_id,
         .from = segment.range.from,
         .volume_id = stage.volume,
         .path = copied->path,
         .bytes = copied->index.end_bytes,
         .sha256 = copied->sha256,
         .to = copied->range.to,
         .problem = {}}
    ));
    CHECK(stage.refusal(0, 6).code == "FOOTAGE_DAMAGED");
    const auto clip = stage.taken();
    check_clip(stage, *clip, 150);
    stage.check_told(*clip, {});
}

}  // namespace
}  // namespace sluice::clip
