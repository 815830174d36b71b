#include "api/access/rules.hpp"

#include "storage/calendar/date.hpp"

#include <nlohmann/json.hpp>

namespace sluice::api {
namespace {

using nlohmann::json;

json text_or_null(const std::string& text) {
    return text.empty() ? json(nullptr) : json(text);
}
json time_or_null(const std::optional<UtcTime>& at) {
    return at ? json(to_rfc3339(*at)) : json(nullptr);
}
json id_or_null(const std::optional<Uuid>& id) {
    return id ? json(to_string(*id)) : json(nullptr);
}
std::string dump(const json& object) {
    return object.dump(-1, ' ', false, json::error_handler_t::replace);
}

json saying(const std::optional<catalogue::Saying>& said) {
    if (!said) return nullptr;
    return {{"at", to_rfc3339(said->at)}, {"by", said->who}, {"reason", said->reason}};
}

/// RFC 4180.
std::string cell(const std::string& text) {
    const bool is_formula =
        !text.empty() && std::string_view{"=+-@\t\r"}.find(text.front()) != std::string_view::npos;
    std::string out = is_formula ? "\"'" : "\"";
    for (const char letter : text)
        out += letter == '"' ? std::string{"\"\""} : std::string{letter};
    return out + '"';
}

}  // namespace

std::string event_json(const catalogue::EventRow& row) {
    const access::Event& event = row.event;
    json card = nullptr;
    if (event.card)
        card = {{"last_four", event.card->last_four}, {"mark", to_hex(ByteView{event.card->hmac}.first(6))}};
    json clip = nullptr;
    if (event.clip)
        clip = {
            {"camera", event.clip->camera},
            {"from", to_rfc3339(event.clip->range.from)},
            {"to", to_rfc3339(event.clip->range.to)}
        };
    json data = json::parse(event.data, nullptr, false);
    if (!data.is_object()) data = json::object();
    return dump({
        {"id", to_string(row.id)},
        {"at", to_rfc3339(row.at)},
        {"code", event.code},
        {"source", event.source},
        {"event_id", event.id},
        {"device_time", time_or_null(event.device_time)},
        {"received", to_rfc3339(event.received)},
        {"door", text_or_null(event.door)},
        {"reader", text_or_null(event.reader)},
        {"direction", access::to_string(event.direction)},
        {"card", card},
        {"person_category", text_or_null(event.person_category)},
        {"unit", text_or_null(event.unit)},
        {"index", event.index ? json(*event.index) : json(nullptr)},
        {"clip", clip},
        {"batch", to_string(row.batch_id)},
        {"data", std::move(data)},
    });
}

std::string alarm_json(const catalogue::AlarmRow& row) {
    const access::Alarm& alarm = row.alarm;
    json events = json::array();
    for (const Uuid& id : alarm.events)
        events.push_back(to_string(id));
    return dump({
        {"id", to_string(alarm.id)},
        {"kind", access::to_string(alarm.kind)},
        {"code", access::code_of(alarm.kind)},
        {"severity", access::to_string(alarm.severity)},
        {"state", catalogue::state_of(row)},
        {"after_hours", alarm.is_after_hours},
        {"door", text_or_null(alarm.door)},
        {"source", alarm.source},
        {"at", to_rfc3339(alarm.at)},
        {"until", time_or_null(alarm.until)},
        {"cause", alarm.cause},
        {"events", events},
        {"raised", to_rfc3339(row.raised)},
        {"refuted", time_or_null(row.refuted)},
        {"refutation", text_or_null(row.refutation)},
        {"incident", id_or_null(row.incident_id)},
        {"hold", id_or_null(row.hold_id)},
        {"acknowledged", saying(row.acknowledgement)},
        {"resolved", saying(row.resolution)},
    });
}

std::string footage_json(const std::vector<FootagePointer>& pointers) {
    json items = json::array();
    for (const FootagePointer& pointer : pointers) {
        const std::string from = to_rfc3339(pointer.range.from);
        const std::string to = to_rfc3339(pointer.range.to);
        items.push_back({
            {"camera", pointer.camera},
            {"from", from},
            {"to", to},
            {"clip", "/v1/cameras/" + pointer.camera + "/clip.mp4?from=" + from + "&to=" + to},
        });
    }
    return dump({{"items", items}, {"next", nullptr}});
}

std::string report_json(const OpenDoorsReport& report) {
    json items = json::array();
    for (const catalogue::OpenDoorLine& line : report.lines)
        items.push_back({
            {"door", line.door},
            {"unit", text_or_null(line.unit)},
            {"held_open", line.held_open},
            {"after_hours", line.after_hours},
            {"unlocked", line.unlocked},
            {"open_seconds", line.open_seconds},
            {"longest_seconds", line.longest_seconds},
        });
    return dump({
        {"from", to_rfc3339(report.week.from)},
        {"to", to_rfc3339(report.week.to)},
        {"items", items},
        {"unplaced", report.unplaced},
        {"next", nullptr},
    });
}

std::string report_csv(const OpenDoorsReport& report) {
    std::string csv = "\xEF\xBB\xBF週起,門,單位,未關次數,下班後次數,未上鎖次數,開啟秒數,最長秒數\r\n";
    const std::string week = calendar::to_roc(calendar::taipei_date(report.week.from));
    for (const catalogue::OpenDoorLine& line : report.lines)
        csv += cell(week) + ',' + cell(line.door) + ',' + cell(line.unit) + ',' +
               std::to_string(line.held_open) + ',' + std::to_string(line.after_hours) + ',' +
               std::to_string(line.unlocked) + ',' + std::to_string(line.open_seconds) + ',' +
               std::to_string(line.longest_seconds) + "\r\n";
    return csv;
}

}  // namespace sluice::api
