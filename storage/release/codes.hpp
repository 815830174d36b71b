#pragma once

#include <span>
#include <string_view>

/// The stable codes of the rules: what stands against something, by which article, and what cures it.
namespace sluice::release {

struct CodeRow {
    std::string_view code;
    std::string_view
        article;  ///< of the customer's management rules, or "form", "control", "remedy"; may be empty
    unsigned status = 0;  ///< HTTP
    bool is_curable = false;
    std::string_view evidence;  ///< what has to be shown for it; empty: nothing
    std::string_view title;     ///< English
    std::string_view title_zh;  ///< 繁體中文
    /// Article 12: the director may set this rule aside in one case, by a numbered document.
    bool may_be_lifted = false;
    bool is_refusal_ground = false;  ///< a decision may refuse on it; the others gate or tell
};

[[nodiscard]] std::span<const CodeRow> all_codes() noexcept;
/// Null: no code of the rules.
[[nodiscard]] const CodeRow* find_code(std::string_view code) noexcept;

}  // namespace sluice::release
