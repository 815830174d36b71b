#pragma once

#include "storage/catalogue/request_repository.hpp"
#include "storage/release/case.hpp"

#include <map>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

/// Cases as JSON for clients. Pure.
namespace sluice::api::requests {

/// Names cameras by slug.
using Slugs = std::map<Uuid, std::string>;

[[nodiscard]] nlohmann::json to_json(const catalogue::RequestSummary& summary);
[[nodiscard]] nlohmann::json to_json(
    const release::Case& request,
    const std::vector<catalogue::RequestEvent>& history,
    const Slugs& slugs
);

}  // namespace sluice::api::requests
