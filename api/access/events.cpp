#include "api/access/detail/shared.hpp"
#include "api/access/rules.hpp"
#include "api/http/text.hpp"
#include "api/policy_in_force.hpp"
#include "storage/calendar/date.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace sluice::api::access_detail {
namespace {

constexpr std::chrono::hours kLongestFootage{24};

template <class Row>
std::expected<Row, http::Problem> named(
    const Call& call,
    Result<std::optional<Row>> (*find)(catalogue::Pool&, const Uuid&),
    const http::Problem& absent
) {
    const auto id = uuid_from_string(call.variables.front());
    if (!id) return std::unexpected(absent);
    auto row = find(call.services.database.pool(), *id);
    if (!row) return std::unexpected(to_problem(row.error()));
    if (!*row) return std::unexpected(absent);
    return std::move(**row);
}
std::expected<catalogue::EventRow, http::Problem> named_event(const Call& call) {
    return named(call, catalogue::find_event, problem(404, "EVENT_NOT_FOUND", "No event has this id."));
}
std::expected<catalogue::AlarmRow, http::Problem> named_alarm(const Call& call) {
    return named(call, catalogue::find_alarm, problem(404, "ALARM_NOT_FOUND", "No alarm has this id."));
}

/// "TIME ID", as the lists are ordered.
struct Cursor {
    UtcTime at;
    Uuid id;
};
std::string to_cursor_text(UtcTime at, const Uuid& id) {
    return std::to_string(to_epoch_us(at)) + '.' + sluice::to_string(id);
}
std::expected<std::optional<Cursor>, http::Problem> cursor_of(const Call& call) {
    const std::string* text = call.parameters.find("cursor");
    if (text == nullptr) return std::optional<Cursor>{};
    const auto bad = bad_parameter("cursor", "Not a cursor of this list.");
    const auto point = text->find('.');
    std::int64_t at = 0;
    const auto [end, code] = std::from_chars(text->data(), text->data() + std::min(point, text->size()), at);
    if (point == std::string::npos || code != std::errc{} || end != text->data() + point)
        return std::unexpected(bad);
    const auto id = uuid_from_string(text->substr(point + 1));
    if (!id) return std::unexpected(bad);
    return std::optional{Cursor{from_epoch_us(at), *id}};
}

std::optional<std::string> text_of(const Call& call, std::string_view name) {
    const std::string* text = call.parameters.find(name);
    return text == nullptr ? std::nullopt : std::optional{*text};
}

/// Both ends may be left out; from before to.
struct Ends {
    std::optional<UtcTime> from;
    std::optional<UtcTime> to;
};
std::expected<Ends, http::Problem> ends_of(const Call& call) {
    const auto from = call.parameters.time("from");
    if (!from) return std::unexpected(from.error());
    const auto to = call.parameters.time("to");
    if (!to) return std::unexpected(to.error());
    if (*from && *to && !(**from < **to))
        return std::unexpected(unfit_parameter("to", "INTERVAL_REVERSED", "Must be after from."));
    return Ends{*from, *to};
}

std::string list_json(const std::string& items, const std::string& next) {
    return "{\"items\":[" + items + "],\"next\":" + next + "}";
}

/// The cameras that see the door, each with the interval.
Answer door_footage(const Call& call, const std::string& slug, const TimeRange& range) {
    std::vector<FootagePointer> pointers;
    const auto door = catalogue::find_door(call.services.database.pool(), slug);
    if (!door) return std::unexpected(to_problem(door.error()));
    if (*door)
        for (const std::string& camera : (*door)->door.camera_slugs)
            pointers.push_back({camera, range});
    return json_response(footage_json(pointers));
}

}  // namespace

Answer list_events(const Call& call) {
    const auto limit = call.parameters.limit();
    if (!limit) return std::unexpected(limit.error());
    const auto cursor = cursor_of(call);
    if (!cursor) return std::unexpected(cursor.error());
    const auto ends = ends_of(call);
    if (!ends) return std::unexpected(ends.error());
    const catalogue::EventFilter filter{
        .door = text_of(call, "door"),
        .code = text_of(call, "code"),
        .category = text_of(call, "category"),
        .from = ends->from,
        .to = ends->to,
    };
    if (filter.code && !access::is_code(*filter.code))
        return std::unexpected(
            bad_parameter("code", "No code of events; see the list of codes in the contract.")
        );
    std::optional<catalogue::EventCursor> after;
    if (*cursor) after = {(*cursor)->at, (*cursor)->id};
    auto rows = catalogue::load_events(call.services.database.pool(), filter, after, *limit + 1);
    if (!rows) return std::unexpected(to_problem(rows.error()));
    std::string next = "null";
    if (rows->size() > *limit) {
        rows->resize(*limit);
        next = '"' + to_cursor_text(rows->back().at, rows->back().id) + '"';
    }
    std::string items;
    for (const auto& row : *rows)
        items += (items.empty() ? "" : ",") + event_json(row);
    return json_response(list_json(items, next));
}

Answer read_event(const Call& call) {
    const auto row = named_event(call);
    if (!row) return std::unexpected(row.error());
    return json_response(event_json(*row));
}

