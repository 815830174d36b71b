// xvr-simulator USER PASSWORD HEARTBEAT_MS: a recorder on a free loopback port, which it prints as `port=N`.
// Each line of its input is a command and is answered by a line (recorder.hpp); its end is the end.
#include "tests/support/xvr_simulator/connection.hpp"

#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <string>
#include <thread>

#include <netinet/in.h>
#include <sys/socket.h>

#include <fmt/core.h>

using namespace sluice;

namespace {

UniqueFd listen_somewhere() {
    UniqueFd fd{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    if (::bind(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
        ::listen(fd.get(), 16) != 0 ||
        ::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &length) != 0)
        return UniqueFd{};
    fmt::print("port={}\n", ntohs(address.sin_port));
    static_cast<void>(std::fflush(stdout));
    return fd;
}

}  // namespace

int main(int count, char** words) {
    if (count != 4) return 2;
    // Never destroyed: connections may still be served when the input ends.
    auto* recorder = new xvr_simulator::Recorder{words[1], words[2]};
    const std::chrono::milliseconds heartbeat{std::atoi(words[3])};
    static UniqueFd listener = listen_somewhere();
    if (!listener.is_open()) return 1;
    std::thread{[recorder, heartbeat] {
        while (true) {
            std::this_thread::sleep_for(heartbeat);
            recorder->beat();
        }
    }}.detach();
    std::thread{[recorder] {
        while (true) {
            UniqueFd fd{::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC)};
            if (!fd.is_open()) continue;
            std::thread{[recorder, taken = std::move(fd)]() mutable {
                xvr_simulator::serve(std::move(taken), *recorder);
            }}.detach();
        }
    }}.detach();
    for (std::string line; std::getline(std::cin, line);) {
        fmt::print("{}\n", recorder->command(line).value_or("error: what is " + line + "?"));
        static_cast<void>(std::fflush(stdout));
    }
    std::_Exit(0);
}
