#pragma once

#include "api/http/problem.hpp"

#include <string>
#include <string_view>

namespace sluice::api {

enum class Language { english, chinese };
/// What an Accept-Language header (RFC 9110 §12.5.4) wants of the two: the one with the higher weight, the
/// first of equals; English when it names neither. Pure; any bytes may come.
[[nodiscard]] Language preferred_language(std::string_view accepted) noexcept;

/// A problem whose code is one of the rules gets its title in the language, and article, curable and
/// evidence_required as members. Any other stays as it is.
[[nodiscard]] http::Problem explained(http::Problem problem, Language language);

}  // namespace sluice::api
