#include "config/base/time.hpp"

#include <charconv>
#include <ctime>

#include <sys/timex.h>

#include <fmt/format.h>

namespace sluice {
namespace {

using std::chrono::days;
using std::chrono::floor;
using std::chrono::hh_mm_ss;
using std::chrono::sys_days;
using std::chrono::year_month_day;

UtcTime read_clock(clockid_t id) {
    timespec value{};
    static_cast<void>(::clock_gettime(id, &value));  // fails only for a clock that does not exist
    return UtcTime{std::chrono::duration_cast<Microseconds>(
        std::chrono::seconds{value.tv_sec} + std::chrono::nanoseconds{value.tv_nsec}
    )};
}

/// Takes exactly `digits` digits off the front.
std::optional<int> take_number(std::string_view& text, std::size_t digits) {
    if (text.size() < digits) return std::nullopt;
    int value = 0;
    for (const char letter : text.substr(0, digits)) {
        if (letter < '0' || letter > '9') return std::nullopt;
        value = value * 10 + (letter - '0');
    }
    text.remove_prefix(digits);
    return value;
}

bool take_letter(std::string_view& text, std::string_view allowed) {
    if (text.empty() || allowed.find(text.front()) == std::string_view::npos) return false;
    text.remove_prefix(1);
    return true;
}

std::optional<UtcTime> take_date_and_time(std::string_view& text) {
    const auto year = take_number(text, 4);
    if (!year || !take_letter(text, "-")) return std::nullopt;
    const auto month = take_number(text, 2);
    if (!month || !take_letter(text, "-")) return std::nullopt;
    const auto day = take_number(text, 2);
    if (!day || !take_letter(text, "Tt ")) return std::nullopt;
    const auto hour = take_number(text, 2);
    if (!hour || !take_letter(text, ":")) return std::nullopt;
    const auto minute = take_number(text, 2);
    if (!minute || !take_letter(text, ":")) return std::nullopt;
    const auto second = take_number(text, 2);
    if (!second) return std::nullopt;
    const year_month_day date{
        std::chrono::year{*year},
        std::chrono::month{static_cast<unsigned>(*month)},
        std::chrono::day{static_cast<unsigned>(*day)}
    };
    if (!date.ok() || *year < 1970 || *hour > 23 || *minute > 59 || *second > 59) return std::nullopt;
    return sys_days{date} + std::chrono::hours{*hour} + std::chrono::minutes{*minute} +
           std::chrono::seconds{*second};
}

std::optional<Microseconds> take_fraction(std::string_view& text) {
    if (!take_letter(text, ".")) return Microseconds{0};
    std::int64_t value = 0;
    std::size_t digits = 0;
    for (; !text.empty() && text.front() >= '0' && text.front() <= '9'; text.remove_prefix(1), ++digits) {
        if (digits < 6) value = value * 10 + (text.front() - '0');
    }
    if (digits == 0 || digits > 9) return std::nullopt;
    for (; digits < 6; ++digits)
        value *= 10;
    return Microseconds{value};
}

std::optional<Microseconds> take_offset(std::string_view& text) {
    if (take_letter(text, "Zz")) return Microseconds{0};
    const bool negative = !text.empty() && text.front() == '-';
    if (!take_letter(text, "+-")) return std::nullopt;
    const auto hours = take_number(text, 2);
    if (!hours || !take_letter(text, ":")) return std::nullopt;
    const auto minutes = take_number(text, 2);
    if (!minutes || *hours > 23 || *minutes > 59) return std::nullopt;
    const Microseconds offset = std::chrono::hours{*hours} + std::chrono::minutes{*minutes};
    return negative ? -offset : offset;
}

}  // namespace

std::string to_rfc3339(UtcTime time) {
    const auto day = floor<days>(time);
    const year_month_day date{day};
    const hh_mm_ss clock{time - day};
    return fmt::format(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}Z",
        static_cast<int>(date.year()),
        static_cast<unsigned>(date.month()),
        static_cast<unsigned>(date.day()),
        clock.hours().count(),
        clock.minutes().count(),
        clock.seconds().count(),
        clock.subseconds().count()
    );
}

std::string to_compact_utc(UtcTime time) {
    std::string text = to_rfc3339(time).substr(0, 19) + "Z";
    std::erase(text, '-');
    std::erase(text, ':');
    return text;
}

std::string to_utc_day(UtcTime time) {
    return to_rfc3339(time).substr(0, 10);
}

Result<UtcTime> from_rfc3339(std::string_view text) {
    std::string_view rest = text;
    const auto refuse = [&] {
        return failure(
            Remedy::refuse,
            fmt::format("'{}' is no RFC 3339 time (such as 2026-11-23T10:15:00Z)", text.substr(0, 40))
        );
    };
    const auto seconds = take_date_and_time(rest);
    if (!seconds) return refuse();
    const auto fraction = take_fraction(rest);
    if (!fraction) return refuse();
    const auto offset = take_offset(rest);
    if (!offset || !rest.empty()) return refuse();
    return *seconds + *fraction - *offset;
}

UtcTime RealClock::now() const {
    return read_clock(CLOCK_REALTIME);
}

BootTime RealClock::boot_now() const {
    return BootTime{read_clock(CLOCK_BOOTTIME).time_since_epoch()};
}

std::optional<bool> RealClock::is_synchronised() const {
    timex request{};
    const int state = ::adjtimex(&request);
    if (state < 0) return std::nullopt;
    return state != TIME_ERROR;
}

}  // namespace sluice
