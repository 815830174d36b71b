#pragma once

#include <chrono>
#include <optional>
#include <string_view>

/// What a service tells its supervisor (sd_notify(3)): systemd, or `sluice up`.
namespace sluice {

/// Sends one datagram ("READY=1", "WATCHDOG=1", "STOPPING=1", "STATUS=…", several with newlines between) to
/// the socket named by NOTIFY_SOCKET: a path, or an abstract name that begins with `@`. Does nothing when the
/// variable is unset; never blocks and never fails (a supervisor that can't be reached is no reason to stop
/// recording). Thread: any.
void notify(std::string_view state) noexcept;

/// How long this process may stay silent (WATCHDOG_USEC); send WATCHDOG=1 at half of it. nullopt: nobody
/// watches, or the variable is meant for another process (WATCHDOG_PID).
[[nodiscard]] std::optional<std::chrono::microseconds> watchdog_interval() noexcept;

}  // namespace sluice
