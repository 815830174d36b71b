#pragma once

#include "api/doors/rules.hpp"
#include "api/route.hpp"

#include <string>
#include <vector>

namespace sluice::api {

/// JSON objects: controllers, and how the connection with each is.
[[nodiscard]] Parsed<std::vector<std::string>>
show_all(const Call& call, const std::vector<catalogue::ControllerRow>& rows);

}  // namespace sluice::api
