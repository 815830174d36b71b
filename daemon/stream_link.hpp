#pragma once

#include "config/base/guarded.hpp"
#include "daemon/segment_output.hpp"

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <optional>
#include <vector>

namespace sluice::daemon {

/// What a stream's thread and the volume threads share: the fill of the stream's ring, and failures on their
/// way back. Thread: any.
class StreamLink {
public:
    explicit StreamLink(std::size_t ring_bytes) : ring_bytes_(ring_bytes) {}

    /// Only the stream's thread adds, so looking before adding is no race. A unit larger than the ring passes
    /// when the ring is empty.
    [[nodiscard]] bool reserve(std::size_t bytes, bool after_overflow) {
        const std::size_t queued = queued_.load(std::memory_order_relaxed);
        const std::size_t limit = after_overflow ? ring_bytes_ / 2 : ring_bytes_;
        if (queued > 0 && queued + bytes > limit) return false;
        queued_.fetch_add(bytes, std::memory_order_relaxed);
        return true;
    }
    void release(std::size_t bytes) { queued_.fetch_sub(bytes, std::memory_order_relaxed); }
    [[nodiscard]] std::size_t queued_bytes() const { return queued_.load(std::memory_order_relaxed); }

    void fail(SegmentFailure failure) {
        failures_.with([&](auto& list) { list.push_back(std::move(failure)); });
        has_failure_.store(true, std::memory_order_release);
    }
    [[nodiscard]] std::optional<SegmentFailure> take_failure() {
        if (!has_failure_.load(std::memory_order_acquire)) return std::nullopt;
        return failures_.with([&](auto& list) -> std::optional<SegmentFailure> {
            if (list.empty()) return std::nullopt;
            SegmentFailure first = std::move(list.front());
            list.erase(list.begin());
            has_failure_.store(!list.empty(), std::memory_order_release);
            return first;
        });
    }

private:
    const std::size_t ring_bytes_;
    std::atomic<std::size_t> queued_{0};
    std::atomic<bool> has_failure_{false};
    Guarded<std::vector<SegmentFailure>> failures_;
};

}  // namespace sluice::daemon
