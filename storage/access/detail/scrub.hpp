#pragma once

#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

namespace sluice::access::detail {

/// Takes card numbers and PINs out of what a sender says besides: the value of every member that is named
/// like one, and every place where `number` stands. The first number that was found under such a name, so
/// that it can be sealed; empty: none.
[[nodiscard]] std::string scrub(nlohmann::json& value, const std::string& number);

/// The text with every `number` of at least five letters put out of sight.
[[nodiscard]] std::string without_number(std::string text, std::string_view number);

}  // namespace sluice::access::detail
