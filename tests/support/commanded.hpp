#pragma once

#include "tests/support/process.hpp"
#include "tests/support/temp_folder.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace sluice::test {

/// A program that prints `port=N` and then answers each line of its input by a line. Everything throws
/// std::runtime_error when it can't be done.
class Commanded {
public:
    explicit Commanded(const std::vector<std::string>& command);

    /// Carries out a command; its answer.
    std::string command(const std::string& line);
    [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
    /// It is gone, as without power.
    void kill() { process_.kill_now(); }

private:
    TempFolder folder_;
    Process process_;
    std::uint16_t port_ = 0;
    std::size_t answered_ = 0;  ///< bytes of its output that were read
};

}  // namespace sluice::test
