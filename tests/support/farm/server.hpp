#pragma once

#include "tests/support/farm/connection.hpp"
#include "tests/support/farm/control.hpp"

#include <map>
#include <memory>
#include <string>

namespace sluice::farm {

/// The loop: one thread, one epoll set.
class Server {
public:
    explicit Server(Cameras cameras);
    ~Server();
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    /// `address`: IPv4 in network order.
    [[nodiscard]] Status listen(std::uint32_t address, std::uint16_t port);
    [[nodiscard]] Status listen_for_commands(const std::string& socket_path);
    [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
    [[nodiscard]] std::string execute(std::string_view line);
    /// Until SIGTERM, SIGINT or the command `stop`. Pre: both signals are blocked.
    void run();

private:
    struct CommandClient {
        UniqueFd fd;
        std::string input;
    };
    [[nodiscard]] Hooks hooks();
    void watch(int fd, std::uint32_t events, bool is_new) const;
    void accept_client();
    void accept_commander();
    void on_event(int fd, std::uint32_t events);
    void on_command(int fd);
    void on_time();
    void remove(int fd);
    [[nodiscard]] int wait_ms() const;

    Cameras cameras_;
    UniqueFd epoll_, listener_, commands_, signals_;
    std::string command_path_;
    std::uint32_t address_ = 0;
    std::uint16_t port_ = 0;
    TimePoint listens_again_{};
    bool is_stopping_ = false;
    std::map<int, std::unique_ptr<Connection>> connections_;
    std::map<int, CommandClient> commanders_;
};

}  // namespace sluice::farm
