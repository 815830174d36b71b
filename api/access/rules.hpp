#pragma once

#include "storage/catalogue/access_event_repository.hpp"
#include "storage/catalogue/alarm_repository.hpp"

#include <string>
#include <vector>

/// How events and alarms are told. Pure.
namespace sluice::api {

/// Of the card the last four letters and the first of its hash: enough to see that two are one.
[[nodiscard]] std::string event_json(const catalogue::EventRow& row);
[[nodiscard]] std::string alarm_json(const catalogue::AlarmRow& row);

/// One camera and a time, with the address where the footage is; opening it is asked for there.
struct FootagePointer {
    std::string camera;
    TimeRange range;
};
[[nodiscard]] std::string footage_json(const std::vector<FootagePointer>& pointers);

struct OpenDoorsReport {
    TimeRange week;
    std::vector<catalogue::OpenDoorLine> lines;
    std::vector<std::string> unplaced;  ///< doors of which nobody has said where they are
};
[[nodiscard]] std::string report_json(const OpenDoorsReport& report);
/// With BOM, for spreadsheets; no cell begins with what they take for a formula.
[[nodiscard]] std::string report_csv(const OpenDoorsReport& report);

}  // namespace sluice::api
