#pragma once

#include "api/database.hpp"
#include "api/ledger_gate.hpp"
#include "config/base/time.hpp"
#include "storage/status/recorder_status.hpp"

#include <optional>
#include <string>
#include <vector>

namespace sluice::api {

/// ready: all is well. degraded: requests are answered, but somebody should look. unready: no footage can be
/// given out.
enum class Readiness { ready, degraded, unready };
[[nodiscard]] std::string_view to_string(Readiness readiness) noexcept;

struct ReadinessReport {
    Readiness readiness = Readiness::ready;
    std::vector<std::string> reasons;  ///< stable words, none when ready; no names of cameras or disks
    std::optional<Microseconds> status_age;
};

/// What readiness is judged by, as of the last looks.
struct Observations {
    DatabaseHealth database = DatabaseHealth::unreachable;
    CatalogueSigns catalogue{};
    LedgerHealth ledger{};
    std::optional<catalogue::BackupAge> backup{};      ///< nullopt: nobody could be asked
    const status::RecorderStatus* recorder = nullptr;  ///< null: none was ever read
    bool has_contacts = true;                          ///< both are named in the configuration
};

/// A verified backup, or without any the installation, may be so old.
inline constexpr std::chrono::days kBackupOld{8};

/// Pure. Reasons: database_unreachable, schema_version, recorder_status_missing, recorder_status_old (ten
/// seconds), volume_unwritable (some), no_volume (none takes footage), recorder_without_database,
/// catalogue_backlog, catalogue_unconfirmed (made again from files; nothing is deleted until somebody
/// confirms it), ledger_behind (records wait over a minute to be signed: no footage is opened),
/// ledger_trouble (the worker signs no more), backup_old (no verified one for eight
/// days), floor_at_risk (the disks will not hold the floor, RET_FLOOR_AT_RISK), calendar_missing (the office
/// calendar of this year, or in December of the next, is not imported), contacts_missing (nobody is named
/// who would be called), recorder_findings (a recorder's events are not heard, or it shows other titles),
/// on_battery and battery_low (any UPS), ups_unknown (one that nobody can ask).
[[nodiscard]] ReadinessReport judge_readiness(const Observations& seen, UtcTime now);

}  // namespace sluice::api
