#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <semaphore>

namespace sluice::api {

/// One password is hashed at a time: each takes 64 MiB and a tenth of a second, and whoever has no account
/// can ask for as many as he likes. One more may wait; all others are turned away, so that logins never hold
/// more than two of the workers. Thread: any, blocking.
class PasswordGate {
public:
    /// False: too many are there already.
    [[nodiscard]] bool enter() {
        if (++inside_ <= kMost && turn_.try_acquire_for(std::chrono::seconds{5})) return true;
        --inside_;
        return false;
    }
    void leave() {
        turn_.release();
        --inside_;
    }
    [[nodiscard]] bool has_room() const noexcept { return inside_ < kMost; }
    void count() noexcept { ++checks_; }
    /// Passwords compared since the start, right or wrong or of nobody.
    [[nodiscard]] std::uint64_t checks() const noexcept { return checks_; }

private:
    static constexpr int kMost = 2;
    std::atomic<int> inside_ = 0;  ///< hashing or waiting
    std::binary_semaphore turn_{1};
    std::atomic<std::uint64_t> checks_ = 0;
};

/// Holds the gate while it lives.
class PasswordTurn {
public:
    explicit PasswordTurn(PasswordGate& gate) : gate_(gate), has_turn_(gate.enter()) {}
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
