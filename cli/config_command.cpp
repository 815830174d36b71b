#include "cli/commands.hpp"
#include "config/load.hpp"

#include <algorithm>
#include <iterator>

#include <fmt/core.h>

namespace sluice::cli {

Status check_config(const fs::path& file, bool is_strict) {
    config::Loaded loaded = config::load(file, config::Secrets::all);
    if (loaded.is_usable())
        std::ranges::move(config::missing_contacts(loaded.config, file), std::back_inserter(loaded.problems));
    std::size_t counted = 0;
    for (const config::Problem& problem : loaded.problems) {
        const bool is_counted = is_strict || !problem.is_warning;
        if (is_counted) ++counted;
        fmt::print("{}\n", problem.describe());
    }
    if (counted > 0) return failure(Remedy::refuse, fmt::format("{}: {} to mend", file.string(), counted));
    std::size_t cameras = 0;
    for (const config::Recorder& recorder : loaded.config.recorders)
        cameras += recorder.cameras.size();
    fmt::print(
        "{}: {} recorders, {} cameras, fine\n", file.string(), loaded.config.recorders.size(), cameras
    );
    return {};
}

}  // namespace sluice::cli
