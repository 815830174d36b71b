#pragma once

#include <chrono>
#include <stop_token>

namespace sluice {

/// Sleeps for `time` of the steady clock, or until a stop is asked for. False: it was. Thread: any.
bool wait_unless_stopped(const std::stop_token& stop, std::chrono::nanoseconds time);

}  // namespace sluice
