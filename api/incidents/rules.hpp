#pragma once

#include "api/body.hpp"
#include "api/standing.hpp"
#include "config/policy/history.hpp"
#include "storage/catalogue/incident_case_repository.hpp"
#include "storage/catalogue/principal_repository.hpp"
#include "storage/duty/incident_lifecycle.hpp"

#include <expected>
#include <optional>
#include <string>
#include <vector>

/// Incidents: what a body asks for and how one is told. Pure.
namespace sluice::api {

struct IncidentRequest {
    duty::IncidentKind kind = duty::IncidentKind::facility_damage;
    std::string cause;
    std::optional<duty::Severity> severity;
    std::string subject;  ///< JSON object
};
inline const std::vector<std::string> kIncidentMembers{"kind", "cause", "severity", "subject"};
[[nodiscard]] std::expected<IncidentRequest, http::Problem> parse_incident(const Body& body);

struct StepRequest {
    duty::IncidentAction action = duty::IncidentAction::triage;
    std::string finding;
    std::string recipient;
    std::string reference;  ///< number of the report, or of a paper
    std::optional<duty::Severity> severity;
};
inline const std::vector<std::string> kStepMembers{"action", "finding", "recipient", "reference", "severity"};
[[nodiscard]] std::expected<StepRequest, http::Problem> parse_step(const Body& body);

/// What somebody is in an incident. A machine `operator` handles; what takes another person is nobody's then.
[[nodiscard]] std::vector<duty::IncidentPart>
incident_parts_of(const catalogue::PrincipalRow& principal, const Standing& standing);

[[nodiscard]] http::Problem step_problem(const duty::IncidentVerdict& verdict);
/// JSON object: what the step says.
[[nodiscard]] std::string step_facts(const StepRequest& step);

/// One JSON object; the clocks are those of the policy in force at its detection. `parts`: nullptr leaves
/// them out.
[[nodiscard]] std::string incident_json(
    const catalogue::IncidentRow& incident,
    const catalogue::IncidentParts* parts,
    const policy::History& history,
    UtcTime now
);

}  // namespace sluice::api
