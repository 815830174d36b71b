#include "config/base/wait.hpp"

#include <condition_variable>
#include <mutex>

namespace sluice {

bool wait_unless_stopped(const std::stop_token& stop, std::chrono::nanoseconds time) {
    // Only the stop wakes it: a nap in a loop would wake an idle machine twenty times a second for each
    // thread.
    std::mutex mutex;
    std::condition_variable_any nobody;
    std::unique_lock hold{mutex};
    nobody.wait_for(hold, stop, time, [] { return false; });
    return !stop.stop_requested();
}

}  // namespace sluice
