#pragma once

#include "tests/support/process.hpp"
#include "tests/support/temp_folder.hpp"

#include <chrono>
#include <cstdint>
#include <string>

namespace sluice::test {

/// A recorder in a process of its own (tests/support/xvr_simulator). Everything throws std::runtime_error
/// when it can't be done.
class XvrSimulator {
public:
    explicit XvrSimulator(std::chrono::milliseconds heartbeat = std::chrono::milliseconds{100});

    /// Carries out a command (recorder.cpp has them all); its answer.
    std::string command(const std::string& line);
    /// Sends a part with this body.
    void event(const std::string& body) { command("event " + body); }
    [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
    /// It is gone, as without power.
    void kill() { process_.kill_now(); }
    static constexpr const char* kUser = "sluice";
    static constexpr const char* kPassword = "a password of the test";

private:
    TempFolder folder_;
    Process process_;
    std::uint16_t port_ = 0;
    std::size_t answered_ = 0;  ///< bytes of its output that were read
};

}  // namespace sluice::test
