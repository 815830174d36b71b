#pragma once

#include "tests/support/load_catalogue/options.hpp"

namespace sluice::load {

/// One installation with `cameras` cameras ("load-01", …), a run a day and camera, one segment behind the
/// other (a minute each, or as long as --link-file is); the last one of every day is missing, with a gap row.
/// Prints progress. May be run again for other days.
[[nodiscard]] Status load(const Options& options, UtcTime now);

/// Runs the repositories' questions over what was loaded: each once with its plan, then many times with the
/// clock.
[[nodiscard]] Status explain(const Options& options);

}  // namespace sluice::load
