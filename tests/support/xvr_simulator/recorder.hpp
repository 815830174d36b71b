#pragma once

#include "config/base/guarded.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::xvr_simulator {

/// The recorder that is played: what it answers, and who listens to its events. Any thread.
class Recorder {
public:
    Recorder(std::string user, std::string password);

    struct Answer {
        int status = 200;
        std::string body;
        bool is_stream = false;   ///< the connection goes on with events
        bool is_hanging = false;  ///< nothing comes, and the connection stays
        std::string_view content_type = "text/plain;charset=utf-8";
        std::size_t withheld = 0;  ///< bytes that are promised and never sent; then it closes
    };
    /// `authorization` may be empty. Status 401 asks for a Digest with `nonce`.
    [[nodiscard]] Answer answer(
        const std::string& method,
        std::string_view target,
        std::string_view authorization,
        const std::string& nonce
    );

    /// A socket that has become a stream. It belongs to its connection, which takes it out again.
    void add_listener(int fd);
    void remove_listener(int fd);
    /// Sends a heartbeat to all, unless it is muted.
    void beat();

    /// A line from the test; nullopt: unknown.
    [[nodiscard]] std::optional<std::string> command(std::string_view line);

private:
    struct State {
        std::string password;
        std::map<int, std::string> titles;    ///< by index
        std::map<int, std::string> pictures;  ///< by channel from 1: what is wrong with it
        std::uint64_t asked_pictures = 0;
        std::chrono::seconds clock_offset{0};
        bool is_muted = false;     ///< no heartbeats
        bool is_broken = false;    ///< answers 500
        bool is_bare = false;      ///< parts without Content-Length
        bool is_unclosed = false;  ///< parts without the line end behind them
        std::size_t piece = 0;     ///< bytes sent at once; 0: as they come
        std::vector<int> listeners;
        std::uint64_t refused = 0;  ///< wrong passwords
        std::uint64_t attached = 0;
    };

    [[nodiscard]] static Answer snapshot(const State& state, std::string_view channel);
    [[nodiscard]] static std::string part(const State& state, std::string_view body);
    static void send_all(const State& state, std::string_view bytes);

    std::string user_;
    Guarded<State> state_;
};

}  // namespace sluice::xvr_simulator
