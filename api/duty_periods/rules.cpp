#include "api/duty_periods/rules.hpp"

#include <utility>

#include <nlohmann/json.hpp>

namespace sluice::api {
namespace {

using catalogue::DutyPeriodRow;
using nlohmann::json;

constexpr std::size_t kLongestText = 2000;
constexpr std::size_t kLongestName = 200;
constexpr std::size_t kMostItems = 100;

json time_json(const std::optional<UtcTime>& time) {
    return time ? json(to_rfc3339(*time)) : json(nullptr);
}

std::string_view to_string(PeriodState state) noexcept {
    switch (state) {
        case PeriodState::upcoming:
            return "upcoming";
        case PeriodState::active:
            return "active";
        case PeriodState::over:
            return "over";
    }
    return "over";
}

std::expected<void, http::Problem> parse_times(const Body& body, DutyPeriodRow& row, UtcTime now) {
    const auto from = body.time("from");
    if (!from) return std::unexpected(from.error());
    const auto to = body.time("to");
    if (!to) return std::unexpected(to.error());
    row.from = from->value_or(now);
    row.to = *to;
    // Incidents of before were weighed already, doors' alarms judged.
    if (row.from < now - std::chrono::minutes{1})
        return std::unexpected(unfit_member("from", "PERIOD_PAST", "A period begins now or later."));
    if (!row.to && row.kind == catalogue::PeriodKind::special)
        return std::unexpected(
            unfit_member("to", "MEMBER_MISSING", "A special duty period is laid down with its end.")
        );
    if (row.to && *row.to <= row.from)
        return std::unexpected(unfit_member("to", "INTERVAL_REVERSED", "Must be after from."));
    return {};
}

}  // namespace

std::expected<DutyPeriodRow, http::Problem>
parse_period(const Body& body, const policy::DutyPolicy& policy, UtcTime now) {
    DutyPeriodRow row;
    const auto word = body.required_text("kind", 16);
    if (!word) return std::unexpected(word.error());
    const auto kind = catalogue::period_kind_from(*word);
    if (!kind) return std::unexpected(bad_member("kind", "Must be special or eoc."));
    row.kind = *kind;
    auto name = body.required_text("name", kLongestName);
    if (!name) return std::unexpected(name.error());
    row.name = std::move(*name);
    auto reason = body.required_text("reason", kLongestText);
    if (!reason) return std::unexpected(reason.error());
    row.reason = std::move(*reason);
    if (const auto times = parse_times(body, row, now); !times) return std::unexpected(times.error());
    const auto items = body.texts("checklist", kMostItems);
    if (!items) return std::unexpected(items.error());
    for (const std::string& text : *items) {
        if (text.empty())
            return std::unexpected(unfit_member("checklist", "MEMBER_MISSING", "An item is empty."));
        row.items.push_back({.text = text, .done = std::nullopt, .doer = {}, .note = {}});
    }
    row.raises = policy.period_raises;
    return row;
}

PeriodState state_at(const DutyPeriodRow& row, UtcTime now) noexcept {
    const auto end = catalogue::end_of(row);
    if (end && now >= *end) return PeriodState::over;
    return now < row.from ? PeriodState::upcoming : PeriodState::active;
}

std::string period_json(const DutyPeriodRow& row, UtcTime now) {
    json items = json::array();
    for (const catalogue::PeriodItem& item : row.items) {
        json done = nullptr;
        if (item.done) done = {{"at", to_rfc3339(*item.done)}, {"by", item.doer}, {"note", item.note}};
        items.push_back({{"number", items.size() + 1}, {"text", item.text}, {"done", std::move(done)}});
    }
    json object{
        {"id", to_string(row.id)},
        {"kind", catalogue::to_string(row.kind)},
        {"name", row.name},
        {"reason", row.reason},
        {"state", to_string(state_at(row, now))},
        {"from", to_rfc3339(row.from)},
        {"to", time_json(row.to)},
        {"raises", row.raises},
        {"placed", to_rfc3339(row.placed)},
        {"by", row.placer},
        {"ended", nullptr},
        {"checklist", std::move(items)},
    };
    if (row.end)
        object["ended"] = {
            {"at", to_rfc3339(row.end->at)}, {"by", row.end->ender}, {"reason", row.end->reason}
        };
    return object.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace sluice::api
