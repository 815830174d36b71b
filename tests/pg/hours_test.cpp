#include "jobs/hours.hpp"

#include "storage/catalogue/recorder_repository.hpp"
#include "tests/pg/catalogue_site.hpp"

namespace sluice::jobs {
namespace {

using namespace std::chrono_literals;
using catalogue::kStart;
using catalogue::need;
using catalogue::Site;

TEST_CASE("an hour of recording that is over gets one record that names its segments", "[pg][ledger]") {
    Site site;
    catalogue::Pool worker{site.database.conninfo("sluice_worker"), 1};
    CHECK(need(record_hours(worker, kStart + 24h)) == 0);
    const Uuid run = make_uuid_v7(kStart);
    std::vector<catalogue::FinishedRow> rows;
    for (int minute = 0; minute < 90; ++minute)
        rows.push_back(site.finished(site.main, run, kStart + minute * 1min));
    rows.push_back(site.finished(site.other, make_uuid_v7(kStart), kStart + 5min));
    site.save(rows);

    CHECK(need(record_hours(worker, kStart + 69min)) == 0);  // its last file may still be under way
    CHECK(need(record_hours(worker, kStart + 70min)) == 2);
    CHECK(need(record_hours(worker, kStart + 70min)) == 0);
    CHECK(need(record_hours(worker, kStart + 130min)) == 1);
    CHECK(
        site.database.query("SELECT string_agg((record::jsonb #>> '{facts,camera}') || ' ' || "
                            "jsonb_array_length(record::jsonb #> "
                            "'{facts,segments}'), ', ' ORDER BY at, record::jsonb #>> '{facts,camera}') FROM "
                            "ledger_records WHERE action = 'recording.hour'"
        ) == "drive-left 60, lobby-1 1, drive-left 30"
    );
    CHECK(
        site.database.query("SELECT record::jsonb #>> '{facts,segments,0,sha256}' = encode(s.sha256, 'hex') "
                            "FROM ledger_records r, "
                            "segments s WHERE r.action = 'recording.hour' AND s.id::text = record::jsonb #>> "
                            "'{facts,segments,0,id}' LIMIT 1") == "t"
    );

    // A file that was adopted later makes one more record of its hour.
    site.save(std::vector{site.finished(site.other, make_uuid_v7(kStart), kStart + 7min)});
    CHECK(need(record_hours(worker, kStart + 140min)) == 1);
    CHECK(site.database.query("SELECT count(*) FROM ledger_hours") == "4");
}

}  // namespace
}  // namespace sluice::jobs
