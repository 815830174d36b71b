#pragma once

#include "storage/contractor/foreign_file.hpp"

#include <string>

/// What a foreign file holds, found by reading all of it once, before anything is written.
namespace sluice::contractor {

struct Survey {
    ForeignFacts facts;
    std::uint64_t pictures = 0;
    Microseconds length{};
    /// Empty: it can be made into segments. Else why not: "CODEC" or "NO_KEY_PICTURE".
    std::string unplayable_code;
    std::string unplayable;
    [[nodiscard]] bool is_playable() const noexcept { return unplayable_code.empty(); }
};
/// Error: as of ForeignFile.
[[nodiscard]] Result<Survey> survey(const std::filesystem::path& file, const GoOn& go_on);

}  // namespace sluice::contractor
