#pragma once

#include "config/base/error.hpp"
#include "config/base/time.hpp"
#include "storage/catalogue/pool.hpp"

#include <cstddef>

namespace sluice::jobs {

/// What the clock alone does to requests: one that was not completed in time, and a grant that nobody used,
/// lapse. Each is a step of its case with its line in the register; one that was changed meanwhile is left
/// for the next time. How many lapsed. Role: sluice_worker. Thread: the lane's.
[[nodiscard]] Result<std::size_t> lapse_requests(catalogue::Pool& pool, UtcTime now);

}  // namespace sluice::jobs
