#pragma once

#include <span>
#include <string_view>

namespace sluice::catalogue::detail {

struct Migration {
    std::string_view name;  ///< file name
    std::string_view sql;
};

/// Roles, extension and the table of migrations; may run again and again, as the role that connected.
[[nodiscard]] const Migration& preparation() noexcept;
/// 0001, 0002, …: the n-th is number n + 1.
[[nodiscard]] std::span<const Migration> migrations() noexcept;

}  // namespace sluice::catalogue::detail
