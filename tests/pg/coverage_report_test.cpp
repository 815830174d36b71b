// Promised against kept, from the catalogue: who answers for which time.
#include "storage/retention/coverage_report.hpp"

#include "tests/pg/catalogue_site.hpp"

namespace sluice::retention {
namespace {

using namespace catalogue;

TEST_CASE(
    "a camera that was retired answers for the time in which it was in use",
    "[pg][retention][coverage]"
) {
    Site site;
    const auto retire = [&](UtcTime at) {
        site.database.execute(
            "UPDATE cameras SET retired_at = '" + to_rfc3339(at) + "' WHERE slug = 'drive-left'"
        );
    };
    const auto report_of = [&](const TimeRange& asked) {
        std::map<std::string, TimeRange> asked_of;
        for (const CameraAccount& camera : need(load_coverage_report(site.reader, asked, asked.to)))
            asked_of[camera.camera] = camera.asked;
        return asked_of;
    };
    const TimeRange month{kStart + 24h, kStart + 31 * 24h};
    retire(kStart + 10 * 24h);
    auto report = report_of(month);
    REQUIRE(report.size() == 2);
    CHECK(report["lobby-1"] == month);
    CHECK(report["drive-left"] == TimeRange{month.from, kStart + 10 * 24h});
    retire(month.from);  // at the first moment: in use for none of it
    CHECK(report_of(month).size() == 1);
    retire(month.to + 1h);
    CHECK(report_of(month)["drive-left"] == month);
}

}  // namespace
}  // namespace sluice::retention
