#include "jobs/controllers/sender.hpp"

#include "storage/calendar/date.hpp"

#include <fmt/core.h>

namespace sluice::controllers {

std::optional<std::chrono::local_seconds>
to_local(int year, unsigned month, unsigned day, unsigned hour, unsigned minute, unsigned second) {
    using namespace std::chrono;
    const year_month_day date{std::chrono::year{year}, std::chrono::month{month}, std::chrono::day{day}};
    if (!date.ok() || year < 1970 || year > 9999 || hour > 23 || minute > 59 || second > 59)
        return std::nullopt;
    return local_days{date} + hours{hour} + minutes{minute} + seconds{second};
}

UtcTime to_utc(std::chrono::local_seconds shown, access::ControllerClock clock) {
    if (clock == access::ControllerClock::utc) return UtcTime{shown.time_since_epoch()};
    const auto day = std::chrono::floor<std::chrono::days>(shown);
    return calendar::start_of(day) + (shown - day);
}

std::string door_label(const std::string& serial, unsigned door) {
    return door == 0 ? std::string{} : fmt::format("{}/{}", serial, door);
}

}  // namespace sluice::controllers
