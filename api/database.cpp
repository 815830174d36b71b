#include "api/database.hpp"

#include "config/base/log.hpp"
#include "storage/catalogue/calendar_repository.hpp"
#include "storage/catalogue/check_repository.hpp"
#include "storage/catalogue/forecast_repository.hpp"
#include "storage/catalogue/migrate.hpp"
#include "storage/catalogue/xvr_repository.hpp"

#include <optional>
#include <utility>

namespace sluice::api {
namespace {

constexpr auto kAskAgain = std::chrono::seconds{2};

void report_change(DatabaseHealth now, int version, const std::string& detail) {
    switch (now) {
        case DatabaseHealth::reachable:
            log::info("database_reachable", {{"schema_version", version}});
            return;
        case DatabaseHealth::unreachable:
            log::warn("database_unreachable", {{"detail", detail}});
            return;
        case DatabaseHealth::wrong_schema:
            log::error(
                "database_wrong_schema",
                {{"found", version},
                 {"needed", catalogue::required_version()},
                 {"remedy", "run `sluice migrate`, or the program that fits this database"}}
            );
            return;
    }
}

std::optional<CatalogueSigns> load_signs(catalogue::Pool& pool, UtcTime now) {
    const auto state = catalogue::load_catalogue_state(pool);
    const auto forecasts = catalogue::load_forecasts(pool);
    const auto missing = catalogue::load_missing_years(pool, now);
    const auto findings = catalogue::count_recorder_findings(pool, now);
    if (!state || !forecasts || !missing || !findings) return std::nullopt;
    CatalogueSigns signs;
    signs.is_confirmed = state->is_confirmed;
    signs.missing_calendar_years = *missing;
    signs.has_recorder_findings = *findings > 0;
    for (const catalogue::ForecastRow& row : *forecasts) {
        if (row.place != "all") continue;
        signs.is_floor_at_risk = row.is_at_risk;
        signs.days_held = row.days_held;
    }
    return signs;
}

}  // namespace

Database::Database(std::string conninfo, std::size_t connections, const Clock& clock)
    : conninfo_(std::move(conninfo)),
      pool_(conninfo_, connections),
      clock_(clock) {}

DatabaseHealth Database::health() {
    const Deadline now = std::chrono::steady_clock::now();
    const auto standing = state_.with([&](State& state) -> std::optional<DatabaseHealth> {
        // Until the first answer everybody asks: nobody is refused just because the service is young.
        const bool others_ask = state.is_known && state.is_being_asked;
        if (others_ask || now < state.ask_again) return state.health;
        state.is_being_asked = true;
        return std::nullopt;
    });
    if (standing) return *standing;

    const auto version = catalogue::load_version(conninfo_);
    const DatabaseHealth found = !version                                    ? DatabaseHealth::unreachable
                                 : *version == catalogue::required_version() ? DatabaseHealth::reachable
                                                                             : DatabaseHealth::wrong_schema;
    const auto signs = found == DatabaseHealth::reachable ? load_signs(pool_, clock_.now()) : std::nullopt;
    std::optional<catalogue::BackupAge> backup_age;
    if (found == DatabaseHealth::reachable)
        if (const auto age = catalogue::load_backup_age(pool_)) backup_age = *age;
    const bool is_news = state_.with([&](State& state) {
        const bool is_first = !std::exchange(state.is_known, true);
        state.is_being_asked = false;
        state.ask_again = std::chrono::steady_clock::now() + kAskAgain;
        if (version) state.version = *version;
        state.signs = signs.value_or(state.signs);
        if (backup_age) state.backup_age = backup_age;
        return std::exchange(state.health, found) != found || is_first;
    });
    if (is_news)
        report_change(found, version ? *version : 0, version ? std::string{} : version.error().describe());
    return found;
}

CatalogueSigns Database::signs() const {
    return state_.with([](const State& state) { return state.signs; });
}

std::optional<catalogue::BackupAge> Database::backup_age() const {
    return state_.with([](const State& state) { return state.backup_age; });
}

int Database::found_version() const {
    return state_.with([](const State& state) { return state.version; });
}

}  // namespace sluice::api
