#pragma once

#include "config/base/guarded.hpp"
#include "config/base/time.hpp"
#include "storage/catalogue/pool.hpp"

#include <chrono>

namespace sluice::api {

/// Says in the log which sessions have ended by themselves, each once over all processes, with the time of
/// its end: `session_ended`. Thread: any, blocking.
class SessionEnds {
public:
    /// Looks at most once a minute; a failure is left to the next time.
    void tell(catalogue::Pool& pool, UtcTime now);

private:
    Guarded<Deadline> look_again_{Deadline::min()};
};

}  // namespace sluice::api
