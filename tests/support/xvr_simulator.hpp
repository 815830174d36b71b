#pragma once

#include "tests/support/commanded.hpp"

#include <chrono>
#include <string>

namespace sluice::test {

/// A recorder in a process of its own (tests/support/xvr_simulator; recorder.cpp has all its commands).
class XvrSimulator : public Commanded {
public:
    explicit XvrSimulator(std::chrono::milliseconds heartbeat = std::chrono::milliseconds{100});

    /// Sends a part with this body.
    void event(const std::string& body) { command("event " + body); }
    static constexpr const char* kUser = "sluice";
    static constexpr const char* kPassword = "a password of the test";
};

}  // namespace sluice::test
