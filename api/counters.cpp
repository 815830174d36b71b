#include "api/counters.hpp"

namespace sluice::api {

void Counters::add(const http::Exchange& exchange) {
    const double seconds = static_cast<double>(exchange.duration_us) / 1e6;
    counts_.with([&](RouteCounts& counts) {
        RouteCount& count = counts[{exchange.route, exchange.status}];
        ++count.requests;
        count.sent_bytes += exchange.sent_bytes;
        count.broken += exchange.is_whole ? 0 : 1;
        count.seconds += seconds;
        for (std::size_t i = 0; i < kDurationBounds.size(); ++i) {
            if (seconds > kDurationBounds.at(i)) continue;
            ++count.within.at(i);
            break;
        }
    });
}

RouteCounts Counters::counts() const {
    return counts_.with([](const RouteCounts& counts) { return counts; });
}

}  // namespace sluice::api
