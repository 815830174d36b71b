#pragma once

#include "config/base/error.hpp"

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// Running texts of what is printed: data that the office replaces, never constants of a program.
namespace sluice::texts {

struct Text {
    std::string text;
    bool is_draft = false;  ///< not the office's wording yet: a page that shows it says so
    friend bool operator==(const Text&, const Text&) = default;
};

/// One text for every key of `known_keys`. Made by `parse_texts` alone. A value; any thread.
class Texts {
public:
    /// Pre: the key is known; another is a fault of the program and throws std::out_of_range.
    [[nodiscard]] const Text& get(std::string_view key) const;
    /// `{name}` replaced by its value. Pre: as above.
    [[nodiscard]] Text
    fill(std::string_view key, const std::vector<std::pair<std::string_view, std::string>>& values) const;
    /// "reason.CODE" where there is one.
    [[nodiscard]] const Text* find(std::string_view key) const;

private:
    friend Result<Texts> parse_texts(std::string_view text, const std::string& file);
    std::map<std::string, Text, std::less<>> texts_;
};

struct Key {
    std::string_view key;
    std::string_view placeholder;  ///< the one that may stand in it, without braces; empty: none
};
[[nodiscard]] std::span<const Key> known_keys() noexcept;

/// A file such as config/texts/zh-Hant.toml, at most 1 MiB. All complaints at once, one a line: a key that is
/// missing or unknown, a text that is empty, has control characters, or a placeholder that it does not know.
/// Error: refuse.
[[nodiscard]] Result<Texts> parse_texts(std::string_view text, const std::string& file);

/// Those that came with the program.
[[nodiscard]] const Texts& shipped_texts();

}  // namespace sluice::texts
