#pragma once

#include "storage/release/words.hpp"

#include <string_view>

/// The office's words for ours, as they stand on paper.
namespace sluice::print {

[[nodiscard]] std::string_view in_chinese(release::Kind kind) noexcept;        ///< 調閱, 複製
[[nodiscard]] std::string_view in_chinese(release::Channel channel) noexcept;  ///< 局內, 局外, 司法
[[nodiscard]] std::string_view in_chinese(release::Entry entry) noexcept;      ///< of the register

}  // namespace sluice::print
