#include "api/calendar/rules.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

namespace sluice::api {
namespace {

using calendar::Day;
using nlohmann::json;

std::string dump(const json& value) {
    return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

json override_object(const catalogue::CalendarOverrideRow& row) {
    return {
        {"id", to_string(row.id)},
        {"date", calendar::to_iso(row.day.date)},
        {"is_working_day", !row.day.is_off},
        {"reason", row.day.note},
        {"approver", row.approver},
        {"by", row.placer},
        {"at", to_rfc3339(row.placed)},
    };
}

json days_of(const CalendarView& view) {
    std::vector<calendar::YearTable> years;
    if (view.published != nullptr) years.push_back(view.published->table);
    std::vector<Day> overrides;
    overrides.reserve(view.overrides.size());
    for (const auto& row : view.overrides)
        overrides.push_back(row.day);
    const calendar::Calendar calendar{years, overrides};
    json days = json::array();
    const std::chrono::year year{view.year};
    const calendar::Date last = calendar::to_date(year / std::chrono::December / 31);
    std::size_t place = 0;
    for (auto date = calendar::to_date(year / std::chrono::January / 1); date <= last;
         date += calendar::days{1}) {
        const std::string note = years.empty() ? std::string{} : years.front().days.at(place++).note;
        days.push_back(
            {{"date", calendar::to_iso(date)},
             {"is_working_day", calendar.is_working_day(date)},
             {"note", note}}
        );
    }
    return days;
}

}  // namespace

std::string calendar_json(const CalendarView& view) {
    json object{
        {"year", view.year},
        {"import", nullptr},
        {"days", days_of(view)},
        {"overrides", json::array()},
        {"missing_years", view.missing_years},
    };
    if (view.published != nullptr)
        object["import"] = {
            {"sha256", to_hex(view.published->sha256)},
            {"by", view.published->importer},
            {"at", to_rfc3339(view.published->imported)},
        };
    for (const auto& row : view.overrides)
        object["overrides"].push_back(override_object(row));
    return dump(object);
}

std::string import_json(const calendar::YearTable& table, const Sha256Digest& sha256, bool is_new) {
    const auto off = std::ranges::count(table.days, true, &Day::is_off);
    return dump({
        {"year", table.year},
        {"working_days", std::ssize(table.days) - off},
        {"days_off", off},
        {"sha256", to_hex(sha256)},
        {"is_new", is_new},
    });
}

std::string override_json(const catalogue::CalendarOverrideRow& row) {
    return dump(override_object(row));
}

http::Problem calendar_problem(const calendar::RowFaults& faults) {
    json list = json::array();
    for (const calendar::RowFault& fault : faults)
        list.push_back({{"line", fault.line == 0 ? json(nullptr) : json(fault.line)}, {"detail", fault.text}}
        );
    return {
        .status = 422,
        .code = "CALENDAR_INVALID",
        .detail =
            "The file is not the office calendar of a year; `faults` says line by line what to correct.",
        .members = {{"faults", dump(list)}},
    };
}

}  // namespace sluice::api
