#include "storage/retention/coverage_report.hpp"

#include <random>

#include <catch2/catch.hpp>

namespace sluice::retention {
namespace {

using namespace std::chrono_literals;

const UtcTime kFrom = from_rfc3339("2026-11-01T00:00:00Z").value();

TimeRange range(int from, int to) {
    return {kFrom + std::chrono::seconds{from}, kFrom + std::chrono::seconds{to}};
}
catalogue::GapRow gap(int from, std::optional<int> to, GapCause cause) {
    catalogue::GapRow row;
    row.from = kFrom + std::chrono::seconds{from};
    if (to) row.to = kFrom + std::chrono::seconds{*to};
    row.cause = cause;
    return row;
}
const UtcTime kNow = kFrom + 100s;

TEST_CASE(
    "each missing second is under its cause, and what nobody explains stands apart",
    "[retention][coverage]"
) {
    const CoverageAccount account = account_for(
        {.asked = range(0, 100),
         .covered = {range(0, 20), range(15, 40), range(50, 60)},
         .gaps =
             {gap(40, 47, GapCause::camera_unreachable),
              gap(60, 70, GapCause::shutdown),
              gap(70, 75, GapCause::unknown),
              gap(90, std::nullopt, GapCause::disk_full)},
         .destroyed = {}},
        kNow
    );
    CHECK(account.promised == 100s);
    CHECK(account.kept == 50s);
    CHECK(
        account.missing ==
        std::map<GapCause, Microseconds>{
            {GapCause::camera_unreachable, 7s}, {GapCause::shutdown, 10s}, {GapCause::disk_full, 10s}
        }
    );
    CHECK(account.unexplained == 23s);  // 47–50, 70–90
    CHECK(describe_missing(account) == "7 s camera_unreachable, 10 s disk_full, 10 s shutdown");
    CHECK(describe_missing({}).empty());
}

TEST_CASE(
    "a camera that was switched off on purpose is promised nothing for that time",
    "[retention][coverage]"
) {
    const CoverageAccount account = account_for(
        {.asked = range(0, 100),
         .covered = {range(0, 50)},
         .gaps =
             {gap(50, std::nullopt, GapCause::camera_unreachable),
              gap(60, 100, GapCause::disabled_by_operator)},
         .destroyed = {}},
        kNow
    );
    CHECK(account.promised == 60s);
    CHECK(account.switched_off == 40s);
    CHECK(account.kept == 50s);
    CHECK(account.missing == std::map<GapCause, Microseconds>{{GapCause::camera_unreachable, 10s}});
    CHECK(account.unexplained == 0s);
}

TEST_CASE(
    "what a purge destroyed is no gap, and footage outside the asked time counts for nothing",
    "[retention][coverage]"
) {
    const CoverageAccount account = account_for(
        {.asked = range(0, 100),
         .covered = {range(-500, 10), range(90, 500)},
         .gaps = {},
         .destroyed = {range(-100, 80)}},
        kNow
    );
    CHECK(account.kept == 20s);
    CHECK(account.destroyed == 70s);
    CHECK(account.unexplained == 10s);
    CHECK(
        account_for({.asked = range(5, 5), .covered = {}, .gaps = {}, .destroyed = {}}, kNow) ==
        CoverageAccount{}
    );
}

TEST_CASE("whatever happened, the account adds up to what was promised", "[retention][coverage]") {
    std::mt19937 random{7};
    const auto pick = [&random](int low, int high) {
        return std::uniform_int_distribution{low, high}(random);
    };
    for (int i = 0; i < 1000; ++i) {
        CoverageFacts facts{
            .asked = range(pick(0, 30), pick(30, 100)), .covered = {}, .gaps = {}, .destroyed = {}
        };
        for (int n = pick(0, 5); n > 0; --n) {
            const int from = pick(-20, 100);
            facts.covered.push_back(range(from, from + pick(0, 30)));
            facts.destroyed.push_back(range(from - 10, from - pick(0, 10)));
            facts.gaps.push_back(
                gap(from,
                    pick(0, 3) == 0 ? std::nullopt : std::optional{from + pick(0, 40)},
                    static_cast<GapCause>(pick(0, 14)))
            );
        }
        const CoverageAccount account = account_for(facts, kNow);
        Microseconds all = account.kept + account.destroyed + account.unexplained;
        for (const auto& [cause, time] : account.missing)
            all += time;
        CHECK(all == account.promised);
        CHECK(account.promised + account.switched_off == facts.asked.length());
        CHECK(account.unexplained >= 0s);
    }
}

}  // namespace
}  // namespace sluice::retention
