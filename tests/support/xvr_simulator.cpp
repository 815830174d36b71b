#include "tests/support/xvr_simulator.hpp"

namespace sluice::test {

XvrSimulator::XvrSimulator(std::chrono::milliseconds heartbeat)
    : Commanded({SLUICE_BIN_DIR "/xvr-simulator", kUser, kPassword, std::to_string(heartbeat.count())}) {}

}  // namespace sluice::test
