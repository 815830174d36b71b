#pragma once

#include "tests/support/commanded.hpp"

#include <string>

namespace sluice::test {

/// A door controller board in a process of its own (tests/support/uhppote_simulator has its commands).
class UhppoteSimulator : public Commanded {
public:
    UhppoteSimulator();
    static constexpr const char* kSerial = "405419896";
};

}  // namespace sluice::test
