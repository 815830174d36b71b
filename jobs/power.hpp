#pragma once

#include "jobs/kinds.hpp"
#include "storage/catalogue/power_repository.hpp"

#include <chrono>
#include <optional>
#include <string>

/// Power, as UPS tell of it through the recorder's journal.
namespace sluice::jobs {

/// What a change means.
struct PowerNews {
    std::string code;                     ///< "power.on_battery", …
    std::optional<std::string> incident;  ///< its cause; nullopt: none
};
/// nullopt: nothing new, a recorder that starts and finds the power as it was. A UPS that falls silent is an
/// event, not an incident: the recorder goes on, and somebody looks. Pure.
[[nodiscard]] std::optional<PowerNews> judge_power(const catalogue::PowerRow& change);

/// Makes events and incidents of what the recorders have journaled. Thread: the lane's.
class PowerKeeper {
public:
    /// Error: of the database.
    [[nodiscard]] Status tick(const Tools& tools);

private:
    std::chrono::steady_clock::time_point due_;
};

}  // namespace sluice::jobs
