#pragma once

#include "storage/calendar/date.hpp"

#include <map>
#include <set>
#include <string>
#include <vector>

namespace sluice::calendar {

struct Day {
    Date date;
    bool is_off = false;
    std::string note;  ///< "國慶日", or empty
    friend bool operator==(const Day&, const Day&) = default;
};

/// Every day of one year, in order, as the government published it.
struct YearTable {
    int year = 0;
    std::vector<Day> days;
    friend bool operator==(const YearTable&, const YearTable&) = default;
};

/// Working days: the published years, what was decided against them (a typhoon day), and Monday to Friday
/// where no year was published. A value; any thread.
class Calendar {
public:
    Calendar() = default;
    /// A year that is given again replaces the earlier one; likewise the day of an override, whose note is
    /// not asked for.
    Calendar(const std::vector<YearTable>& years, const std::vector<Day>& overrides);

    [[nodiscard]] bool is_working_day(Date date) const;
    /// Whether the answers of the year rest on what was published, not on Monday to Friday.
    [[nodiscard]] bool has_year(int year) const { return years_.contains(year); }

private:
    std::map<Date, bool> is_off_;
    std::map<Date, bool> overrides_;
    std::set<int> years_;
};

/// When something falls due.
struct Due {
    Date date;
    /// A year that was looked at is not published: the date may move when it is. Whoever shows the date says
    /// so.
    bool is_assumed = false;
    friend bool operator==(const Due&, const Due&) = default;
};

/// Statutory days are counted from the day after `start`; when the last one is a day off, the next working
/// day takes its place. Total: after a year of days off it takes the day where it stands.
[[nodiscard]] Due due_date(Date start, unsigned count, const Calendar& calendar);
/// The last moment: what comes before it is in time.
[[nodiscard]] inline UtcTime end_of(const Due& due) noexcept {
    return start_of(due.date + days{1});
}

/// The years that should have been imported by `today` and are not: its own and, from December on, the next.
[[nodiscard]] std::vector<int> missing_years(const Calendar& calendar, Date today);

}  // namespace sluice::calendar
