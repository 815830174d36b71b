#pragma once

#include "config/base/error.hpp"
#include "config/base/unique_fd.hpp"
#include "jobs/controllers/sockets.hpp"
#include "jobs/controllers/uhppote_message.hpp"

#include <chrono>
#include <cstdint>
#include <stop_token>

namespace sluice::controllers::uhppote {

/// Asks one board. A datagram that is lost is asked for again; what comes from elsewhere, or answers
/// something else, is not looked at. Thread: one.
class Client {
public:
    struct Patience {
        std::chrono::milliseconds answer{1000};  ///< of one try
        unsigned tries = 3;
    };
    Client(Endpoint board, std::uint32_t serial, Patience patience);

    /// Error: retry (it does not answer), cancelled.
    [[nodiscard]] Result<Record> ask_event(std::uint32_t index, const std::stop_token& stop);

private:
    [[nodiscard]] Result<Record> try_once(std::uint32_t index, const std::stop_token& stop);

    Endpoint board_;
    std::uint32_t serial_;
    Patience patience_;
    UniqueFd fd_;
};

}  // namespace sluice::controllers::uhppote
