#include "storage/duty/recurrence.hpp"

#include "storage/duty/detail/closed_set.hpp"

#include <algorithm>
#include <array>

namespace sluice::duty {
namespace {

using calendar::days;
using detail::value_of;
using detail::word_of;
using detail::Words;
using std::chrono::year_month_day;

constexpr Words<kRecurs> kRecursWords{"working_daily", "weekly", "monthly", "yearly"};
constexpr Words<5> kStateWords{"upcoming", "due", "overdue", "done", "done_late"};

unsigned last_day_of(year_month_day date) {
    return static_cast<unsigned>((date.year() / date.month() / std::chrono::last).day());
}

bool is_turn(const Recurrence& recurrence, Date date, const calendar::Calendar& calendar) {
    const year_month_day civil{date};
    const unsigned day = std::min(recurrence.day, last_day_of(civil));
    switch (recurrence.recurs) {
        case Recurs::working_daily:
            return calendar.is_working_day(date);
        case Recurs::weekly:
            return std::chrono::weekday{date} == recurrence.weekday;
        case Recurs::monthly:
            return static_cast<unsigned>(civil.day()) == day;
        case Recurs::yearly:
            return static_cast<unsigned>(civil.month()) == recurrence.month &&
                   static_cast<unsigned>(civil.day()) == day;
    }
    return false;
}

}  // namespace

std::string_view to_string(Recurs recurs) noexcept {
    return word_of(kRecursWords, recurs);
}
std::optional<Recurs> recurs_from(std::string_view word) noexcept {
    return value_of<Recurs>(kRecursWords, word);
}
std::string_view to_string(TurnState state) noexcept {
    return word_of(kStateWords, state);
}

std::vector<Turn>
turns(const Recurrence& recurrence, Date from, Date to, const calendar::Calendar& calendar) {
    std::vector<Turn> found;
    for (Date date = from; date < to; date += days{1}) {
        if (!is_turn(recurrence, date, calendar)) continue;
        // Counting none: the day itself, or the next working day.
        const calendar::Due due = calendar::due_date(date, 0, calendar);
        found.push_back({.on = date, .due = due.date, .is_assumed = due.is_assumed});
    }
    return found;
}

TurnState state_of(const Turn& turn, std::optional<UtcTime> done, UtcTime now) noexcept {
    const UtcTime end = calendar::start_of(turn.due + days{1});
    if (done) return *done < end ? TurnState::done : TurnState::done_late;
    if (now >= end) return TurnState::overdue;
    return now >= calendar::start_of(turn.due) ? TurnState::due : TurnState::upcoming;
}

std::vector<unsigned> fitting(std::span<const unsigned> days_ahead, Recurs recurs) {
    constexpr std::array<unsigned, kRecurs> rounds{1, 7, 28, 365};
    std::vector<unsigned> kept;
    for (const unsigned ahead : days_ahead)
        if (ahead < rounds.at(static_cast<std::size_t>(recurs))) kept.push_back(ahead);
    return kept;
}

std::optional<unsigned> days_to_tell(Date due, std::span<const unsigned> days_ahead, UtcTime now) noexcept {
    if (now >= calendar::start_of(due + days{1})) return std::nullopt;
    std::optional<unsigned> nearest;
    for (const unsigned ahead : days_ahead)
        if (now >= calendar::start_of(due - days{ahead})) nearest = std::min(nearest.value_or(ahead), ahead);
    return nearest;
}

}  // namespace sluice::duty
