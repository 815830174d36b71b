#pragma once

#include "config/base/unique_fd.hpp"
#include "tests/support/xvr_simulator/recorder.hpp"

namespace sluice::xvr_simulator {

/// Serves one connection until the other side has enough of it.
void serve(UniqueFd fd, Recorder& recorder);

}  // namespace sluice::xvr_simulator
