#pragma once

#include "config/base/words.hpp"
#include "storage/catalogue/access_repository.hpp"
#include "storage/catalogue/incident_repository.hpp"
#include "storage/catalogue/pool.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

/// Changes of power from the recorder's journal, and what the worker makes of each, once. Role:
/// sluice_worker.
namespace sluice::catalogue {

struct PowerRow {
    Uuid id;
    Uuid installation_id;
    UtcTime at;  ///< when the UPS said it
    std::string ups;
    PowerState state = PowerState::unknown;
    bool feeds_recorder = false;
    bool feeds_locks = false;
    std::string detail;
    std::optional<PowerState>
        before;  ///< the last that this UPS said, silence left out; nullopt: nothing yet
};
/// Oldest first.
[[nodiscard]] Result<std::vector<PowerRow>> load_underived_power(Pool& pool, std::size_t limit);

/// What follows from these, and that it has been seen to, in one transaction.
struct PowerOutcome {
    std::vector<Uuid> changes;
    std::vector<access::Event> events;
    std::vector<NewIncident> incidents;
};
[[nodiscard]] Status save_power(Pool& pool, const PowerOutcome& outcome, UtcTime now);

}  // namespace sluice::catalogue
