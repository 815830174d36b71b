#include "api/inspections/rules.hpp"

#include <algorithm>
#include <utility>

#include <nlohmann/json.hpp>

namespace sluice::api {
namespace {

using calendar::days;
using calendar::to_iso;
using nlohmann::json;

constexpr std::size_t kLongestText = 2000;

std::expected<bool, http::Problem> parse_answer(const Body& body, const char* name) {
    const std::string answer = body.raw(name);
    if (answer.empty())
        return std::unexpected(unfit_member(name, "MEMBER_MISSING", "Each of the four questions is answered.")
        );
    if (answer != "true" && answer != "false")
        return std::unexpected(bad_member(name, "Must be true or false."));
    return answer == "true";
}

std::expected<duty::Tick, http::Problem>
parse_tick(const Body& body, const char* works, const char* problem) {
    const auto does_work = parse_answer(body, works);
    if (!does_work) return std::unexpected(does_work.error());
    const auto has_problem = parse_answer(body, problem);
    if (!has_problem) return std::unexpected(has_problem.error());
    return duty::Tick{.works = *does_work, .has_problem = *has_problem};
}

json tick_json(const duty::Tick& tick) {
    const duty::Marks marks = duty::marks_of(tick);
    return {
        {"works", tick.works},
        {"had_problem", tick.has_problem},
        {"marks", {{"works", marks.works}, {"problem", marks.problem}}},
    };
}

json entry_json(const catalogue::InspectionRow& row) {
    return {
        {"version", row.version},
        {"access", tick_json(row.access)},
        {"cctv", tick_json(row.cctv)},
        {"remark", row.remark},
        {"reason", row.reason},
        {"by", row.person},
        {"at", to_rfc3339(row.at)},
    };
}

json evidence_json(const catalogue::EvidenceRow& row) {
    json object = json::parse(row.facts);
    object["taken"] = to_rfc3339(row.taken);
    object["cctv_ok"] = row.cctv_ok;
    object["access_ok"] = row.access_ok ? json(*row.access_ok) : json(nullptr);
    return object;
}

json day_object(const DayFacts& facts) {
    json versions = json::array();
    for (const catalogue::InspectionRow& row : facts.versions)
        versions.push_back(entry_json(row));
    json object{
        {"date", to_iso(facts.day)},
        {"is_working_day", facts.is_working_day},
        {"state", to_string(facts.state)},
        {"due", to_rfc3339(facts.due)},
        {"entry", versions.empty() ? json(nullptr) : versions.back()},
        {"versions", versions},
        {"evidence", facts.evidence ? evidence_json(*facts.evidence) : json(nullptr)},
        {"discrepancies", discrepancies_of(facts)},
    };
    return object;
}

json closed_json(const std::optional<catalogue::ClosedMonth>& closed) {
    if (!closed) return nullptr;
    json missed = json::array();
    for (const duty::Date day : closed->missed)
        missed.push_back(to_iso(day));
    return {{"by", closed->closer}, {"at", to_rfc3339(closed->at)}, {"missed", std::move(missed)}};
}

std::string dump(const json& value) {
    return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace

std::expected<catalogue::InspectionRow, http::Problem> parse_inspection(const Body& body, duty::Date day) {
    const auto access = parse_tick(body, "access_works", "access_had_problem");
    if (!access) return std::unexpected(access.error());
    const auto cctv = parse_tick(body, "cctv_works", "cctv_had_problem");
    if (!cctv) return std::unexpected(cctv.error());
    auto remark = body.text("remark", kLongestText);
    if (!remark) return std::unexpected(remark.error());
    auto reason = body.text("reason", kLongestText);
    if (!reason) return std::unexpected(reason.error());
    if (remark->empty() && !(duty::is_in_order(*access) && duty::is_in_order(*cctv)))
        return std::unexpected(unfit_member(
            "remark", "INSPECTION_REMARK_MISSING", "What is not in order is explained in the remark."
        ));
    return catalogue::InspectionRow{
        .day = day,
        .version = 1,
        .access = *access,
        .cctv = *cctv,
        .remark = std::move(*remark),
        .reason = std::move(*reason),
        .person = {},
        .at = {},
    };
}

std::expected<duty::Date, http::Problem> parse_month(std::string_view text) {
    const auto first = calendar::date_from(std::string{text} + "-01");
    if (!first || text.size() != 7)
        return std::unexpected(http::problem(404, "MONTH_NOT_FOUND", "A month is named like 2026-11."));
    return *first;
}

duty::Date next_month(duty::Date month) {
    const std::chrono::year_month_day date{month};
    return duty::Date{date.year() / date.month() / std::chrono::last} + days{1};
}

std::vector<std::string_view> discrepancies_of(const DayFacts& facts) {
    if (facts.versions.empty() || !facts.evidence) return {};
    const catalogue::InspectionRow& entry = facts.versions.back();
    return duty::discrepancies(entry.access, entry.cctv, facts.evidence->cctv_ok, facts.evidence->access_ok);
}

std::string day_json(const DayFacts& facts) {
    return dump(day_object(facts));
}

std::string month_json(
    duty::Date month,
    const std::vector<DayFacts>& days_of_month,
    const std::optional<catalogue::ClosedMonth>& closed
) {
    json list = json::array();
    for (const DayFacts& facts : days_of_month)
        list.push_back(day_object(facts));
    return dump(
        {{"month", to_iso(month).substr(0, 7)}, {"closed", closed_json(closed)}, {"days", std::move(list)}}
    );
}

print::InspectionMonth to_page(
    duty::Date month,
    const std::vector<DayFacts>& days_of_month,
    const std::optional<catalogue::ClosedMonth>& closed,
    UtcTime made
) {
    print::InspectionMonth page{
        .month = month,
        .days = {},
        .closer = closed ? closed->closer : std::string{},
        .closed = closed ? std::optional{closed->at} : std::nullopt,
        .made = made
    };
    for (const DayFacts& facts : days_of_month) {
        print::InspectionDay day{.line = std::nullopt, .is_day_off = !facts.is_working_day};
        if (!facts.versions.empty()) {
            const catalogue::InspectionRow& entry = facts.versions.back();
            day.line = print::InspectionLine{
                .access = entry.access, .cctv = entry.cctv, .remark = entry.remark, .person = entry.person
            };
        }
        page.days.push_back(std::move(day));
    }
    return page;
}

}  // namespace sluice::api
