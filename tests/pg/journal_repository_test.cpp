#include "tests/pg/catalogue_site.hpp"

#include <cmath>

namespace sluice::catalogue {
namespace {

using volume::ConfigLoaded;
using volume::GapClosed;
using volume::GapOpened;
using volume::Refused;
using volume::RunEnded;
using volume::RunStarted;

TEST_CASE(
    "I13: runs, gaps and events of the journal become rows, and the position moves with them",
    "[pg][catalogue][I13]"
) {
    Site site;
    const Uuid volume = site.inventory.volumes[0].id;
    CHECK((need(load_journal_position(site.recorder, volume)) == volume::JournalPosition{}));
    const Uuid run = make_uuid_v7(kStart);
    const std::vector<volume::JournalLine> lines{
        {kStart, ConfigLoaded{"ab12", "16 cameras added"}},
        {kStart, RunStarted{run, site.main, kStart + 1us, false}},
        {kStart, RunEnded{run, kStart + 90s, GapCause::stream_stalled, 24.98, 1.0001}},
        {kStart, Refused{"volume", "another installation's"}},
        {kStart, volume::Stopped{.all_streams_ended = true}},
        {kStart + 2s, volume::Started{"0.1.0"}},
    };
    const volume::JournalPosition next{.file = "2026-11-23.jsonl", .offset = 5'000'000'000};
    for (int time = 0; time < 2; ++time) {  // twice: the recorder repeats what it is not sure of
        need(apply_journal(site.recorder, volume, lines, next));
        CHECK((need(load_journal_position(site.recorder, volume)) == next));
        const RunRow row = *need(find_run(site.reader, run));
        CHECK(row.stream_id == site.main);
        CHECK(row.from == kStart + 1us);
        CHECK(row.to == kStart + 90s);
        CHECK(row.end_cause == GapCause::stream_stalled);
        CHECK(row.clock_synchronised == false);
        CHECK(row.measured_fps == 24.98);
        CHECK(row.media_rate == 1.0001);
        CHECK_FALSE(row.is_overlapping);
        CHECK(site.database.query("SELECT count(*) FROM recorder_events") == "4");
        // Lives are told once, however often the journal is read.
        CHECK(
            site.database.query("SELECT string_agg(action, ' ' ORDER BY filed_at) FROM ledger_records "
                                "WHERE action LIKE 'program.%'") == "program.stopped program.started"
        );
    }
    CHECK(
        site.database.query("SELECT detail->>'summary' FROM recorder_events WHERE kind = 'config_loaded'") ==
        "16 cameras added"
    );
    CHECK_FALSE(need(find_run(site.reader, make_uuid_v7(kStart))));
}

TEST_CASE(
    "I13: an ending whose beginning stands in another volume's journal makes the whole row, in any order",
    "[pg][catalogue][I13]"
) {
    const Uuid gap = make_uuid_v7(kStart);
    const Uuid run = make_uuid_v7(kStart);
    for (const bool is_late : {false, true}) {
        Site site;
        const GapOpened opened{gap, site.main, kStart, GapCause::disk_full, "full"};
        const RunStarted started{run, site.main, kStart + 60s, true};
        if (!is_late) site.apply({opened, started});
        site.apply(
            {GapClosed{gap, kStart + 60s, opened},
             RunEnded{run, kStart + 90s, GapCause::shutdown, 25, 1, started}}
        );
        if (is_late) site.apply({opened, started});
        CHECK(
            site.database.query("SELECT concat_ws('|', to_us(from_at), to_us(to_at), cause, detail) FROM gaps"
            ) == std::to_string(to_epoch_us(kStart)) + "|" + std::to_string(to_epoch_us(kStart + 60s)) +
                     "|disk_full|full"
        );
        CHECK(need(find_run(site.reader, run))->from == kStart + 60s);
        CHECK(need(find_run(site.reader, run))->to == kStart + 90s);
        CHECK(site.database.query("SELECT count(*) FROM recorder_events") == "0");
    }
}

TEST_CASE("a change of power in the journal becomes an event and a record, once", "[pg][catalogue]") {
    Site site;
    const Uuid volume = site.inventory.volumes[0].id;
    const std::vector<volume::JournalLine> lines{
        {kStart,
         volume::PowerChanged{
             .ups = "ups-1",
             .state = PowerState::battery_low,
             .at = kStart - 1s,
             .feeds_recorder = true,
             .feeds_locks = true,
             .charge_percent = 9.5,
             .detail = std::string{"OB LB \xff\0", 8}
         }}
    };
    for (int time = 0; time < 2; ++time)
        need(apply_journal(site.recorder, volume, lines, {.file = "2026-11-23.jsonl", .offset = 1}));
    CHECK(
        site.database.query(
            "SELECT string_agg(concat_ws('|', detail->>'ups', detail->>'state', detail->>'at', "
            "detail->>'feeds_locks', detail->>'charge_percent'), ' ') FROM recorder_events "
            "WHERE kind = 'power'"
        ) == "ups-1|battery_low|" + to_rfc3339(kStart - 1s) + "|true|10"
    );
    CHECK(
        site.database.query(
            "SELECT string_agg(record::jsonb->'facts'->>'state', ' ') FROM ledger_records WHERE "
            "action = 'power.changed'"
        ) == "battery_low"
    );
}

TEST_CASE("the journal says when a run began that a segment had made", "[pg][catalogue]") {
    Site site;
    const Uuid run = make_uuid_v7(kStart);
    site.save(
        std::vector{site.finished(site.main, run, kStart + 60s), site.finished(site.main, run, kStart + 120s)}
    );
    CHECK(need(find_run(site.reader, run))->from == kStart + 60s);
    CHECK_FALSE(need(find_run(site.reader, run))->clock_synchronised);
    site.apply({RunStarted{run, site.main, kStart, true}});
    CHECK(need(find_run(site.reader, run))->from == kStart);
    site.save(std::vector{site.finished(site.main, run, kStart + 180s)});
    CHECK(need(find_run(site.reader, run))->from == kStart);
    CHECK(need(find_run(site.reader, run))->clock_synchronised == true);
}

TEST_CASE(
    "I14: runs that share time after a step of the clock are flagged, both, and never refused",
    "[pg][catalogue][I14]"
) {
    Site site;
    const Uuid before = make_uuid_v7(kStart);
    const Uuid after = make_uuid_v7(kStart);
    const Uuid apart = make_uuid_v7(kStart);
    const Uuid elsewhere = make_uuid_v7(kStart);
    site.apply(
        {RunStarted{before, site.main, kStart, true},
         RunEnded{before, kStart + 1h, GapCause::clock_step, 25, 1},
         RunStarted{after, site.main, kStart + 30min, true},
         RunEnded{after, kStart + 2h, GapCause::shutdown, 25, 1},
         RunStarted{apart, site.main, kStart + 2h - 100ms, true},
         RunEnded{apart, kStart + 3h, GapCause::shutdown, 25, 1},
         RunStarted{elsewhere, site.other, kStart, true},
         RunEnded{elsewhere, kStart + 1h, GapCause::shutdown, 25, 1}}
    );
    CHECK(need(find_run(site.reader, before))->is_overlapping);
    CHECK(need(find_run(site.reader, after))->is_overlapping);
    CHECK_FALSE(need(find_run(site.reader, apart))->is_overlapping
    );  // 100 ms is an estimate's error, not a step
    CHECK_FALSE(need(find_run(site.reader, elsewhere))->is_overlapping);
}

TEST_CASE("a run that was never ended overlaps only where it has footage", "[pg][catalogue]") {
    Site site;
    const Uuid crashed = make_uuid_v7(kStart);
    const Uuid next = make_uuid_v7(kStart);
    site.apply(
        {RunStarted{crashed, site.main, kStart, true}, RunStarted{next, site.main, kStart + 5min, true}}
    );
    site.save(std::vector{
        site.finished(site.main, next, kStart + 5min), site.finished(site.main, crashed, kStart + 4min)
    });
    CHECK_FALSE(need(find_run(site.reader, crashed))->is_overlapping);
    site.save(std::vector{site.finished(site.main, crashed, kStart + 5min)});
    CHECK(need(find_run(site.reader, crashed))->is_overlapping);
    CHECK(need(find_run(site.reader, next))->is_overlapping);
}

TEST_CASE("lines of a stream that this database does not know are kept and stop nothing", "[pg][catalogue]") {
    Site site;
    const Uuid stranger = make_uuid_v7(kStart);
    const Uuid run = make_uuid_v7(kStart);
    const Uuid gap = make_uuid_v7(kStart);
    const Uuid known = make_uuid_v7(kStart);
    site.apply(
        {RunStarted{run, stranger, kStart, true},
         RunEnded{run, kStart + 1s, GapCause::power, 25, 1},
         GapOpened{gap, stranger, kStart, GapCause::power, ""},
         GapClosed{gap, kStart + 1s},
         RunStarted{known, site.main, kStart, true}}
    );
    CHECK(site.database.query("SELECT count(*) FROM recorder_events WHERE kind = 'unplaced'") == "4");
    CHECK(
        site.database.query(
            "SELECT count(*) FROM recorder_events WHERE detail->>'line' LIKE '%" + to_string(gap) + "%'"
        ) == "2"
    );
    CHECK(need(find_run(site.reader, known)));
}

TEST_CASE("no text and no number of a camera can stop the reading of the journal", "[pg][catalogue]") {
    Site site;
    const Uuid gap = make_uuid_v7(kStart);
    const Uuid run = make_uuid_v7(kStart);
    std::string rude = "\xff\xfe caf\xe9 ";
    rude += '\0';
    rude += " \"quoted\\\" 攝影";
    site.apply(
        {GapOpened{gap, site.main, kStart, GapCause::unknown, rude},
         GapClosed{gap, kStart - 1h},
         Refused{rude, rude},
         RunStarted{run, site.main, kStart, std::nullopt},
         RunEnded{run, kStart - 1h, GapCause::clock_step, std::nan(""), -1}}
    );
    const auto gaps =
        need(load_coverage(site.reader, site.main, StreamKind::main, {kStart - 1s, kStart + 1s})).gaps;
    CHECK(
        site.database.query("SELECT detail FROM gaps") == "\uFFFD\uFFFD caf\uFFFD \uFFFD \"quoted\\\" 攝影"
    );
    CHECK(site.database.query("SELECT (from_at = to_at)::text FROM gaps") == "true");
    CHECK(need(find_run(site.reader, run))->to == kStart);
    CHECK(need(find_run(site.reader, run))->measured_fps == 0);
}

TEST_CASE("a line and the position are one transaction", "[pg][catalogue]") {
    Site site;
    const Uuid run = make_uuid_v7(kStart);
    const std::vector<volume::JournalLine> lines{{kStart, RunStarted{run, site.main, kStart, true}}};
    CHECK_FALSE(apply_journal(site.recorder, make_uuid_v7(kStart), lines, {.file = "x", .offset = 1})
    );  // unknown volume
    CHECK_FALSE(need(find_run(site.reader, run)));
}

}  // namespace
}  // namespace sluice::catalogue
