#pragma once

#include "storage/release/make_copy.hpp"

#include <cstddef>
#include <string>

/// Packages are footage that is kept here: they go when the policy says, and never later than the recording's
/// year (article 7(5)).
namespace sluice::release {

/// By which rule an expired package goes: RET_CEILING_1Y when its footage has reached the ceiling, else
/// PACKAGE_KEEP.
[[nodiscard]] std::string_view expiry_rule(UtcTime recorded_from, UtcTime expires, unsigned ceiling_years);

/// Takes the files of expired packages away, folder synced, and then says so in the package's row with a
/// certificate that the audit log has as well. A file that is gone already is no obstacle: a crash between
/// the two is gone on from. How many. Error: retry, abandon_file, stop_volume.
[[nodiscard]] Result<std::size_t> destroy_expired_packages(const CopySite& site);

}  // namespace sluice::release
