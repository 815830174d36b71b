#include "storage/duty/incident_words.hpp"

#include "storage/duty/detail/closed_set.hpp"

#include <algorithm>

namespace sluice::duty {
namespace {

using detail::value_of;
using detail::word_of;
using detail::Words;

constexpr Words<kIncidentKinds> kKindWords{
    "door_forced",
    "door_held",
    "controller_failure",
    "power",
    "camera_fault",
    "recording_gap",
    "storage",
    "floor_violation",
    "facility_damage",
    "suspicious_person",
    "privacy_breach",
    "leak",
    "cyber",
    "break_glass",
};
constexpr Words<kIncidentStates> kStateWords{
    "detected",
    "triaged",
    "reported",
    "contained",
    "remediated",
    "closed",
    "false_alarm",
    "exercise",
};
constexpr Words<kSeverities> kSeverityWords{"low", "medium", "high", "critical"};

}  // namespace

std::string_view to_string(IncidentKind kind) noexcept {
    return word_of(kKindWords, kind);
}
std::optional<IncidentKind> incident_kind_from(std::string_view word) noexcept {
    return value_of<IncidentKind>(kKindWords, word);
}

bool is_security(IncidentKind kind) noexcept {
    return kind == IncidentKind::privacy_breach || kind == IncidentKind::leak ||
           kind == IncidentKind::cyber || kind == IncidentKind::break_glass;
}

bool is_fact(IncidentKind kind) noexcept {
    return kind == IncidentKind::floor_violation || kind == IncidentKind::break_glass;
}

std::string_view to_string(IncidentState state) noexcept {
    return word_of(kStateWords, state);
}
std::optional<IncidentState> incident_state_from(std::string_view word) noexcept {
    return value_of<IncidentState>(kStateWords, word);
}

bool is_end(IncidentState state) noexcept {
    return state == IncidentState::closed || state == IncidentState::false_alarm ||
           state == IncidentState::exercise;
}

std::string_view to_string(Severity severity) noexcept {
    return word_of(kSeverityWords, severity);
}
std::optional<Severity> severity_from(std::string_view word) noexcept {
    return value_of<Severity>(kSeverityWords, word);
}

Severity first_severity(IncidentKind kind) noexcept {
    switch (kind) {
        case IncidentKind::door_held:
        case IncidentKind::camera_fault:
        case IncidentKind::facility_damage:
            return Severity::low;
        case IncidentKind::controller_failure:
        case IncidentKind::power:
        case IncidentKind::recording_gap:
        case IncidentKind::storage:
        case IncidentKind::suspicious_person:
            return Severity::medium;
        case IncidentKind::door_forced:
        case IncidentKind::privacy_breach:
        case IncidentKind::leak:
        case IncidentKind::cyber:
        case IncidentKind::break_glass:
        case IncidentKind::floor_violation:
            return Severity::high;
    }
    return Severity::high;
}

Severity raised(Severity severity, unsigned steps) noexcept {
    constexpr auto kMost = static_cast<unsigned>(Severity::critical);
    return static_cast<Severity>(std::min(static_cast<unsigned>(severity) + steps, kMost));
}

}  // namespace sluice::duty
