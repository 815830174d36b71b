#pragma once

#include "api/route.hpp"

#include <functional>

namespace sluice::api {

/// For a handler that takes nothing: what a body says would be passed over in silence. It may be left out, or
/// be an empty object. 415; 400 UNKNOWN_MEMBER.
[[nodiscard]] std::function<Answer(const Call&)> bodiless(std::function<Answer(const Call&)> handler);

}  // namespace sluice::api
