#include "storage/calendar/date.hpp"

#include <charconv>

#include <fmt/core.h>

namespace sluice::calendar {
namespace {

using std::chrono::year_month_day;

// Asia/Taipei keeps UTC+8 all year, and has since 1980: before any act of ours.
constexpr std::chrono::hours kTaipei{8};
constexpr int kBeforeRepublic = 1911;
constexpr int kLastYear = kBeforeRepublic + 500;

year_month_day fields_of(Date date) noexcept {
    return year_month_day{date};
}

unsigned month_of(Date date) noexcept {
    return static_cast<unsigned>(fields_of(date).month());
}

unsigned day_of(Date date) noexcept {
    return static_cast<unsigned>(fields_of(date).day());
}

/// Takes digits from the front of `text`; nullopt when there are fewer than `least` or more than `most`.
std::optional<int> take_number(std::string_view& text, std::size_t least, std::size_t most) {
    std::size_t count = 0;
    while (count < text.size() && text[count] >= '0' && text[count] <= '9')
        ++count;
    if (count < least || count > most) return std::nullopt;
    int number = 0;
    const std::string_view digits = text.substr(0, count);
    std::from_chars(digits.begin(), digits.end(), number);
    text.remove_prefix(count);
    return number;
}

std::optional<Date> parse_date(std::string_view text) {
    const std::size_t digits = text.find_first_of("-/");
    if (digits == std::string_view::npos) return std::nullopt;
    const char separator = text[digits];
    const auto take_separator = [&] {
        const bool is_there = text.starts_with(separator);
        if (is_there) text.remove_prefix(1);
        return is_there;
    };
    const auto year = take_number(text, 2, 4);
    if (!year || !take_separator()) return std::nullopt;
    const auto month = take_number(text, 1, 2);
    if (!month || !take_separator()) return std::nullopt;
    const auto day = take_number(text, 1, 2);
    if (!day || !text.empty()) return std::nullopt;
    const int common = digits == 4 ? *year : *year + kBeforeRepublic;
    const year_month_day date{
        std::chrono::year{common},
        std::chrono::month{static_cast<unsigned>(*month)},
        std::chrono::day{static_cast<unsigned>(*day)}
    };
    if (!date.ok() || common <= kBeforeRepublic || common > kLastYear) return std::nullopt;
    return to_date(date);
}

}  // namespace

Date to_date(year_month_day date) noexcept {
    return Date{date};
}

Date taipei_date(UtcTime at) noexcept {
    return Date{std::chrono::floor<days>(at + kTaipei).time_since_epoch()};
}

UtcTime start_of(Date date) noexcept {
    return UtcTime{date.time_since_epoch()} - kTaipei;
}

int year_of(Date date) noexcept {
    return static_cast<int>(fields_of(date).year());
}

std::string to_iso(Date date) {
    return fmt::format("{:04}-{:02}-{:02}", year_of(date), month_of(date), day_of(date));
}

std::string to_roc(Date date) {
    if (year_of(date) <= kBeforeRepublic) return to_iso(date);
    return fmt::format("{}-{:02}-{:02}", year_of(date) - kBeforeRepublic, month_of(date), day_of(date));
}

std::string to_roc_text(Date date) {
    if (year_of(date) <= kBeforeRepublic) return to_iso(date);
    return fmt::format("{}年{}月{}日", year_of(date) - kBeforeRepublic, month_of(date), day_of(date));
}

std::string to_roc_minute(UtcTime at) {
    const Date date = taipei_date(at);
    const auto minutes = std::chrono::floor<std::chrono::minutes>(at - start_of(date)).count();
    return fmt::format("{}{}時{}分", to_roc_text(date), minutes / 60, minutes % 60);
}

Result<Date> date_from(std::string_view text) {
    if (const auto date = parse_date(text)) return *date;
    return failure(
        Remedy::refuse,
        "must be a date such as 2019-10-02, or in years of the Republic 108-10-02",
        "DATE_INVALID"
    );
}

}  // namespace sluice::calendar
