#pragma once

#include "storage/release/case.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

/// Parts of a case as JSON, in rows and in answers. Cameras are ids here; names are the reader's to add.
namespace sluice::release {

[[nodiscard]] std::string_view to_string(Purpose purpose) noexcept;
[[nodiscard]] std::optional<Purpose> purpose_from(std::string_view word) noexcept;
[[nodiscard]] std::string_view to_string(Basis basis) noexcept;
[[nodiscard]] std::optional<Basis> basis_from(std::string_view word) noexcept;
[[nodiscard]] std::string_view to_string(Authority authority) noexcept;
[[nodiscard]] std::optional<Authority> authority_from(std::string_view word) noexcept;

[[nodiscard]] nlohmann::json to_json(const Form& form);
/// Error: refuse, for what `to_json` does not make.
[[nodiscard]] Result<Form> form_from_json(std::string_view text);

[[nodiscard]] nlohmann::json to_json(const std::vector<Place>& places);
[[nodiscard]] Result<std::vector<Place>> places_from_json(std::string_view text);

}  // namespace sluice::release