Answer event_footage(const Call& call) {
    const auto row = named_event(call);
    if (!row) return std::unexpected(row.error());
    // What the sender points at is more exact than what the house knows of the door.
    if (const auto& clip = row->event.clip) return json_response(footage_json({{clip->camera, clip->range}}));
    const auto rules = policy_in_force(call);
    if (!rules) return std::unexpected(rules.error());
    return door_footage(
        call, row->event.door, {row->at - rules->access.clip_before, row->at + rules->access.clip_after}
    );
}

Answer list_alarms(const Call& call) {
    const auto limit = call.parameters.limit();
    if (!limit) return std::unexpected(limit.error());
    const auto cursor = cursor_of(call);
    if (!cursor) return std::unexpected(cursor.error());
    const auto ends = ends_of(call);
    if (!ends) return std::unexpected(ends.error());
    const catalogue::AlarmFilter filter{
        .door = text_of(call, "door"),
        .kind = text_of(call, "kind"),
        .state = text_of(call, "state"),
        .from = ends->from,
        .to = ends->to,
    };
    if (filter.kind && !access::alarm_kind_from(*filter.kind))
        return std::unexpected(bad_parameter("kind", "No kind of alarm, such as held_open."));
    if (filter.state && *filter.state != "open" && *filter.state != "acknowledged" &&
        *filter.state != "resolved" && *filter.state != "refuted")
        return std::unexpected(bad_parameter("state", "Must be open, acknowledged, resolved or refuted."));
    std::optional<catalogue::AlarmCursor> after;
    if (*cursor) after = {(*cursor)->at, (*cursor)->id};
    auto rows = catalogue::load_alarms(call.services.database.pool(), filter, after, *limit + 1);
    if (!rows) return std::unexpected(to_problem(rows.error()));
    std::string next = "null";
    if (rows->size() > *limit) {
        rows->resize(*limit);
        next = '"' + to_cursor_text(rows->back().alarm.at, rows->back().alarm.id) + '"';
    }
    std::string items;
    for (const auto& row : *rows)
        items += (items.empty() ? "" : ",") + alarm_json(row);
    return json_response(list_json(items, next));
}

Answer read_alarm(const Call& call) {
    const auto row = named_alarm(call);
    if (!row) return std::unexpected(row.error());
    return json_response(alarm_json(*row));
}

Answer alarm_footage(const Call& call) {
    const auto row = named_alarm(call);
    if (!row) return std::unexpected(row.error());
    const auto rules = policy_in_force(call);
    if (!rules) return std::unexpected(rules.error());
    const access::Alarm& alarm = row->alarm;
    // A door that was held open is an alarm some time after it was opened: from its first event on.
    UtcTime from = alarm.at;
    if (!alarm.events.empty()) {
        const auto first = catalogue::find_event(call.services.database.pool(), alarm.events.front());
        if (!first) return std::unexpected(to_problem(first.error()));
        if (*first) from = std::min(from, (*first)->at);
    }
    const UtcTime until = std::min(alarm.until.value_or(call.now), alarm.at + kLongestFootage);
    return door_footage(
        call, alarm.door, {from - rules->access.clip_before, until + rules->access.clip_after}
    );
}

/// The week of a date in Asia/Taipei, from Monday on; the last whole one when it is left out.
std::expected<TimeRange, http::Problem> week_of(const Call& call) {
    calendar::Date date = calendar::taipei_date(call.now) - calendar::days{7};
    if (const std::string* text = call.parameters.find("week")) {
        const auto parsed = calendar::date_from(*text);
        if (!parsed)
            return std::unexpected(bad_parameter("week", "Must be a date of the week, such as 2026-11-23."));
        date = *parsed;
    }
    const calendar::Date monday = date - (std::chrono::weekday{date} - std::chrono::Monday);
    return TimeRange{calendar::start_of(monday), calendar::start_of(monday + calendar::days{7})};
}

Answer weekly_report(const Call& call) {
    const auto week = week_of(call);
    if (!week) return std::unexpected(week.error());
    const std::string* format = call.parameters.find("format");
    if (format != nullptr && *format != "json" && *format != "csv")
        return std::unexpected(bad_parameter("format", "Must be json or csv."));
    catalogue::Pool& pool = call.services.database.pool();
    auto lines = catalogue::load_open_doors(pool, *week, call.now);
    if (!lines) return std::unexpected(to_problem(lines.error()));
    OpenDoorsReport report{.week = *week, .lines = std::move(*lines), .unplaced = {}};
    const auto doors = catalogue::load_doors(pool);
    if (!doors) return std::unexpected(to_problem(doors.error()));
    for (const auto& row : *doors)
        if (row.door.boundary == access::Boundary::unplaced &&
            row.door.state == access::InventoryState::active)
            report.unplaced.push_back(row.door.slug);
    if (format == nullptr || *format == "json") return json_response(report_json(report));
    http::Response response;
    response.set("Content-Type", "text/csv; charset=utf-8; header=present");
    response.set("Cache-Control", "no-store");
    response.set("Content-Disposition", "attachment; filename=\"open-doors.csv\"");
    response.body = report_csv(report);
    return response;
}

}  // namespace sluice::api::access_detail
