#pragma once

#include "storage/access/derive.hpp"

#include <chrono>
#include <string>
#include <vector>

/// A house with a main door, a rear door, a room and a lock whose place nobody knows.
namespace sluice::access::test {

using namespace std::chrono_literals;

/// Of a day of November 2026 in Asia/Taipei. The 23rd is a Monday, the 28th a Saturday.
inline UtcTime at(unsigned day, std::chrono::minutes time) {
    return calendar::start_of(
               calendar::to_date(std::chrono::year{2026} / std::chrono::November / std::chrono::day{day})
           ) +
           time;
}
inline UtcTime at(unsigned day, std::chrono::hours hour) {
    return at(day, std::chrono::minutes{hour});
}

inline Situation house() {
    Controller controller;
    controller.id.bytes[0] = 1;
    controller.slug = "lobby";
    controller.source = "/controllers/lobby";
    controller.kind = ControllerKind::http_push;
    controller.heartbeat = 600s;
    DoorSchedule schedule;
    schedule.hours = {{UtcTime{}, {.free_from = 8h, .free_to = 18h}}};
    Situation situation;
    situation.controllers = {{controller}};
    situation.rules = {.after_hours_grace = 15min, .forced_release = 15s, .silent_heartbeats = 3};
    for (const char* slug : {"1f-main", "1f-rear", "3f-main", "room", "eml-01"}) {
        Door door;
        door.slug = slug;
        door.is_main = door.slug == "1f-main";
        door.is_rear = door.slug == "1f-rear";
        door.boundary = door.slug == "room"     ? Boundary::room
                        : door.slug == "eml-01" ? Boundary::unplaced
                                                : Boundary::building;
        door.held_open = 60s;
        door.controller_id = controller.id;
        DoorSchedule own = schedule;
        own.is_rear = door.is_rear;
        situation.doors.push_back({door, own});
    }
    return situation;
}

inline Event event(const std::string& code, const std::string& door, UtcTime time) {
    static unsigned number = 0;
    Event made;
    made.source = "/controllers/lobby";
    made.id = std::to_string(++number);
    made.code = code;
    made.door = door;
    made.device_time = time;
    made.received = time + 1s;
    return made;
}

constexpr TimeRange kAlways{UtcTime{}, UtcTime{std::chrono::hours{24 * 365 * 100}}};

inline std::vector<Alarm> alarms_of(std::vector<Event> events, const Situation& situation, UtcTime now) {
    return derive(situation, {.events = std::move(events), .covers = kAlways}, kAlways, now);
}
/// Those of one kind.
inline std::vector<Alarm>
alarms_of(AlarmKind kind, std::vector<Event> events, UtcTime now, const Situation& situation = house()) {
    auto alarms = alarms_of(std::move(events), situation, now);
    std::erase_if(alarms, [&](const Alarm& alarm) { return alarm.kind != kind; });
    return alarms;
}

}  // namespace sluice::access::test
