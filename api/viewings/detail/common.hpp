#pragma once

#include "api/route.hpp"
#include "config/policy/policy.hpp"
#include "storage/catalogue/viewing_repository.hpp"

namespace sluice::api::detail {

/// Of the first variable. 404 VIEWING_NOT_FOUND.
[[nodiscard]] std::expected<catalogue::ViewingRow, http::Problem> get_viewing(const Call& call);
[[nodiscard]] std::expected<std::vector<catalogue::GrantItem>, http::Problem>
get_items(const Call& call, const Uuid& grant_id);
[[nodiscard]] std::expected<policy::ReleasePolicy, http::Problem> get_policy(const Call& call);

void add_playback_routes(Routes& routes);

}  // namespace sluice::api::detail
