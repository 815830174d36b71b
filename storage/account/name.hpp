#pragma once

#include "config/base/error.hpp"

#include <string>
#include <string_view>

namespace sluice::account {

struct Name {
    std::string shown;  ///< NFC, blanks at the ends cut
    /// What it looks like: names with the same key can be taken for each other (case, width, letters of
    /// other scripts, 0 and O, 1, I and l). For comparing alone.
    std::string key;
};

/// Error: refuse, for what is empty, over 64 letters, no UTF-8, holds letters that nobody sees (controls,
/// zero width, direction marks, unassigned and private ones), or mixes scripts that are never mixed (Latin
/// with Cyrillic). Han with Latin is well.
[[nodiscard]] Result<Name> to_name(std::string_view text);

/// NFC, for a password, which is taken as it is else. Pre: UTF-8.
[[nodiscard]] std::string to_nfc(std::string_view text);

/// Letters as Unicode counts them. Pre: UTF-8.
[[nodiscard]] std::size_t count_letters(std::string_view text);

}  // namespace sluice::account
