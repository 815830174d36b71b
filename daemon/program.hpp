#pragma once

#include "config/base/time.hpp"
#include "storage/volume/durable_files.hpp"

namespace sluice::daemon {

/// sluice-recorder from its command line to its exit code: records the configured cameras until SIGTERM;
/// SIGHUP reads the configuration again. Clock and disk come from outside, so that a test can run the whole
/// program with others. Thread: main's; blocks signals for all threads it starts.
[[nodiscard]] int run_program(int count, char** words, const Clock& clock, volume::DurableFiles& files);

}  // namespace sluice::daemon
