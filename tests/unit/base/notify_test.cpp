#include "config/base/notify.hpp"

#include "config/base/unique_fd.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <catch2/catch.hpp>

using namespace std::chrono_literals;

namespace {

/// One variable for the length of a test.
class Variable {
public:
    Variable(const char* name, const std::string& value) : name_(name) { ::setenv(name, value.c_str(), 1); }
    ~Variable() { ::unsetenv(name_); }
    Variable(const Variable&) = delete;
    Variable& operator=(const Variable&) = delete;

private:
    const char* name_;
};

/// A supervisor's socket under `name` ("@…" is abstract).
sluice::UniqueFd listen_at(const std::string& name) {
    sluice::UniqueFd fd{::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    name.copy(address.sun_path, sizeof address.sun_path - 1);
    if (name[0] == '@') address.sun_path[0] = '\0';
    const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
    REQUIRE(::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), length) == 0);
    return fd;
}

std::string received(const sluice::UniqueFd& fd) {
    std::array<char, 256> text{};
    const ssize_t count = ::recv(fd.get(), text.data(), text.size(), 0);
    return count < 0 ? "nothing" : std::string{text.data(), static_cast<std::size_t>(count)};
}

}  // namespace

TEST_CASE("a notification reaches the supervisor at an abstract name and at a path", "[base]") {
    const std::string unique = "sluice-notify-test-" + std::to_string(::getpid());
    for (const std::string& name :
         {"@" + unique, (std::filesystem::temp_directory_path() / unique).string()}) {
        const auto supervisor = listen_at(name);
        const Variable socket{"NOTIFY_SOCKET", name};
        sluice::notify("READY=1\nSTATUS=recording");
        CHECK(received(supervisor) == "READY=1\nSTATUS=recording");
        if (name[0] == '/') std::filesystem::remove(name);
    }
}

TEST_CASE("without a supervisor, or with one that is gone, a notification is no failure", "[base]") {
    ::unsetenv("NOTIFY_SOCKET");
    sluice::notify("READY=1");
    const Variable socket{"NOTIFY_SOCKET", "/nonexistent/" + std::string(200, 'x')};
    sluice::notify("READY=1");
    SUCCEED("no crash");
}

TEST_CASE("the watchdog's interval counts only for the process it is meant for", "[base]") {
    CHECK_FALSE(sluice::watchdog_interval());
    const Variable interval{"WATCHDOG_USEC", "30000000"};
    CHECK(sluice::watchdog_interval() == 30s);
    {
        const Variable pid{"WATCHDOG_PID", std::to_string(::getpid())};
        CHECK(sluice::watchdog_interval() == 30s);
    }
    const Variable other{"WATCHDOG_PID", "1"};
    CHECK_FALSE(sluice::watchdog_interval());
}
