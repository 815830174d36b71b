#pragma once

#include "api/http/message.hpp"
#include "config/base/guarded.hpp"

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <utility>

namespace sluice::api {

/// Upper bounds of the answer-time histogram, in seconds.
inline constexpr std::array kDurationBounds{0.005, 0.025, 0.1, 0.5, 2.5, 10.0, 60.0};

struct RouteCount {
    std::uint64_t requests = 0;
    std::uint64_t sent_bytes = 0;
    std::uint64_t broken = 0;  ///< answers of which not every byte went out
    double seconds = 0;
    std::array<std::uint64_t, kDurationBounds.size()> within{};  ///< not cumulative
};
/// By route pattern and status: bounded, because both sets are.
using RouteCounts = std::map<std::pair<std::string, unsigned>, RouteCount>;

/// What the API counts of its answers. Thread: any.
class Counters {
public:
    void add(const http::Exchange& exchange);
    [[nodiscard]] RouteCounts counts() const;

private:
    Guarded<RouteCounts> counts_;
};

}  // namespace sluice::api
