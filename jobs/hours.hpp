#pragma once

#include "config/base/error.hpp"
#include "config/base/time.hpp"
#include "storage/catalogue/pool.hpp"

#include <cstddef>

namespace sluice::jobs {

/// Gives every hour of recording that is over its record in the audit log: the segments of one stream with
/// their hashes. Files that are adopted later make one more. At most a few hundred at a time, oldest first;
/// how many.
[[nodiscard]] Result<std::size_t> record_hours(catalogue::Pool& pool, UtcTime now);

}  // namespace sluice::jobs
