#pragma once

#include "api/body.hpp"
#include "config/policy/policy.hpp"
#include "storage/catalogue/duty_period_repository.hpp"

#include <expected>
#include <string>
#include <vector>

/// Duty periods: what a body says and how one is told. Pure.
namespace sluice::api {

inline const std::vector<std::string> kPeriodMembers{"kind", "name", "reason", "from", "to", "checklist"};
/// Without id and placer. A special period names its end; an emergency may be left open. `from` left out:
/// now.
[[nodiscard]] std::expected<catalogue::DutyPeriodRow, http::Problem>
parse_period(const Body& body, const policy::DutyPolicy& policy, UtcTime now);

enum class PeriodState { upcoming, active, over };
[[nodiscard]] PeriodState state_at(const catalogue::DutyPeriodRow& row, UtcTime now) noexcept;
[[nodiscard]] std::string period_json(const catalogue::DutyPeriodRow& row, UtcTime now);

}  // namespace sluice::api
