#pragma once

#include "config/base/error.hpp"
#include "config/base/time.hpp"

#include <filesystem>
#include <string>

namespace sluice::load {

struct Options {
    std::string conninfo;  ///< a role that may write everything (sluice_super); migrated here if it is not
    int days = 1;
    int cameras = 2;
    UtcTime end;                      ///< midnight after the last day
    std::filesystem::path index;      ///< an encoded index, or empty: made up
    std::filesystem::path link_file;  ///< a real segment that gets all names, or empty
    std::filesystem::path volume;     ///< with an identity; where the names are made
    bool has_index = true;            ///< rows with index; without, a year fits on a small disk
    bool with_plans = false;
    bool plans_only = false;
    bool is_help = false;
};

[[nodiscard]] Result<Options> read_options(int count, char** words, UtcTime now);
[[nodiscard]] const char* help() noexcept;

}  // namespace sluice::load
