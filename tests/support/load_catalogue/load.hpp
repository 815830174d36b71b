#pragma once

#include "tests/support/load_catalogue/options.hpp"

namespace sluice::load {

/// One installation with `cameras` cameras ("load-01", …), a run a day and camera, a segment a minute; five
/// seconds are missing every day, with a gap row. Prints progress. May be run again for other days.
[[nodiscard]] Status load(const Options& options, UtcTime now);

/// Runs the repositories' questions over what was loaded: each once with its plan, then many times with the
/// clock.
[[nodiscard]] Status explain(const Options& options);

}  // namespace sluice::load
