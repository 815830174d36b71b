#include "api/system/readiness.hpp"

#include <algorithm>

namespace sluice::api {
namespace {

constexpr auto kStatusOld = std::chrono::seconds{10};
constexpr std::uint64_t kBacklogMuch = 1000;

std::vector<std::string> recorder_reasons(const status::RecorderStatus* recorder, UtcTime now) {
    if (recorder == nullptr) return {"recorder_status_missing"};
    if (now - recorder->written >= kStatusOld) return {"recorder_status_old"};
    std::vector<std::string> reasons;
    const auto writable = std::ranges::count_if(recorder->volumes, &status::VolumeStatus::is_writable);
    if (writable == 0)
        reasons.emplace_back("no_volume");
    else if (static_cast<std::size_t>(writable) < recorder->volumes.size())
        reasons.emplace_back("volume_unwritable");
    if (!recorder->database_connected) reasons.emplace_back("recorder_without_database");
    if (recorder->catalogue_backlog >= kBacklogMuch) reasons.emplace_back("catalogue_backlog");
    const auto is_in = [&](std::initializer_list<PowerState> states) {
        return std::ranges::any_of(recorder->ups, [&](const status::UpsStatus& ups) {
            return std::ranges::find(states, ups.state) != states.end();
        });
    };
    if (is_in({PowerState::battery, PowerState::battery_low})) reasons.emplace_back("on_battery");
    if (is_in({PowerState::battery_low})) reasons.emplace_back("battery_low");
    if (is_in({PowerState::unknown})) reasons.emplace_back("ups_unknown");
    return reasons;
}

bool is_backup_old(const std::optional<catalogue::BackupAge>& backup, UtcTime now) {
    return backup && now - backup->verified_backup.value_or(backup->installed) >= kBackupOld;
}

}  // namespace

std::string_view to_string(Readiness readiness) noexcept {
    switch (readiness) {
        case Readiness::ready:
            return "ready";
        case Readiness::degraded:
            return "degraded";
        case Readiness::unready:
            return "unready";
    }
    return "unready";
}

ReadinessReport judge_readiness(const Observations& seen, UtcTime now) {
    ReadinessReport report;
    if (seen.database == DatabaseHealth::unreachable) report.reasons.emplace_back("database_unreachable");
    if (seen.database == DatabaseHealth::wrong_schema) report.reasons.emplace_back("schema_version");
    const bool is_unready = !report.reasons.empty();
    if (!is_unready && !seen.catalogue.is_confirmed) report.reasons.emplace_back("catalogue_unconfirmed");
    if (!is_unready && seen.catalogue.is_floor_at_risk) report.reasons.emplace_back("floor_at_risk");
    if (!is_unready && !seen.catalogue.missing_calendar_years.empty())
        report.reasons.emplace_back("calendar_missing");
    if (!is_unready && seen.catalogue.has_recorder_findings) report.reasons.emplace_back("recorder_findings");
    if (!is_unready && seen.ledger.is_behind()) report.reasons.emplace_back("ledger_behind");
    if (!is_unready && !seen.ledger.trouble.empty()) report.reasons.emplace_back("ledger_trouble");
    if (!is_unready && is_backup_old(seen.backup, now)) report.reasons.emplace_back("backup_old");
    if (!seen.has_contacts) report.reasons.emplace_back("contacts_missing");
    for (auto& reason : recorder_reasons(seen.recorder, now))
        report.reasons.push_back(std::move(reason));
    if (seen.recorder != nullptr)
        report.status_age = std::max(Microseconds{0}, Microseconds{now - seen.recorder->written});
    if (!report.reasons.empty()) report.readiness = is_unready ? Readiness::unready : Readiness::degraded;
    return report;
}

}  // namespace sluice::api
