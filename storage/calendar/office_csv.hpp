#pragma once

#include "storage/calendar/calendar.hpp"

#include <cstddef>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::calendar {

/// What is wrong with a line of the file, and what to do. Line 0: the file as a whole.
struct RowFault {
    std::size_t line = 0;
    std::string text;
    friend bool operator==(const RowFault&, const RowFault&) = default;
};
using RowFaults = std::vector<RowFault>;

constexpr std::size_t kMostCalendarBytes = 1U << 20U;
constexpr std::size_t kMostRowFaults = 100;  ///< more are counted, not listed

/// The government's office calendar: header `西元日期,星期,是否放假,備註`, a row a day
/// (`20261010,六,2,國慶日`; 0 working day, 2 off), all days of one year in any order. UTF-8 with or without
/// BOM, or Big5; lines end with LF or CRLF. All faults at once: bad dates, weekdays that are not the date's,
/// days twice or missing, a second year.
[[nodiscard]] std::expected<YearTable, RowFaults> parse_office_csv(std::string_view bytes);

/// "line 7: …", one a line.
[[nodiscard]] std::string describe(const RowFaults& faults);

}  // namespace sluice::calendar
