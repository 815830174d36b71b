#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

/// Why footage that was asked for is not here. Pure.
namespace sluice::release {

/// What the catalogue knows of a camera's footage of a time of which nothing is there, and what the officer
/// adds to it.
struct NotHeld {
    bool is_known = true;                  ///< the camera was one of ours
    std::uint64_t destroyed = 0;           ///< segments with a tombstone
    std::span<const std::string> rules{};  ///< why they were destroyed
    bool has_other_controller = false;     ///< another body recorded it, and is named
};
/// Destroyed under a certificate, overwritten in the rolling window, kept by another body, never recorded.
/// What the catalogue itself has destroyed is never another's.
[[nodiscard]] std::string_view not_held_code(const NotHeld& facts);

/// The one that tells most of several, in the order of the function above; empty: there is none.
[[nodiscard]] std::string_view foremost_not_held(std::span<const std::string> codes);

}  // namespace sluice::release
