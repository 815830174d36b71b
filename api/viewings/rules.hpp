#pragma once

#include "api/http/problem.hpp"
#include "api/standing.hpp"
#include "storage/catalogue/viewing_repository.hpp"
#include "storage/release/viewing.hpp"

#include <expected>
#include <string>
#include <string_view>
#include <vector>

/// The rules of viewing sessions as pure functions.
namespace sluice::api {

/// What stands against playing.
[[nodiscard]] http::Problem obstacle_problem(release::Obstacle obstacle);

[[nodiscard]] release::ViewingFacts facts_of(const catalogue::ViewingRow& row);

/// Whether this escort may open the session now. 409 REQUEST_STATE, VIEWING_NO_SLOT, MASK_NOT_RENDERED; 403
/// ART7_NOT_APPROVED, ART9_4A_NO_ESCORT, the ground of a refusal; 404 and 410 NOT_HELD_… with proofs.
[[nodiscard]] std::expected<void, http::Problem>
check_opening(const catalogue::AppointmentRow& appointment, const Uuid& asker, UtcTime now);

/// Whether the viewer may come in now, before anything is asked of the viewer. 409 VIEWING_ENDED,
/// VIEWING_JOINED; 403 ART9_4A_NO_ESCORT, ART7_NOT_APPROVED.
[[nodiscard]] std::expected<void, http::Problem> check_joining(const catalogue::ViewingRow& row, UtcTime now);

/// What the session's viewer has been granted, as `authorize` is asked with it.
[[nodiscard]] std::vector<FootageRight>
rights_of(const catalogue::ViewingRow& row, const std::vector<catalogue::GrantItem>& items);

[[nodiscard]] std::string
viewing_json(const catalogue::ViewingRow& row, const std::vector<catalogue::GrantItem>& items);

}  // namespace sluice::api
