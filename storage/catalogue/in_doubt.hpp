#pragma once

#include "config/base/error.hpp"

#include <string_view>

namespace sluice::catalogue {

/// The label of a commit in which the connection was lost: the transaction may have happened, or not.
inline constexpr std::string_view kInDoubt = "in_doubt";
[[nodiscard]] inline bool is_in_doubt(const Error& error) noexcept {
    return error.label() == kInDoubt;
}

}  // namespace sluice::catalogue
