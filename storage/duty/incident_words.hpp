#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

/// Closed sets of words of incidents. Their spelling stands in rows, records and answers: never change one.
namespace sluice::duty {

enum class IncidentKind {
    door_forced,
    door_held,
    controller_failure,
    power,
    camera_fault,
    recording_gap,
    storage,
    floor_violation,
    facility_damage,
    suspicious_person,
    privacy_breach,
    leak,
    cyber,
    break_glass,
};
inline constexpr std::size_t kIncidentKinds = 14;
[[nodiscard]] std::string_view to_string(IncidentKind kind) noexcept;
[[nodiscard]] std::optional<IncidentKind> incident_kind_from(std::string_view word) noexcept;
/// Information security and personal data: reported within the shorter time (INC_REPORT_SECURITY).
[[nodiscard]] bool is_security(IncidentKind kind) noexcept;
/// The record itself says that it happened: nobody can call it a false alarm or an exercise.
[[nodiscard]] bool is_fact(IncidentKind kind) noexcept;

enum class IncidentState {
    detected,
    triaged,
    reported,
    contained,
    remediated,
    closed,
    false_alarm,
    exercise,
};
inline constexpr std::size_t kIncidentStates = 8;
[[nodiscard]] std::string_view to_string(IncidentState state) noexcept;
[[nodiscard]] std::optional<IncidentState> incident_state_from(std::string_view word) noexcept;
/// Nothing follows it.
[[nodiscard]] bool is_end(IncidentState state) noexcept;

enum class Severity { low, medium, high, critical };
inline constexpr std::size_t kSeverities = 4;
[[nodiscard]] std::string_view to_string(Severity severity) noexcept;
[[nodiscard]] std::optional<Severity> severity_from(std::string_view word) noexcept;
/// Before anybody has looked at it.
[[nodiscard]] Severity first_severity(IncidentKind kind) noexcept;
/// So many steps up, at most critical.
[[nodiscard]] Severity raised(Severity severity, unsigned steps) noexcept;

}  // namespace sluice::duty
