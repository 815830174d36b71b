#pragma once

#include "config/base/guarded.hpp"
#include "config/base/time.hpp"
#include "storage/catalogue/backup_repository.hpp"
#include "storage/catalogue/pool.hpp"

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace sluice::api {

enum class DatabaseHealth { reachable, unreachable, wrong_schema };

/// What the catalogue says that somebody should look at.
struct CatalogueSigns {
    bool is_confirmed = true;       ///< false after a rebuild or restore that nobody has confirmed
    bool is_floor_at_risk = false;  ///< RET_FLOOR_AT_RISK, as the worker last foresaw
    /// How many days of footage the disks hold, by the same forecast.
    std::optional<double> days_held{};
    /// Years of the office calendar that should be imported and are not: deadlines run on Monday to Friday
    /// there.
    // NOLINTNEXTLINE(readability-redundant-member-init): likewise
    std::vector<int> missing_calendar_years{};
    bool has_recorder_findings = false;  ///< a recorder that nobody hears, or that shows other titles
};

/// The catalogue as the API sees it: a pool, and whether it can be used. Thread: any, blocking.
class Database {
public:
    Database(std::string conninfo, std::size_t connections, const Clock& clock);

    [[nodiscard]] catalogue::Pool& pool() noexcept { return pool_; }
    /// Looks at the schema's version, at most every two seconds and one thread at a time; in between, and
    /// while that one still waits, the last answer stands.
    [[nodiscard]] DatabaseHealth health();
    /// As of the last look of health() that found it reachable.
    [[nodiscard]] CatalogueSigns signs() const;
    /// As of the same look; nullopt: nobody could be asked yet.
    [[nodiscard]] std::optional<catalogue::BackupAge> backup_age() const;
    [[nodiscard]] int found_version() const;  ///< 0 as long as none was read

private:
    struct State {
        DatabaseHealth health = DatabaseHealth::unreachable;
        int version = 0;
        CatalogueSigns signs;
        std::optional<catalogue::BackupAge> backup_age;
        Deadline ask_again = Deadline::min();
        bool is_known = false;
        bool is_being_asked = false;
    };
    std::string conninfo_;
    catalogue::Pool pool_;
    const Clock& clock_;
    Guarded<State> state_;
};

}  // namespace sluice::api
