#include "storage/catalogue/check_repository.hpp"
#include "tests/pg/catalogue_site.hpp"

#include <algorithm>
#include <random>

namespace sluice::catalogue {
namespace {

using volume::GapClosed;
using volume::GapOpened;
using volume::RunEnded;
using volume::RunStarted;

TEST_CASE("times survive the database to the microsecond", "[pg][catalogue]") {
    Site site;
    std::mt19937_64 random{7};  // NOLINT: the same every time
    std::uniform_int_distribution<std::int64_t> any{
        0, to_epoch_us(UtcTime{std::chrono::sys_days{std::chrono::year{9999} / 12 / 31}})
    };
    std::vector<std::int64_t> times{
        0, 1, 999'999, 1'000'000, 253'402'300'799'999'999, to_epoch_us(kStart) + 123'457
    };
    for (int i = 0; i < 2000; ++i)
        times.push_back(any(random));
    std::string list;
    for (const auto us : times)
        list += (list.empty() ? "" : ",") + std::to_string(us);
    CHECK(
        site.database.query(
            "SELECT count(*) FROM unnest('{" + list + "}'::bigint[]) AS us WHERE to_us(from_us(us)) <> us"
        ) == "0"
    );
    CHECK(site.database.query("SELECT from_us(1795428000123457)::text") == "2026-11-23 10:00:00.123457+00");
    // The whole way through a repository.
    for (int i = 0; i < 50; ++i) {
        const UtcTime from = kStart + Microseconds{any(random) % 86'400'000'000};
        const FinishedRow row =
            site.finished(site.sub, make_uuid_v7(from), from, Microseconds{1 + any(random) % 60'000'000});
        site.save(std::vector{row});
        CHECK(
            (need(load_segments(site.reader, site.sub, row.row.range, SegmentCursor{from - 1us, Uuid{}}, 1))
                 .at(0)
                 .range == row.row.range)
        );
    }
}

TEST_CASE("a list pages through every overlapping segment once, in order, open ones too", "[pg][catalogue]") {
    Site site;
    const Uuid run = make_uuid_v7(kStart);
    std::vector<FinishedRow> rows;
    for (int i = 0; i < 25; ++i)
        rows.push_back(site.finished(site.main, run, kStart + i * 60s));
    rows.push_back(site.finished(site.main, make_uuid_v7(kStart), kStart + 60s));  // same start, another run
    site.save(rows);
    site.save(std::vector{site.finished(site.other, make_uuid_v7(kStart), kStart)});
    site.save(std::vector{site.open(site.main, run, kStart + 1500s, 5s)});

    std::vector<SegmentRow> seen;
    std::optional<SegmentCursor> cursor;
    while (true) {
        const auto page = need(load_segments(site.reader, site.main, {kStart, kStart + 24h}, cursor, 4));
        seen.insert(seen.end(), page.begin(), page.end());
        if (page.size() < 4) break;
        cursor = SegmentCursor{page.back().range.from, page.back().id};
    }
    REQUIRE(seen.size() == 27);
    CHECK(std::ranges::is_sorted(seen, {}, [](const SegmentRow& row) {
        return std::pair{row.range.from, row.id};
    }));
    CHECK(seen.back().state == SegmentState::open);

    CHECK(site.segments(site.main, {kStart + 90s, kStart + 91s}).size() == 2);    // in the middle of both
    CHECK(site.segments(site.main, {kStart + 120s, kStart + 121s}).size() == 1);  // half-open at both ends
    CHECK(site.segments(site.main, {kStart - 1s, kStart}).empty());
    CHECK(site.segments(site.main, {kStart + 1504s, kStart + 1505s}).size() == 1);
    CHECK(site.segments(site.main, {kStart + 1505s, kStart + 1506s}).empty());
}

TEST_CASE("a segment that began the day before is found from the other side of midnight", "[pg][catalogue]") {
    Site site;
    const UtcTime midnight = kStart + 14h;
    site.save(std::vector{site.finished(site.main, make_uuid_v7(kStart), midnight - 23h, 23h + 30min)});
    CHECK(site.segments(site.main, {midnight + 29min, midnight + 40min}).size() == 1);
    CHECK(site.segments(site.main, {midnight + 30min, midnight + 40min}).empty());
}

TEST_CASE("consecutive segments of a run are one stretch, up to half a second apart", "[pg][catalogue]") {
    Site site;
    const Uuid run = make_uuid_v7(kStart);
    site.save(std::vector{
        site.finished(site.main, run, kStart, 60s), site.finished(site.main, run, kStart + 60s, 60s)
    });
    CHECK(site.covered(site.main) == "0-120");
    site.save(std::vector{site.finished(site.main, run, kStart + 120s + 500ms, 59s + 500ms)});
    CHECK(site.covered(site.main) == "0-180");
    site.save(std::vector{site.finished(site.main, run, kStart + 180s + 500001us, Microseconds{59'499'999})});
    CHECK(site.covered(site.main) == "0-180 180500001us-240");
    CHECK(site.covered(site.other).empty());
}

TEST_CASE("coverage does not depend on the order in which segments come", "[pg][catalogue]") {
    Site site;
    std::mt19937 random{11};  // NOLINT: the same every time
    for (int round = 0; round < 5; ++round) {
        const Uuid run = make_uuid_v7(kStart);
        std::vector<FinishedRow> rows;
        for (int i = 0; i < 40; ++i)
            if (i % 13 != 7) rows.push_back(site.finished(site.main, run, kStart + i * 60s));
        std::ranges::shuffle(rows, random);
        for (std::size_t at = 0; at < rows.size(); at += 5)
            site.save(std::vector<FinishedRow>(
                rows.begin() + static_cast<long>(at),
                rows.begin() + static_cast<long>(std::min(at + 5, rows.size()))
            ));
        CHECK(site.covered(site.main) == "0-420 480-1200 1260-1980 2040-2400");
        CHECK(
            site.database.query("SELECT count(*) FROM coverage WHERE run_id = '" + to_string(run) + "'") ==
            "4"
        );
        site.database.execute("DELETE FROM segments WHERE run_id = '" + to_string(run) + "'");
        CHECK(site.covered(site.main).empty());
    }
}

TEST_CASE("deleted segments take their time out of the coverage", "[pg][catalogue]") {
    Site site;
    const Uuid run = make_uuid_v7(kStart);
    std::vector<FinishedRow> rows;
    for (int i = 0; i < 5; ++i)
        rows.push_back(site.finished(site.main, run, kStart + i * 60s));
    site.save(rows);
    site.database.execute(
        "DELETE FROM segments WHERE id IN ('" + to_string(rows[0].row.id) + "', '" +
        to_string(rows[2].row.id) + "')"
    );
    CHECK(site.covered(site.main) == "60-120 180-300");
}

TEST_CASE("another run is another stretch, and both are there when they overlap", "[pg][catalogue][I14]") {
    Site site;
    site.save(std::vector{
        site.finished(site.main, make_uuid_v7(kStart), kStart, 60s),
        site.finished(site.main, make_uuid_v7(kStart), kStart + 60s, 60s),
        site.finished(site.main, make_uuid_v7(kStart), kStart + 30s, 60s)
    });
    CHECK(site.covered(site.main) == "0-60 30-90 60-120");
}

TEST_CASE("I17: an open segment counts up to what is durable", "[pg][catalogue][I17]") {
    Site site;
    const Uuid run = make_uuid_v7(kStart);
    site.save(std::vector{site.finished(site.main, run, kStart)});
    OpenSegment open = site.open(site.main, run, kStart + 60s, 0s);
    site.save(std::vector{open});  // made, nothing durable yet
    CHECK(site.covered(site.main) == "0-60");
    open.row.range.to = kStart + 65s;
    site.save(std::vector{open});
    CHECK(site.covered(site.main) == "0-65");
    CHECK(site.covered(site.main, {kStart + 64s, kStart + 70s}) == (std::string{"60-65"}));
    CHECK(site.covered(site.main, {kStart + 65s, kStart + 70s}).empty());
}

TEST_CASE(
    "I15: a closed gap cuts the coverage, an open one only says that footage is missing",
    "[pg][catalogue][I15]"
) {
    Site site;
    const Uuid run = make_uuid_v7(kStart);
    const Uuid gap = make_uuid_v7(kStart);
    const Uuid lost = make_uuid_v7(kStart);
    site.save(std::vector{site.finished(site.main, run, kStart), site.finished(site.main, run, kStart + 60s)}
    );
    site.apply(
        {RunStarted{run, site.main, kStart, true},
         GapOpened{lost, site.main, kStart + 10s, GapCause::packet_loss, "遺失 7 packets"},
         GapClosed{lost, kStart + 12s},
         GapOpened{gap, site.main, kStart + 120s, GapCause::camera_unreachable, "ECONNREFUSED"}}
    );
    CHECK(site.covered(site.main) == "0-10 12-120");
    const auto coverage =
        need(load_coverage(site.reader, site.main, StreamKind::main, {kStart, kStart + 300s}));
    REQUIRE(coverage.gaps.size() == 2);
    CHECK(coverage.gaps[0].id == lost);
    CHECK(coverage.gaps[0].from == kStart + 10s);
    CHECK(coverage.gaps[0].to == kStart + 12s);
    CHECK(coverage.gaps[0].cause == GapCause::packet_loss);
    CHECK(coverage.gaps[0].detail == "遺失 7 packets");
    CHECK(coverage.gaps[1].cause == GapCause::camera_unreachable);
    CHECK_FALSE(coverage.gaps[1].to);

    // A gap between two neighbours that would unite.
    const Uuid small = make_uuid_v7(kStart);
    site.save(std::vector{site.finished(site.main, run, kStart + 120s + 300ms, 60s)});
    CHECK(site.covered(site.main) == "0-10 12-180300000us");  // the camera is back: the open gap cuts nothing
    site.apply(
        {GapClosed{gap, kStart + 120s + 300ms}, GapOpened{small, site.other, kStart, GapCause::unknown, ""}}
    );
    CHECK(site.covered(site.main) == "0-10 12-120 120300000us-180300000us");
    CHECK(need(load_coverage(site.reader, site.main, StreamKind::main, {kStart + 12s, kStart + 120s}))
              .gaps.empty());

    // The gaps alone are the same ones, and not those of another stream.
    const auto gaps = need(load_gaps_of_stream(site.reader, site.main, {kStart + 11s, kStart + 300s}));
    REQUIRE(gaps.size() == 2);
    CHECK(gaps[0].id == lost);
    CHECK(gaps[0].to == kStart + 12s);
    CHECK(gaps[0].detail == "遺失 7 packets");
    CHECK(gaps[1].id == gap);
    CHECK(gaps[1].to == kStart + 120s + 300ms);
    CHECK(need(load_gaps_of_stream(site.reader, site.main, {kStart + 12s, kStart + 120s})).empty());
    const auto open = need(load_gaps_of_stream(site.reader, site.other, {kStart + 11s, kStart + 300s}));
    REQUIRE(open.size() == 1);
    CHECK(open[0].id == small);
    CHECK_FALSE(open[0].to);
}

TEST_CASE("what was copied out of a suspect file is footage and no gap", "[pg][catalogue][I4][I15]") {
    Site site;
    const Uuid run = make_uuid_v7(kStart);
    const Uuid gap = make_uuid_v7(kStart);
    const OpenSegment failed = site.open(site.main, run, kStart, 60s);
    site.save(std::vector{failed});
    REQUIRE(mark_suspect(site.recorder, failed.row.id, failed.row.path.string() + ".suspect"));
    site.apply(
        {RunStarted{run, site.main, kStart, true},
         GapOpened{gap, site.main, kStart, GapCause::volume_missing, "fdatasync: EIO"},
         GapClosed{gap, kStart + 75s}}
    );
    const TimeRange range{kStart, kStart + 300s};
    CHECK(site.covered(site.main, range).empty());
    const auto before = site.database.query("SELECT g::text FROM gaps g");
    Pool worker{site.database.conninfo("sluice_worker"), 1};
    SegmentCopy copy{
        .segment_id = failed.row.id,
        .from = kStart,
        .volume_id = site.inventory.volumes[0].id,
        .path = "copies/x.mp4",
        .bytes = 1000,
        .sha256 = Sha256Digest{},
        .to = kStart + 50s,
        .problem = {}
    };
    REQUIRE(save_copy(worker, copy));
    CHECK(site.covered(site.main, range) == "0-50");
    for (const auto& gaps :
         {need(load_coverage(site.reader, std::nullopt, StreamKind::main, range)).gaps,
          need(load_gaps_of_stream(site.reader, site.main, range))}) {
        REQUIRE(gaps.size() == 1);
        CHECK(gaps[0].id == gap);
        CHECK(gaps[0].from == kStart + 50s);
        CHECK(gaps[0].to == kStart + 75s);
        CHECK(gaps[0].cause == GapCause::volume_missing);
    }
    CHECK(site.covered(site.other, range).empty());
    CHECK(need(load_coverage(site.reader, std::nullopt, StreamKind::sub, range)).covered.empty());
    // What the recorder said stands as it was said.
    CHECK(site.database.query("SELECT g::text FROM gaps g") == before);
}

TEST_CASE("stretches in answers and stretches in the database go by one tolerance", "[pg][catalogue]") {
    const Site site;
    CHECK(
        site.database.query("SELECT extract(epoch FROM coverage_tolerance()) * 1000000") ==
        std::to_string(kCoverageTolerance.count()) + ".000000"
    );
}

TEST_CASE(
    "without a stream the coverage of all streams of the kind comes, by stream and time",
    "[pg][catalogue]"
) {
    Site site;
    site.save(std::vector{
        site.finished(site.main, make_uuid_v7(kStart), kStart),
        site.finished(site.sub, make_uuid_v7(kStart), kStart),
        site.finished(site.other, make_uuid_v7(kStart), kStart + 10s)
    });
    const TimeRange range{kStart, kStart + 300s};
    const auto all = need(load_coverage(site.reader, std::nullopt, StreamKind::main, range)).covered;
    REQUIRE(all.size() == 2);
    CHECK(all[0].stream_id == std::min(site.main, site.other));
    const auto subs = need(load_coverage(site.reader, std::nullopt, StreamKind::sub, range)).covered;
    REQUIRE(subs.size() == 1);
    CHECK(subs[0].stream_id == site.sub);
    CHECK(
        need(load_coverage(site.reader, site.main, StreamKind::main, {range.to, range.from})).covered.empty()
    );
}

TEST_CASE("several indexes come in the order asked, and a missing one is named", "[pg][catalogue]") {
    Site site;
    std::vector<FinishedRow> rows;
    std::vector<std::pair<Uuid, UtcTime>> asked;
    const Uuid run = make_uuid_v7(kStart);
    for (int i = 0; i < 10; ++i) {
        rows.push_back(site.finished(site.main, run, kStart + i * 7h));
        rows.back().index.assign(10'000, static_cast<std::uint8_t>(i));
        asked.insert(asked.begin(), {rows.back().row.id, rows.back().row.range.from});
    }
    site.save(rows);
    const auto indexes = need(get_segment_indexes(site.reader, asked));
    for (std::size_t i = 0; i < 10; ++i)
        CHECK(indexes[i] == rows[9 - i].index);
    asked.emplace_back(make_uuid_v7(kStart), kStart);
    const auto missing = get_segment_indexes(site.reader, asked);
    REQUIRE_FALSE(missing);
    CHECK(missing.error().label() == "no_index");
    CHECK(missing.error().message().find(to_string(asked.back().first)) != std::string::npos);
}

}  // namespace
}  // namespace sluice::catalogue
