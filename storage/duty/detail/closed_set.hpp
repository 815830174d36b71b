#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

/// Enumerations and their spelling: a list in the order of the enumerators.
namespace sluice::duty::detail {

template <std::size_t Count>
using Words = std::array<std::string_view, Count>;

template <class Enum, std::size_t Count>
std::string_view word_of(const Words<Count>& words, Enum value) noexcept {
    return words.at(static_cast<std::size_t>(value));
}

template <class Enum, std::size_t Count>
std::optional<Enum> value_of(const Words<Count>& words, std::string_view word) noexcept {
    const auto found = std::ranges::find(words, word);
    if (found == words.end()) return std::nullopt;
    return static_cast<Enum>(found - words.begin());
}

}  // namespace sluice::duty::detail
