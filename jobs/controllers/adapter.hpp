#pragma once

#include <stop_token>
#include <string>

namespace sluice::controllers {

/// The way from controllers of one protocol to a Carrier. What is pure of it, bytes to events, is apart:
/// `to_event` of each protocol.
class Adapter {
public:
    Adapter() = default;
    Adapter(const Adapter&) = delete;
    Adapter& operator=(const Adapter&) = delete;
    virtual ~Adapter() = default;

    /// A thread's life, until told to stop; a second or so after that it returns.
    virtual void run(const std::stop_token& stop) = 0;
    /// Of the thread; at most 15 bytes.
    [[nodiscard]] virtual std::string thread_name() const = 0;
};

}  // namespace sluice::controllers
