#pragma once

#include <string_view>

namespace sluice::api {

/// The text of api/openapi.yaml, as this binary was built with it.
[[nodiscard]] std::string_view contract_text();

}  // namespace sluice::api
