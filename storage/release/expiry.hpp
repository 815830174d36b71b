#pragma once

#include "storage/calendar/calendar.hpp"
#include "storage/retention/run.hpp"

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

/// Packages are footage that is kept here: they go when the policy says, and never later than the recording's
/// year (article 7(5)). Until then the copy waits for its recipient.
namespace sluice::release {

/// The last moment of a package that is sealed at `sealed`: the end of the PACKAGE_KEEP-th day after it, or
/// of the next one on which the office works; the ceiling, where that is nearer.
[[nodiscard]] UtcTime
expiry_of(UtcTime sealed, unsigned package_days, UtcTime ceiling, const calendar::Calendar& calendar);

/// By which rule an expired package goes: RET_CEILING_1Y when its footage has reached the ceiling, else
/// PACKAGE_KEEP.
[[nodiscard]] std::string_view expiry_rule(UtcTime recorded_from, UtcTime expires, unsigned ceiling_years);

struct ExpiredPackages {
    std::size_t destroyed = 0;                 ///< packages
    std::vector<retention::Refusal> refusals;  ///< why nothing may be destroyed now, though something is due
};
/// Under the guards of every destruction: nothing goes from an unconfirmed catalogue, by a doubtful clock, or
/// before the audit log has it in a signed checkpoint that it will. Copies that nobody has signed for by then
/// are uncollected: row, line in the register, notices and record. Then takes the files of expired packages
/// away, folder synced, and says so in each package's row with a certificate that the audit log has as well.
/// A file that is gone already is no obstacle: a crash between the two is gone on from. `data`: the folder of
/// the configuration. Error: retry, abandon_file, stop_volume.
[[nodiscard]] Result<ExpiredPackages>
destroy_expired_packages(const retention::Site& site, const std::filesystem::path& data);

}  // namespace sluice::release
