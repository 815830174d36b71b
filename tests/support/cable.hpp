#pragma once

#include "tests/support/process.hpp"
#include "tests/support/temp_folder.hpp"

#include <chrono>
#include <string>
#include <vector>

namespace sluice::test {

/// A network namespace and the cable into it (tests/support/cable), for as long as the object lives. Root
/// only; everything throws std::runtime_error when it can't be done.
class Cable {
public:
    Cable();
    /// Whether this process may make namespaces and network devices.
    [[nodiscard]] static bool can_be_laid();

    /// The address of who runs in there.
    [[nodiscard]] const std::string& address() const noexcept { return there_; }
    /// The words in front of a command that make it run in there.
    [[nodiscard]] std::vector<std::string> inside() const;

    void set_loss(double percent) { say("loss " + std::to_string(percent)); }
    void set_delay(std::chrono::milliseconds delay, std::chrono::milliseconds jitter);
    /// So many packets are overtaken by what is sent within that time after them.
    void set_late(double percent, std::chrono::milliseconds late);
    void pull_out() { say("plug out"); }
    void plug_in() { say("plug in"); }
    /// What is connected through it hears nothing any more; what connects anew is heard.
    void forget_connections() { say("forget"); }

private:
    void say(const std::string& command);

    TempFolder folder_;
    Process process_;
    std::string there_;
};

}  // namespace sluice::test
