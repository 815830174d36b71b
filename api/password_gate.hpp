#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <semaphore>

namespace sluice::api {

/// One password is hashed at a time: each takes 64 MiB and a tenth of a second, and whoever has no account
/// can ask for as many as he likes. Thread: any, blocking.
class PasswordGate {
public:
    /// False: too many wait already.
    [[nodiscard]] bool enter(std::chrono::milliseconds limit) { return free_.try_acquire_for(limit); }
    void leave() { free_.release(); }
    void count() noexcept { ++checks_; }
    /// Passwords compared since the start, right or wrong or of nobody.
    [[nodiscard]] std::uint64_t checks() const noexcept { return checks_; }

private:
    std::binary_semaphore free_{1};
    std::atomic<std::uint64_t> checks_ = 0;
};

/// Holds the gate while it lives.
class PasswordTurn {
public:
    explicit PasswordTurn(PasswordGate& gate) : gate_(gate), has_turn_(gate.enter(std::chrono::seconds{5})) {}
    ~PasswordTurn() {
        if (has_turn_) gate_.leave();
    }
    PasswordTurn(const PasswordTurn&) = delete;
    PasswordTurn& operator=(const PasswordTurn&) = delete;
    [[nodiscard]] bool has_turn() const noexcept { return has_turn_; }

private:
    PasswordGate& gate_;
    bool has_turn_;
};

}  // namespace sluice::api
