#pragma once

#include "config/base/time.hpp"
#include "config/config.hpp"
#include "storage/catalogue/alarm_repository.hpp"
#include "storage/catalogue/pool.hpp"

#include <chrono>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

/// What the worker does with events at the doors.
namespace sluice::jobs {

/// Derives alarms from batches that have come, from times of which it was decided afterwards what doors
/// should have done, and from time that has passed, makes the doors of silent controllers `manual`, holds the
/// footage of alarms that raised an incident, and forgets events when their year is over. Thread: the lane's.
class AccessKeeper {
public:
    explicit AccessKeeper(const config::Contacts& contacts = {}) : on_call_(config::on_call(contacts)) {}
    /// Does what is due. Error: of the database.
    [[nodiscard]] Status tick(catalogue::Pool& pool, const Clock& clock, const std::stop_token& stop);

private:
    using SteadyClock = std::chrono::steady_clock;
    [[nodiscard]] Status derive_batches(catalogue::Pool& pool, UtcTime now, const std::stop_token& stop);
    [[nodiscard]] Status derive_again(catalogue::Pool& pool, UtcTime now, const std::stop_token& stop);
    [[nodiscard]] Status derive_now(catalogue::Pool& pool, UtcTime now);
    [[nodiscard]] Status keep_fallback(catalogue::Pool& pool, UtcTime now);
    [[nodiscard]] static Status hold_footage(catalogue::Pool& pool, UtcTime now);
    [[nodiscard]] static Status forget(catalogue::Pool& pool, UtcTime now);

    /// What is being derived again; whoever dies before its end begins anew.
    struct Again {
        catalogue::Rederivation why;
        std::vector<TimeRange> windows;  ///< left
    };
    std::optional<Again> again_;
    std::string on_call_;  ///< whom to call; empty: nobody is named
    SteadyClock::time_point derive_at_;
    SteadyClock::time_point hold_at_;
    SteadyClock::time_point forget_at_;
    std::optional<UtcTime> looked_until_;  ///< of time that has passed
};

/// What is derived anew, and with what it is said.
struct Look {
    TimeRange window;
    TimeRange context;       ///< of the events that are looked at for it
    std::string on_call;     ///< whom to call; empty: nobody is named
    std::string refutation;  ///< what alarms say that do not hold any more
};
/// Derives all alarms of a window anew and writes what has changed.
[[nodiscard]] Result<catalogue::DerivedCounts>
derive_window(catalogue::Pool& pool, const Look& look, UtcTime now);

}  // namespace sluice::jobs
