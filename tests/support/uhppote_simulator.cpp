#include "tests/support/uhppote_simulator.hpp"

namespace sluice::test {

UhppoteSimulator::UhppoteSimulator() : Commanded({SLUICE_BIN_DIR "/uhppote-simulator", kSerial}) {}

}  // namespace sluice::test
