#include "storage/calendar/calendar.hpp"

namespace sluice::calendar {
namespace {

constexpr int kMostDaysOff = 366;

bool is_weekend(Date date) noexcept {
    const std::chrono::weekday weekday{date};
    return weekday == std::chrono::Saturday || weekday == std::chrono::Sunday;
}

}  // namespace

Calendar::Calendar(const std::vector<YearTable>& years, const std::vector<Day>& overrides) {
    for (const YearTable& table : years) {
        years_.insert(table.year);
        for (const Day& day : table.days)
            is_off_.insert_or_assign(day.date, day.is_off);
    }
    for (const Day& day : overrides)
        overrides_.insert_or_assign(day.date, day.is_off);
}

bool Calendar::is_working_day(Date date) const {
    if (const auto found = overrides_.find(date); found != overrides_.end()) return !found->second;
    if (const auto found = is_off_.find(date); found != is_off_.end()) return !found->second;
    return !is_weekend(date);
}

Due due_date(Date start, unsigned count, const Calendar& calendar) {
    Due due{.date = start + days{count}, .is_assumed = false};
    for (int tries = 0; tries < kMostDaysOff; ++tries) {
        if (!calendar.has_year(year_of(due.date))) due.is_assumed = true;
        if (calendar.is_working_day(due.date)) break;
        due.date += days{1};
    }
    return due;
}

std::vector<int> missing_years(const Calendar& calendar, Date today) {
    const int year = year_of(today);
    std::vector<int> missing;
    if (!calendar.has_year(year)) missing.push_back(year);
    const bool is_december = std::chrono::year_month_day{today}.month() == std::chrono::December;
    if (is_december && !calendar.has_year(year + 1)) missing.push_back(year + 1);
    return missing;
}

}  // namespace sluice::calendar
