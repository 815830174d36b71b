#pragma once

#include "config/base/error.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace sluice::account {

/// Error: refuse, for none, one twice, or one that is not of this kind of account.
[[nodiscard]] Status check_roles(bool is_person, const std::vector<std::string>& roles);
/// "2026-11-20", a day that there is.
[[nodiscard]] bool is_date(std::string_view text) noexcept;

}  // namespace sluice::account
