#pragma once

#include "config/base/guarded.hpp"

#include <chrono>
#include <utility>

namespace sluice::controllers {

/// Wakes one who waits. Any thread.
class Bell {
public:
    void ring() {
        rung_.notify([](bool& is_rung) { is_rung = true; });
    }
    /// Until somebody rings, or has since the last time; or the time is over.
    void wait_until(std::chrono::steady_clock::time_point until) {
        rung_.wait_until(until, [](bool is_rung) { return is_rung; }, [](bool& is_rung) { is_rung = false; });
    }

private:
    Guarded<bool> rung_{false};
};

}  // namespace sluice::controllers
