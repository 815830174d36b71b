#include "api/doors/schedule_rules.hpp"

#include <utility>

#include <fmt/core.h>
#include <nlohmann/json.hpp>

namespace sluice::api {
namespace {

using access::DoorMode;
using access::InventoryState;
using catalogue::OverrideRow;
using nlohmann::json;

constexpr std::size_t kLongestReason = 1000;
constexpr std::size_t kLongestName = 200;
constexpr std::chrono::days kLongestOverride{366};
constexpr std::chrono::days kFarthestBegin{366};
constexpr std::chrono::days kFarthestBack{31};

std::string dump(const json& value) {
    return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::string clock_text(std::chrono::minutes time) {
    return fmt::format("{:02}:{:02}", time.count() / 60, time.count() % 60);
}

json basis_object(const ScheduleBasis& basis) {
    return {
        {"free_from", clock_text(basis.hours.free_from)},
        {"is_free_from_assumed", basis.hours.is_free_from_assumed},
        {"free_to", clock_text(basis.hours.free_to)},
        {"time_zone", "Asia/Taipei"},
    };
}

void add_mode(json& object, const access::ModeAt& is) {
    object["mode"] = to_string(is.mode);
    object["reason"] = to_string(is.reason);
    object["override"] = is.override_id ? json(to_string(*is.override_id)) : json(nullptr);
    object["is_calendar_assumed"] = is.is_calendar_assumed;
}

json override_object(const OverrideRow& row) {
    const auto text_or_null = [](const std::string& text) {
        return text.empty() ? json(nullptr) : json(text);
    };
    json object{
        {"id", to_string(row.id)},
        {"door", text_or_null(row.door_slug)},
        {"mode", to_string(row.mode)},
        {"from", to_rfc3339(row.from)},
        {"to", row.to ? json(to_rfc3339(*row.to)) : json(nullptr)},
        {"reason", row.reason},
        {"document", text_or_null(row.document)},
        {"person", text_or_null(row.person)},
        {"owner", to_string(row.owner)},
        {"owner_id", row.owner_id ? json(to_string(*row.owner_id)) : json(nullptr)},
        {"by", row.placer},
        {"at", to_rfc3339(row.placed)},
        {"end", nullptr},
    };
    if (row.end)
        object["end"] = {
            {"at", to_rfc3339(row.end->ended)},
            {"by", row.end->ender},
            {"reason", row.end->reason},
            {"is_withdrawn", row.end->is_withdrawn}
        };
    return object;
}

void add_door_findings(const catalogue::DoorRow& row, std::vector<Finding>& found) {
    const access::Door& door = row.door;
    if (door.state == InventoryState::retired) return;
    const auto add = [&](const char* kind, const char* detail) {
        found.push_back({kind, door.slug, detail});
    };
    if (door.state == InventoryState::planned)
        return add("door_planned", "The door is planned and not controlled yet.");
    if (door.boundary == access::Boundary::unplaced)
        add("door_unplaced", "Nobody has said where the lock is; nothing is concluded from its events.");
    if (door.fail_mode == access::FailMode::unknown)
        add("door_fail_mode_unknown", "Nobody has said whether the door is open or locked without power.");
    if (!door.controller_id) add("door_without_controller", "No controller tells what happens at the door.");
    if (door.camera_slugs.empty()) add("door_without_camera", "No camera sees the door.");
}

}  // namespace

std::string mode_json(
    const std::string& door,
    UtcTime at,
    const access::ModeAt& is,
    const OverrideRow* over,
    const ScheduleBasis& basis
) {
    json object{
        {"door", door},
        {"at", to_rfc3339(at)},
        {"is_planned", basis.is_planned},
        {"hours", basis_object(basis)},
        {"decision", over == nullptr ? json(nullptr) : override_object(*over)},
    };
    add_mode(object, is);
    return dump(object);
}

std::string schedule_json(
    const std::string& door,
    const TimeRange& range,
    const std::vector<access::ModePeriod>& periods,
    const ScheduleBasis& basis
) {
    json object{
        {"door", door},
        {"from", to_rfc3339(range.from)},
        {"to", to_rfc3339(range.to)},
        {"is_planned", basis.is_planned},
        {"hours", basis_object(basis)},
        {"periods", json::array()},
    };
    for (const access::ModePeriod& period : periods) {
        json item{{"from", to_rfc3339(period.range.from)}, {"to", to_rfc3339(period.range.to)}};
        add_mode(item, period.is);
        object["periods"].push_back(std::move(item));
    }
    return dump(object);
}

std::string override_json(const OverrideRow& row) {
    return dump(override_object(row));
}

Parsed<OverrideRow> parse_override(const Body& body, UtcTime now) {
    const auto whole = [](UtcTime time) { return UtcTime{std::chrono::floor<std::chrono::seconds>(time)}; };
    const auto word = body.required_text("mode", kLongestName);
    if (!word) return std::unexpected(word.error());
    const auto mode = access::door_mode_from(*word);
    if (!mode)
        return std::unexpected(bad_member(
            "mode",
            "Must be one of free, controlled, blocked, eoc, duty_period, manual, fire_release, lockdown."
        ));
    const auto from = body.time("from");
    if (!from) return std::unexpected(from.error());
    const auto to = body.time("to");
    if (!to) return std::unexpected(to.error());
    OverrideRow row;
    row.mode = *mode;
    row.from = whole(from->value_or(now));
    if (*to) row.to = whole(**to);
    if (row.from < now - kFarthestBack || row.from > now + kFarthestBegin)
        return std::unexpected(
            unfit_member("from", "TIME_UNFIT", "Must be within the last 31 or the next 366 days.")
        );
    if (row.to && (*row.to <= row.from || *row.to > row.from + kLongestOverride))
        return std::unexpected(
            unfit_member("to", "TIME_UNFIT", "Must be after from, and at most 366 days later.")
        );
    auto reason = body.required_text("reason", kLongestReason);
    if (!reason) return std::unexpected(reason.error());
    auto document = body.text("document", kLongestName);
    if (!document) return std::unexpected(document.error());
    auto person = *mode == DoorMode::manual ? body.required_text("person", kLongestName)
                                            : body.text("person", kLongestName);
    if (!person) return std::unexpected(person.error());
    row.reason = std::move(*reason);
    row.document = std::move(*document);
    row.person = std::move(*person);
    row.placed = now;
    return row;
}

std::vector<Finding> findings_of(const FindingFacts& facts) {
    std::vector<Finding> found;
    for (const auto& row : facts.doors)
        add_door_findings(row, found);
    for (const auto& row : facts.controllers) {
        const access::Controller& controller = row.controller;
        if (controller.state == InventoryState::planned)
            found.push_back({"controller_planned", controller.slug, "The controller is planned."});
        if (controller.state == InventoryState::active && controller.make == "unknown")
            found.push_back({"controller_make_unknown", controller.slug, "Nobody has said who made it."});
        if (controller.state == InventoryState::active && controller.heartbeat && controller.source.empty())
            found.push_back(
                {"controller_source_unknown",
                 controller.slug,
                 "A heartbeat is expected, but nobody has said under which source it speaks: it can't be "
                 "missed."}
            );
    }
    if (facts.hours.is_free_from_assumed)
        found.push_back(
            {"opening_hour_assumed",
             "",
             "Doors are taken to be free from " + clock_text(facts.hours.free_from) +
                 "; confirm it in the policy (DOOR_FREE_FROM, DOOR_FREE_FROM_BASIS)."}
        );
    for (const int year : facts.missing_years)
        found.push_back(
            {"calendar_missing",
             "",
             "The office calendar of " + std::to_string(year) + " is missing: doors go by Monday to Friday."}
        );
    return found;
}

std::string to_json(const Finding& finding) {
    return dump(
        {{"kind", finding.kind},
         {"subject", finding.subject.empty() ? json(nullptr) : json(finding.subject)},
         {"detail", finding.detail}}
    );
}

}  // namespace sluice::api
