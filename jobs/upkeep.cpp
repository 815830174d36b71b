#include "jobs/upkeep.hpp"

#include "config/base/log.hpp"
#include "jobs/lapse.hpp"
#include "storage/retention/coverage_report.hpp"
#include "storage/retention/site.hpp"
#include "storage/retention/space.hpp"
#include "storage/volume/installation.hpp"

#include <algorithm>
#include <iterator>
#include <vector>

namespace sluice::jobs {
namespace {

using namespace std::chrono_literals;

constexpr auto kRoomEvery = 2s;
constexpr auto kForeseeEvery = 10min;
constexpr auto kLapseEvery = 30s;

/// Nothing was ever recorded here, or not yet: nothing to keep up.
bool has_installation(const Tools& tools) {
    const auto installation = volume::load_installation(tools.config.data);
    return installation && installation->has_value();
}

}  // namespace

Status Upkeep::make_room(const Tools& tools, const std::stop_token& stop) {
    const auto site = retention::make_site(tools.config, tools.pool, tools.files, tools.clock);
    if (!site) return std::unexpected(site.error());
    std::vector<retention::Refusal> refusals;
    for (const retention::PurgeVolume& volume : site->volumes) {
        const auto report = retention::make_room(
            *site,
            volume,
            tools.config.storage,
            [&stop](const retention::PurgeProgress&) { return !stop.stop_requested(); }
        );
        if (!report && report.error().label() == "PURGE_RUNNING") return {};  // which makes room as well
        if (!report && report.error().remedy() == Remedy::cancelled) return {};
        if (!report) return std::unexpected(report.error());
        std::ranges::copy(report->refusals, std::back_inserter(refusals));
    }
    if (obstacle_.tell(tools, site->installation_id, codes_of(refusals), "no_room_is_made", "") &&
        refusals.empty())
        log::info("room_can_be_made");
    return {};
}

Status Upkeep::foresee(const Tools& tools) {
    const auto site = retention::make_site(tools.config, tools.pool, tools.files, tools.clock);
    if (!site) return std::unexpected(site.error());
    if (tools.clock.is_synchronised().value_or(false))
        if (auto saved = catalogue::save_clock_sighting(tools.pool, site->installation_id, tools.clock.now());
            !saved)
            return saved;
    const auto rows = retention::foresee(*site, tools.config.storage);
    if (!rows) return std::unexpected(rows.error());
    if (auto saved = catalogue::save_forecasts(tools.pool, *rows); !saved) return saved;
    for (const catalogue::ForecastRow& row : *rows) {
        if (row.place != "all" || row.is_at_risk == is_at_risk_) continue;
        is_at_risk_ = row.is_at_risk;
        if (is_at_risk_)
            log::error(
                "floor_at_risk",
                {{"code", "RET_FLOOR_AT_RISK"},
                 {"at", to_rfc3339(row.at_risk.value_or(row.made))},
                 {"bytes_per_day", row.bytes_per_day},
                 {"floor_days", row.floor_days},
                 {"remedy", "a larger disk, a lower bit rate, or fewer holds: sluice plan"}}
            );
        else
            log::info("floor_safe_again");
    }
    return {};
}

/// A line a camera, each day and at each start: for whoever reads the log and asks no API.
Status Upkeep::report_coverage(const Tools& tools) {
    const UtcTime now = tools.clock.now();
    const calendar::Date today = calendar::taipei_date(now);
    if (reported_ == today) return {};
    const auto report = retention::load_coverage_report(tools.pool, retention::kReportLength, now);
    if (!report) return std::unexpected(report.error());
    const auto seconds = [](Microseconds time) { return static_cast<double>(time.count()) / 1e6; };
    for (const retention::CameraAccount& camera : *report) {
        const retention::CoverageAccount& account = camera.account;
        log::info(
            "coverage_report",
            {{"camera", camera.camera},
             {"from", to_rfc3339(camera.asked.from)},
             {"to", to_rfc3339(camera.asked.to)},
             {"promised_s", seconds(account.promised)},
             {"kept_s", seconds(account.kept)},
             {"unexplained_s", seconds(account.unexplained)},
             {"missing", retention::describe_missing(account)},
             {"destroyed_s", seconds(account.destroyed)},
             {"switched_off_s", seconds(account.switched_off)}}
        );
    }
    reported_ = today;
    return {};
}

Status Upkeep::tick(const Tools& tools, const std::stop_token& stop) {
    const auto now = SteadyClock::now();
    if (now >= lapse_at_) {
        if (const auto lapsed = lapse_requests(tools.pool, tools.clock.now()); !lapsed)
            return std::unexpected(lapsed.error());
        lapse_at_ = now + kLapseEvery;
    }
    if (now < room_at_) return {};
    room_at_ = now + kRoomEvery;
    if (!has_installation(tools)) return {};
    if (auto made = make_room(tools, stop); !made) return made;
    if (auto told = report_coverage(tools); !told) return told;
    if (now < foresee_at_) return {};
    if (auto done = foresee(tools); !done) return done;
    foresee_at_ = now + kForeseeEvery;
    return {};
}

}  // namespace sluice::jobs
