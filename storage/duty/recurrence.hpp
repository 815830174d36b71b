#pragma once

#include "storage/calendar/calendar.hpp"

#include <chrono>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

/// When a duty comes round, and what has become of its turns. Pure.
namespace sluice::duty {

using calendar::Date;

enum class Recurs { working_daily, weekly, monthly, yearly };
inline constexpr std::size_t kRecurs = 4;
[[nodiscard]] std::string_view to_string(Recurs recurs) noexcept;
[[nodiscard]] std::optional<Recurs> recurs_from(std::string_view word) noexcept;

struct Recurrence {
    Recurs recurs = Recurs::weekly;
    std::chrono::weekday weekday = std::chrono::Monday;  ///< of weekly ones
    unsigned month = 1;                                  ///< of yearly ones
    unsigned day = 1;  ///< of monthly and yearly ones; beyond the month's end: its last day
    friend bool operator==(const Recurrence&, const Recurrence&) = default;
};

/// One coming round. `on` names it; when that is a day off, it is due on the next working day.
struct Turn {
    Date on;
    Date due;
    bool is_assumed = false;  ///< a year that was looked at is not published
    friend bool operator==(const Turn&, const Turn&) = default;
};
/// Those named in [from, to), in order. A working day's duty has no turn on a day off.
[[nodiscard]] std::vector<Turn>
turns(const Recurrence& recurrence, Date from, Date to, const calendar::Calendar& calendar);

enum class TurnState {
    upcoming,
    due,      ///< its last day has come
    overdue,  ///< and gone
    done,
    done_late,
};
[[nodiscard]] std::string_view to_string(TurnState state) noexcept;
/// Total: what was done before its day is done.
[[nodiscard]] TurnState state_of(const Turn& turn, std::optional<UtcTime> done, UtcTime now) noexcept;

/// Of the distances those that are shorter than a round: a weekly duty is not told a week ahead, because it
/// would be told all the time.
[[nodiscard]] std::vector<unsigned> fitting(std::span<const unsigned> days_ahead, Recurs recurs);

/// The smallest of the distances that has come; nullopt: it is not near yet, or it is over.
[[nodiscard]] std::optional<unsigned>
days_to_tell(Date due, std::span<const unsigned> days_ahead, UtcTime now) noexcept;

}  // namespace sluice::duty
