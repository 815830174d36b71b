#pragma once

#include "storage/access/fallback.hpp"
#include "storage/catalogue/pool.hpp"

#include <string>
#include <vector>

/// The `manual` mode of doors whose controller is silent. Role: sluice_worker.
namespace sluice::catalogue {

struct FallbackBook {
    std::vector<access::Silence> silences;  ///< that last, or own one that has not ended
    std::vector<access::Fallback> placed;   ///< of those
};
[[nodiscard]] Result<FallbackBook> load_fallbacks(Pool& pool);

/// All of a plan as one transaction, each placed and ended with its record in the audit log. `person` is who
/// is called; empty: nobody is named, and a notice `door_unattended` for each alarm asks for somebody.
[[nodiscard]] Status
carry_out_fallback(Pool& pool, const access::FallbackPlan& plan, const std::string& person, UtcTime now);

}  // namespace sluice::catalogue
