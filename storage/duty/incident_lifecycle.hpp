#pragma once

#include "config/base/time.hpp"
#include "config/policy/policy.hpp"
#include "storage/duty/incident_words.hpp"

#include <functional>
#include <optional>
#include <span>
#include <string_view>

/// The life cycle of an incident as a table: state, action, part and guard give the next state or the code of
/// what stands against it. What is in no row is refused. tests/data/incident_lifecycle.csv holds the same,
/// written by hand.
namespace sluice::duty {

enum class IncidentAction {
    triage,
    report,
    contain,
    remediate,
    close,
    dismiss,        ///< it was a false alarm
    mark_exercise,  ///< it was an exercise
};
inline constexpr std::size_t kIncidentActions = 7;
[[nodiscard]] std::string_view to_string(IncidentAction action) noexcept;
[[nodiscard]] std::optional<IncidentAction> incident_action_from(std::string_view word) noexcept;

/// What somebody is in an incident.
enum class IncidentPart {
    handler,  ///< of the secretariat
    head,     ///< of the unit, or the director
};
inline constexpr std::size_t kIncidentParts = 2;
[[nodiscard]] std::string_view to_string(IncidentPart part) noexcept;

/// Facts about an incident and an attempt. In a row: the row counts when its guard holds; `ready` always
/// does.
enum class IncidentGuard {
    ready,
    is_fact,
    is_security,
    no_recipient,
    no_finding,
    repair_open,
    is_remediator,
};
inline constexpr std::size_t kIncidentGuards = 7;
[[nodiscard]] std::string_view to_string(IncidentGuard guard) noexcept;

struct IncidentTransition {
    IncidentState state;
    IncidentAction action;
    IncidentPart part;
    IncidentGuard guard;
    std::optional<IncidentState> next;
    std::string_view code;  ///< of the refusal; empty when there is a next state
    std::string_view article;
};
/// All rows; those of one state, action and part stand together in the order in which they count.
[[nodiscard]] std::span<const IncidentTransition> incident_transitions();

/// The incident and what is tried, as the guards need it.
struct IncidentAttempt {
    IncidentKind kind = IncidentKind::storage;
    bool has_finding = false;
    bool has_recipient = false;    ///< whom it was reported to
    bool has_open_repair = false;  ///< a linked one
    bool is_remediator = false;    ///< the same person remediated it
};
struct IncidentVerdict {
    std::optional<IncidentState> next;  ///< nullopt: refused
    IncidentPart part = IncidentPart::handler;
    std::string_view code;  ///< of the refusal
    std::string_view article;
};
/// The first part that may goes; otherwise the first one's refusal. INCIDENT_STATE: nobody does that in this
/// state. ROLE_NOT_ALLOWED: others do.
[[nodiscard]] IncidentVerdict step(
    IncidentState state,
    IncidentAction action,
    std::span<const IncidentPart> parts,
    const IncidentAttempt& attempt
);

struct IncidentCode {
    std::string_view code;
    unsigned status;         ///< of HTTP
    std::string_view field;  ///< the member that cures it, or empty
    std::string_view detail;
};
/// Null: no refusal of the life cycle has this code.
[[nodiscard]] const IncidentCode* find_incident_code(std::string_view code) noexcept;

/// When the next step is late. Clocks run from the detection, so a step that came late shortens no other one
/// and lengthens none. nullopt: nothing is waited for.
[[nodiscard]] std::optional<UtcTime>
due_of(IncidentKind kind, IncidentState state, UtcTime opened, const policy::IncidentPolicy& policy);

}  // namespace sluice::duty
