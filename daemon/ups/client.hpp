#pragma once

#include "config/base/error.hpp"
#include "config/base/time.hpp"
#include "config/base/unique_fd.hpp"
#include "config/config.hpp"
#include "daemon/ups/protocol.hpp"

#include <stop_token>
#include <string>
#include <string_view>

namespace sluice::ups {

/// One connection to a NUT server, made when it is needed and kept. Thread: one.
class Client {
public:
    explicit Client(const config::Ups& ups) : ups_(ups) {}

    /// Asks once. After an error the connection is closed and the next call makes another. Error: retry, or
    /// cancelled.
    [[nodiscard]] Result<Reading> ask(Deadline deadline, const std::stop_token& stop);

private:
    [[nodiscard]] Result<Reading> ask_connected(Deadline deadline, const std::stop_token& stop);
    [[nodiscard]] Status connect(Deadline deadline, const std::stop_token& stop);
    [[nodiscard]] Status log_in(Deadline deadline, const std::stop_token& stop);
    [[nodiscard]] Status send(std::string text, Deadline deadline, const std::stop_token& stop);
    [[nodiscard]] Result<std::string> read_line(Deadline deadline, const std::stop_token& stop);

    const config::Ups& ups_;  // the monitor's, which owns this
    UniqueFd fd_;
    std::string buffer_;  ///< read and not yet taken
};

}  // namespace sluice::ups
