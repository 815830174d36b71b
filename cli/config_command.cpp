#include "cli/commands.hpp"
#include "config/load.hpp"

#include <fmt/core.h>

namespace sluice::cli {

Status check_config(const fs::path& file, bool is_strict) {
    const config::Loaded loaded = config::load(file, config::Secrets::all);
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
