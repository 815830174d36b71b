#include "tests/pg/catalogue_site.hpp"

#include <algorithm>

namespace sluice::catalogue {
namespace {

void check_same(const SegmentRow& read, const SegmentRow& written) {
    CHECK(read.id == written.id);
    CHECK(read.stream_id == written.stream_id);
    CHECK(read.run_id == written.run_id);
    CHECK(read.volume_id == written.volume_id);
    CHECK(read.sequence == written.sequence);
    CHECK(to_string(read.state) == to_string(written.state));
    CHECK(read.path == written.path);
    CHECK((read.range == written.range));
    CHECK(read.bytes == written.bytes);
    CHECK(read.sha256 == written.sha256);
    CHECK(read.format_id == written.format_id);
    CHECK((read.sums == written.sums));
    CHECK(read.is_damaged == written.is_damaged);
}

TEST_CASE("every field of the inventory comes back as it was saved", "[pg][catalogue]") {
    Site site;
    const auto cameras = need(load_cameras(site.reader, false));
    REQUIRE(cameras.size() == 2);
    const CameraRow& lobby = *std::ranges::find(cameras, "lobby-1", &CameraRow::slug);
    const CameraRow& drive = *std::ranges::find(cameras, "drive-left", &CameraRow::slug);
    CHECK(drive.id == site.inventory.cameras[0].id);
    CHECK(drive.recorder_id == site.inventory.recorders[0].id);
    CHECK(drive.recorder_slug == "xvr-1");
    CHECK(drive.name == "迎賓車道左側");
    CHECK(drive.channel == 1);
    CHECK(drive.tags == site.inventory.cameras[0].tags);
    CHECK(drive.zone == "1F");
    CHECK(drive.owner.empty());
    CHECK(drive.is_enabled);
    CHECK_FALSE(drive.retired);
    CHECK(lobby.channel == 0);

    CHECK(need(find_stream(site.reader, drive.id, StreamKind::sub))->id == site.sub);
    CHECK_FALSE(need(find_stream(site.reader, lobby.id, StreamKind::sub)));
    CHECK(need(load_streams(site.reader)).size() == 3);
    const auto both = need(find_camera_with_streams(site.reader, "drive-left"));
    REQUIRE(both);
    CHECK(both->camera.id == drive.id);
    CHECK(both->camera.tags == drive.tags);
    CHECK_FALSE(both->camera.retired);
    REQUIRE(both->streams.size() == 2);
    CHECK(both->streams[0].kind == StreamKind::main);
    CHECK(both->streams[1].id == site.sub);
    CHECK(need(find_camera_with_streams(site.reader, "lobby-1"))->streams.size() == 1);
    CHECK_FALSE(need(find_camera_with_streams(site.reader, "nowhere")));
    const auto volumes = need(load_volumes(site.reader));
    REQUIRE(volumes.size() == 1);
    CHECK(volumes[0].path == "/var/lib/sluice/volume1");
    CHECK(volumes[0].installation_id == site.inventory.volumes[0].installation_id);
}

TEST_CASE(
    "a camera that left the configuration is retired once and comes back when it is named again",
    "[pg][catalogue]"
) {
    Site site;
    Inventory without = site.inventory;
    without.cameras.pop_back();
    without.streams.pop_back();
    need(save_inventory(site.recorder, without, kStart + 1h));
    need(save_inventory(site.recorder, without, kStart + 2h));  // the first time counts
    CHECK(need(load_cameras(site.reader, false)).size() == 1);
    CHECK(need(load_cameras(site.reader, true)).size() == 2);
    CHECK(need(find_camera(site.reader, "lobby-1"))->retired == kStart + 1h);

    need(save_inventory(site.recorder, site.inventory, kStart + 3h));
    CHECK_FALSE(need(find_camera(site.reader, "lobby-1"))->retired);
}

TEST_CASE("two cameras may exchange their slugs in one save", "[pg][catalogue]") {
    Site site;
    std::swap(site.inventory.cameras[0].slug, site.inventory.cameras[1].slug);
    need(save_inventory(site.recorder, site.inventory, kStart + 1h));
    CHECK(need(find_camera(site.reader, "lobby-1"))->id == site.inventory.cameras[0].id);
}

TEST_CASE(
    "after a lost state.json new ids take over the slugs, and the footage of the old ones stays",
    "[pg][catalogue]"
) {
    Site site;
    const Uuid run = make_uuid_v7(kStart);
    site.save(std::vector{site.finished(site.main, run, kStart)});
    Inventory fresh = site.inventory;
    fresh.cameras = {site.camera("drive-left", "迎賓車道左側", 1)};
    fresh.streams = {{make_uuid_v7(kStart), fresh.cameras[0].id, StreamKind::main}};
    need(save_inventory(site.recorder, fresh, kStart + 1h));
    CHECK(need(find_camera(site.reader, "drive-left"))->id == fresh.cameras[0].id);
    CHECK(site.segments(site.main).size() == 1);
}

TEST_CASE("the cameras of another installation are none of this recorder's business", "[pg][catalogue]") {
    Site site;
    Inventory other;
    const Uuid installation = make_uuid_v7(kStart);
    other.volumes = {{make_uuid_v7(kStart), installation, "/srv/other"}};
    other.recorders = {{make_uuid_v7(kStart), installation, "xvr-1", "x", "dahua"}};
    CameraRow camera = site.camera("drive-left", "second site", 1);
    camera.recorder_id = other.recorders[0].id;
    other.cameras = {camera};
    need(save_inventory(site.recorder, other, kStart + 1h));
    CHECK(need(load_cameras(site.reader, false)).size() == 3);
}

TEST_CASE(
    "an open row is made once, moves forward only, and becomes finished with its index",
    "[pg][catalogue][I2]"
) {
    Site site;
    const Uuid run = make_uuid_v7(kStart);
    OpenSegment open = site.open(site.main, run, kStart, 5s);
    site.save(std::vector{open});
    check_same(site.segments(site.main).at(0), open.row);

    OpenSegment later = open;
    later.row.range.to = kStart + 10s;
    later.row.bytes = 2000;
    site.save(std::vector{later});
    site.save(std::vector{open});  // repeated because it was in doubt
    check_same(site.segments(site.main).at(0), later.row);

    FinishedRow finished = site.finished(site.main, run, kStart);
    finished.row.id = open.row.id;
    site.save(std::vector{finished});
    site.save(std::vector{finished});
    site.save(std::vector{later});  // comes too late: a finished row is final
    const auto rows = site.segments(site.main);
    REQUIRE(rows.size() == 1);
    check_same(rows[0], finished.row);
    CHECK(need(get_segment_index(site.reader, finished.row.id, kStart)) == finished.index);
    const FormatRow format = need(get_format(site.reader, rows[0].format_id));
    CHECK((format.format == finished.format));
    CHECK(format.id == format_id(finished.format));
}

TEST_CASE(
    "a finished row whose start differs from the open row's by a microsecond is the same segment",
    "[pg][catalogue]"
) {
    Site site;
    const Uuid run = make_uuid_v7(kStart);
    const OpenSegment open = site.open(site.main, run, kStart + 1us, 5s);
    site.save(std::vector{open});
    FinishedRow finished = site.finished(site.main, run, kStart);
    finished.row.id = open.row.id;
    site.save(std::vector{finished});
    REQUIRE(site.segments(site.main).size() == 1);
    check_same(site.segments(site.main)[0], finished.row);
    CHECK(need(get_segment_index(site.reader, finished.row.id, kStart)) == finished.index);
    CHECK(site.covered(site.main) == "0-60");
}

TEST_CASE("a segment may move to the day before when it is finished", "[pg][catalogue]") {
    Site site;
    const UtcTime midnight = kStart + 14h;
    const Uuid run = make_uuid_v7(kStart);
    const OpenSegment open = site.open(site.main, run, midnight, 5s);
    site.save(std::vector{open});
    FinishedRow finished = site.finished(site.main, run, midnight - 1us);
    finished.row.id = open.row.id;
    site.save(std::vector{finished});
    REQUIRE(site.segments(site.main).size() == 1);
    check_same(site.segments(site.main)[0], finished.row);
    CHECK(
        need(load_coverage(site.reader, site.main, StreamKind::main, {kStart, kStart + 24h}))
            .covered.size() == 1
    );
}

TEST_CASE("I4: a suspect row stays suspect, whatever is saved later", "[pg][catalogue][I4]") {
    Site site;
    const Uuid run = make_uuid_v7(kStart);
    const OpenSegment open = site.open(site.main, run, kStart, 5s);
    site.save(std::vector{open});
    need(mark_suspect(site.recorder, open.row.id, "live/x.mp4.suspect"));
    FinishedRow finished = site.finished(site.main, run, kStart);
    finished.row.id = open.row.id;
    site.save(std::vector{finished});
    const auto rows = site.segments(site.main);
    REQUIRE(rows.size() == 1);
    CHECK(rows[0].state == SegmentState::suspect);
    CHECK(rows[0].path == "live/x.mp4.suspect");
    CHECK_FALSE(get_segment_index(site.reader, open.row.id, kStart));
    CHECK(site.covered(site.main).empty());
    CHECK(mark_suspect(site.recorder, make_uuid_v7(kStart), "live/y").has_value()
    );  // no row yet: nothing to say
}

TEST_CASE(
    "I13: three thousand segments of three days that waited for the database are saved at once",
    "[pg][catalogue][I13]"
) {
    Site site;
    const Uuid run = make_uuid_v7(kStart);
    std::vector<FinishedRow> backlog;
    for (int i = 0; i < 3000; ++i)
        backlog.push_back(site.finished(site.main, run, kStart + i * 60s));
    std::ranges::reverse(backlog);  // adoption finds files in any order
    std::vector<Uuid> ids;
    for (const auto& segment : backlog)
        ids.push_back(segment.row.id);

    const auto begin = std::chrono::steady_clock::now();
    site.save(backlog);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    CHECK(took.count() < 20);
    CHECK(site.covered(site.main) == "0-180000");
    CHECK(need(find_known_segments(site.recorder, ids)).finished.size() == 3000);
    site.save(backlog);
    CHECK(site.database.query("SELECT count(*) FROM segments") == "3000");
    CHECK(site.database.query("SELECT count(*) FROM segment_index") == "3000");
    CHECK(site.database.query("SELECT count(*) FROM segments_rest") == "0");
}

TEST_CASE(
    "I12: finished rows and tombstones are known, open rows and strangers are not",
    "[pg][catalogue][I12]"
) {
    Site site;
    const Uuid run = make_uuid_v7(kStart);
    const FinishedRow finished = site.finished(site.main, run, kStart);
    const FinishedRow far = site.finished(site.main, run, kStart + 24h * 400);  // in the default partition
    const OpenSegment open = site.open(site.main, run, kStart + 60s, 5s);
    const FinishedRow destroyed = site.finished(site.main, run, kStart + 120s);
    site.save(std::vector{finished, far});
    site.save(std::vector{open});
    site.database.execute(
        "INSERT INTO tombstones (segment_id, stream_id, from_at, to_at, bytes, rule, run, at) VALUES ('" +
        to_string(destroyed.row.id) + "', '" + to_string(site.main) + "', now(), now(), 1, 'age', 'r', now())"
    );
    const Uuid stranger = make_uuid_v7(kStart);
    const std::vector<Uuid> ids{finished.row.id, far.row.id, open.row.id, destroyed.row.id, stranger};
    auto known = need(find_known_segments(site.recorder, ids));
    std::ranges::sort(known.finished);
    CHECK(
        known.finished ==
        std::vector{std::min(finished.row.id, far.row.id), std::max(finished.row.id, far.row.id)}
    );
    CHECK(known.tombstoned == std::vector{destroyed.row.id});
    CHECK(need(find_known_segments(site.recorder, {})).finished.empty());

    site.save(std::vector{destroyed});  // even if somebody saves it
    CHECK(site.segments(site.main).size() == 2);
}

TEST_CASE("a segment of an unknown stream is refused, and its batch changes nothing", "[pg][catalogue]") {
    Site site;
    const Uuid run = make_uuid_v7(kStart);
    const std::vector rows{
        site.finished(site.main, run, kStart),
        site.finished(make_uuid_v7(kStart), make_uuid_v7(kStart), kStart)
    };
    const Status status = save_finished_segments(site.recorder, rows);
    REQUIRE_FALSE(status);
    CHECK(status.error().remedy() == Remedy::refuse);
    CHECK(site.segments(site.main).empty());
}

TEST_CASE("days are made ahead, and rows that came before their day move into it", "[pg][catalogue]") {
    Site site;
    const UtcTime later = kStart + 24h * 60;
    const Uuid run = make_uuid_v7(later);
    const FinishedRow early = site.finished(site.main, run, later);
    site.save(std::vector{early});
    CHECK(site.database.query("SELECT count(*) FROM segments_rest") == "1");
    need(ensure_partitions(site.recorder, later));
    need(ensure_partitions(site.recorder, later));
    CHECK(site.database.query("SELECT count(*) FROM segments_rest") == "0");
    CHECK(site.database.query("SELECT count(*) FROM segments_20270122") == "1");
    CHECK(need(get_segment_index(site.reader, early.row.id, later)) == early.index);
    CHECK(site.segments(site.main, {later, later + 1s}).size() == 1);
    CHECK(site.database.query("SELECT count(*) FROM coverage") == "1");
    CHECK(
        site.database.query("SELECT count(*) FROM pg_inherits WHERE inhparent = 'segments'::regclass") == "31"
    );
}

}  // namespace
}  // namespace sluice::catalogue
