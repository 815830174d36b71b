#pragma once

#include "storage/duty/inspection.hpp"
#include "storage/print/document.hpp"

#include <optional>
#include <string>
#include <vector>

/// 每日巡檢表: one page a month. Pure.
namespace sluice::print {

struct InspectionLine {
    duty::Tick access;
    duty::Tick cctv;
    std::string remark;
    std::string person;
};
struct InspectionDay {
    std::optional<InspectionLine> line;  ///< nullopt: nobody has filled it
    bool is_day_off = false;
};
struct InspectionMonth {
    duty::Date month;                 ///< its first day
    std::vector<InspectionDay> days;  ///< of the month, from the first on
    std::string closer;               ///< head of the unit; empty: not closed
    std::optional<UtcTime> closed;
    UtcTime made;
};
/// Always 31 rows; those behind the month's end are struck out.
[[nodiscard]] Document inspection_page(const InspectionMonth& month);

}  // namespace sluice::print
