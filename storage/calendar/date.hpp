#pragma once

#include "config/base/time.hpp"

#include <chrono>
#include <string>
#include <string_view>

/// Days of the office: dates in Asia/Taipei, the calendar of the government, and what falls due on it. Pure.
namespace sluice::calendar {

/// A civil date in Asia/Taipei. Its own clock, so it can't be taken for a UTC day.
using Date = std::chrono::local_days;
using std::chrono::days;

[[nodiscard]] Date to_date(std::chrono::year_month_day date) noexcept;
[[nodiscard]] Date taipei_date(UtcTime at) noexcept;
/// 00:00 of the date in Asia/Taipei. What is due on a date is due before `start_of(date + days{1})`.
[[nodiscard]] UtcTime start_of(Date date) noexcept;
[[nodiscard]] int year_of(Date date) noexcept;

/// "2019-10-02".
[[nodiscard]] std::string to_iso(Date date);
/// "108-10-02": years of the Republic. Before 1912 there are none; such a date is written like ISO.
[[nodiscard]] std::string to_roc(Date date);
/// "108年10月2日", and with the time "108年10月2日18時0分" (to the minute, cut).
[[nodiscard]] std::string to_roc_text(Date date);
[[nodiscard]] std::string to_roc_minute(UtcTime at);
/// "2019-10-02", or in years of the Republic "108-10-02" and "108/10/2": two or three digits of year are ROC,
/// four are CE. Years 1912–2411. Error: refuse, with an example.
[[nodiscard]] Result<Date> date_from(std::string_view text);

}  // namespace sluice::calendar
