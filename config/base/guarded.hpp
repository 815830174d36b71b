#pragma once

#include <condition_variable>
#include <mutex>
#include <utility>

namespace sluice {

/// Data that can be reached only under its lock. Never hold it across I/O or a co_await.
template <class T>
class Guarded {
public:
    Guarded() = default;
    explicit Guarded(T value) : value_(std::move(value)) {}

    /// Runs `use(T&)` under the lock and gives back what it returns.
    template <class Use>
    decltype(auto) with(Use&& use) {
        const std::lock_guard hold{mutex_};
        return std::forward<Use>(use)(value_);
    }
    template <class Use>
    decltype(auto) with(Use&& use) const {
        const std::lock_guard hold{mutex_};
        return std::forward<Use>(use)(value_);
    }
    /// As `with`, then wakes everybody in wait_until.
    template <class Use>
    void notify(Use&& use) {
        // Under the lock: whoever is woken may destroy this object as soon as it has the lock.
        const std::lock_guard hold{mutex_};
        std::forward<Use>(use)(value_);
        changed_.notify_all();
    }
    /// Waits until `ready(T&)` holds or the time is over, then runs `use(T&)` under the same lock.
    template <class TimePoint, class Ready, class Use>
    decltype(auto) wait_until(TimePoint limit, Ready&& ready, Use&& use) {
        std::unique_lock hold{mutex_};
        changed_.wait_until(hold, limit, [&] { return ready(value_); });
        return std::forward<Use>(use)(value_);
    }

private:
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    T value_{};
};

}  // namespace sluice
