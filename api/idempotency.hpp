#pragma once

#include "api/route.hpp"
#include "config/base/uuid.hpp"

#include <expected>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::api {

/// The id that a principal's Idempotency-Key stands for among things of a kind ("job", "hold"): the same key
/// is the same thing. Pure.
[[nodiscard]] Uuid id_of_key(std::string_view kind, const Uuid& principal_id, const std::string& key);

/// The id for what the request makes; nullopt: it has no key. What belongs to something says so in the kind
/// ("consent REQUEST"): the same key elsewhere is another thing. 400 BAD_IDEMPOTENCY_KEY.
[[nodiscard]] std::expected<std::optional<Uuid>, http::Problem>
idempotent_id(const Call& call, std::string_view kind);

}  // namespace sluice::api
