#pragma once

#include "config/base/error.hpp"
#include "config/config.hpp"
#include "jobs/xvr/event.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <stop_token>
#include <string>
#include <string_view>

/// Talks HTTP with a recorder, by libcurl: Digest, no proxy, no redirect, no password in an address.
namespace sluice::xvr {

struct Door {
    std::string host;  ///< name or address
    std::uint16_t port = 80;
    std::string username;
    config::Secret password;
};

enum class End {
    stopped,      ///< we were told to stop
    closed,       ///< it was a stream, and the recorder ended it
    silent,       ///< not even a heartbeat came
    refused,      ///< user or password is wrong, or not allowed
    no_stream,    ///< it answers something else
    unreachable,  ///< nobody answers
};
[[nodiscard]] std::string_view to_string(End end) noexcept;

struct Ending {
    End end = End::unreachable;
    std::string problem;  ///< in plain words, without credentials; empty when stopped
};

struct Listener {
    std::function<void()> on_connected;              ///< the stream has begun
    std::function<void(const Part&)> on_part;        ///< also a heartbeat
    std::function<void(std::uint64_t)> on_given_up;  ///< so many parts of the stream could not be read
};

/// Asked of the recorder: a heartbeat every so often.
inline constexpr std::chrono::seconds kHeartbeat{5};

/// Follows the recorder's events until the stream ends or `silence` passes without a part. Returns within a
/// second or so of a stop.
[[nodiscard]] Ending follow(
    const Door& door,
    std::chrono::milliseconds silence,
    const Listener& listener,
    const std::stop_token& stop
);

struct FetchLimits {
    std::size_t bytes = 262'144;
    std::chrono::milliseconds time{15'000};  ///< for all of it
};

/// The body of an answer. Error: retry, with what stands against it, labelled with the End that it would be,
/// or "cut_off" (the connection ended within it), "too_large"; cancelled.
[[nodiscard]] Result<std::string>
fetch(const Door& door, std::string_view path, const FetchLimits& limits, const std::stop_token& stop);

}  // namespace sluice::xvr
