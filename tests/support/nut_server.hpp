#pragma once

#include "tests/support/process.hpp"
#include "tests/support/temp_folder.hpp"

#include <cstdint>
#include <filesystem>
#include <string>

namespace sluice::test {

/// Debian's NUT server on a free loopback port with one UPS that is a file (`dummy-ups`), in a folder of its
/// own. Throws std::runtime_error when it does not come up.
class NutServer {
public:
    NutServer();

    /// What `upsc` would show from now on, within a second or two.
    void say(const std::string& status, unsigned charge) const;
    /// The driver ends, and the server says so. And there again.
    void stop_driver();
    void start_driver();

    [[nodiscard]] std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
    static constexpr const char* kUnit = "ups1";
    static constexpr const char* kUser = "sluice";
    static constexpr const char* kPassword = "a secret of the test";

private:
    void write(const std::string& name, const std::string& text) const;
    [[nodiscard]] ProcessOptions options(const std::string& log) const;

    TempFolder folder_;
    std::uint16_t port_ = 0;
    Process driver_;
    Process server_;
};

}  // namespace sluice::test
