#pragma once

#include "api/body.hpp"
#include "storage/catalogue/inspection_repository.hpp"
#include "storage/print/inspection_page.hpp"

#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// The inspection sheet: what a body says and how a day is told. Pure.
namespace sluice::api {

inline const std::vector<std::string> kInspectionMembers{
    "access_works",
    "access_had_problem",
    "cctv_works",
    "cctv_had_problem",
    "remark",
    "reason"
};
/// All four answers are given, none is guessed. INSPECTION_REMARK_MISSING: something is not in order.
[[nodiscard]] std::expected<catalogue::InspectionRow, http::Problem>
parse_inspection(const Body& body, duty::Date day);

/// "2026-11" as the month's first day. 404 MONTH_NOT_FOUND.
[[nodiscard]] std::expected<duty::Date, http::Problem> parse_month(std::string_view text);
[[nodiscard]] duty::Date next_month(duty::Date month);

/// Everything that is known of one day.
struct DayFacts {
    duty::Date day;
    bool is_working_day = false;
    duty::SheetState state = duty::SheetState::upcoming;
    UtcTime due;
    std::span<const catalogue::InspectionRow> versions;  ///< of the day, by version
    std::optional<catalogue::EvidenceRow> evidence;      ///< nullopt: nothing was looked at yet
};
[[nodiscard]] std::vector<std::string_view> discrepancies_of(const DayFacts& facts);
[[nodiscard]] std::string day_json(const DayFacts& facts);
[[nodiscard]] std::string month_json(
    duty::Date month,
    const std::vector<DayFacts>& days,
    const std::optional<catalogue::ClosedMonth>& closed
);
[[nodiscard]] print::InspectionMonth to_page(
    duty::Date month,
    const std::vector<DayFacts>& days,
    const std::optional<catalogue::ClosedMonth>& closed,
    UtcTime made
);

}  // namespace sluice::api
