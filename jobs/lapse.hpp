#pragma once

#include "config/base/error.hpp"
#include "config/base/time.hpp"
#include "config/base/uuid.hpp"
#include "storage/catalogue/pool.hpp"

#include <cstddef>
#include <string>

namespace sluice::jobs {

/// What the clock alone does to requests.

/// One that was not completed in time, and a grant that nobody used, lapse. Each is a step of its case with
/// its line in the register and its notices; one that was changed meanwhile is left for the next time. How
/// many lapsed. Role: sluice_worker. Thread: the lane's.
[[nodiscard]] Result<std::size_t> lapse_requests(catalogue::Pool& pool, UtcTime now);

/// One whose session plays no more, because of `reason`, is interrupted: it waits for its session again.
/// Whether it is in session no more; false: it was changed meanwhile, so look again. Role: sluice_worker.
[[nodiscard]] Result<bool>
interrupt_request(catalogue::Pool& pool, const Uuid& id, const std::string& reason, UtcTime now);

}  // namespace sluice::jobs
