#pragma once

#include "api/doors/rules.hpp"
#include "storage/access/schedule.hpp"
#include "storage/catalogue/override_repository.hpp"

#include <string>
#include <vector>

/// A door's modes as they are told, and what is decided against them. Pure.
namespace sluice::api {

/// What all answers about a schedule say: what the doors' hours are, and what of it is only assumed.
struct ScheduleBasis {
    access::OfficeHours hours;  ///< in force at the instant that is asked about
    bool is_planned = false;    ///< the door is not there yet
};

/// `over`: the override that decides, or null.
[[nodiscard]] std::string mode_json(
    const std::string& door,
    UtcTime at,
    const access::ModeAt& is,
    const catalogue::OverrideRow* over,
    const ScheduleBasis& basis
);
[[nodiscard]] std::string schedule_json(
    const std::string& door,
    const TimeRange& range,
    const std::vector<access::ModePeriod>& periods,
    const ScheduleBasis& basis
);
[[nodiscard]] std::string override_json(const catalogue::OverrideRow& row);

inline const std::vector<std::string>
    kOverrideMembers{"door", "mode", "from", "to", "reason", "document", "person"};
/// Without `door`, which is the caller's to look up. It begins now unless it says otherwise, at most 31 days
/// before, and at a whole second. 422, naming the member.
[[nodiscard]] Parsed<catalogue::OverrideRow> parse_override(const Body& body, UtcTime now);

/// What is still open about the doors: {"kind", "subject", "detail"} each.
struct Finding {
    std::string kind;     ///< "door_planned", "door_unplaced", …
    std::string subject;  ///< slug of the door or controller; empty: the house
    std::string detail;
    friend bool operator==(const Finding&, const Finding&) = default;
};
struct FindingFacts {
    const std::vector<catalogue::ControllerRow>& controllers;
    const std::vector<catalogue::DoorRow>& doors;
    access::OfficeHours hours;
    std::vector<int> missing_years;  ///< of the office calendar
};
[[nodiscard]] std::vector<Finding> findings_of(const FindingFacts& facts);
[[nodiscard]] std::string to_json(const Finding& finding);

}  // namespace sluice::api
