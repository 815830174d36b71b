#include "storage/catalogue/detail/viewing_facts.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

namespace sluice::catalogue::detail {
namespace {

using nlohmann::json;

struct Summed {
    std::string camera;
    std::string stream;
    std::vector<TimeRange> ranges;
    std::uint64_t bytes = 0;
    std::uint64_t pieces = 0;
    std::uint64_t clips = 0;
    std::uint64_t snapshots = 0;
};

std::vector<Summed> sum_up(const std::vector<DeliveredPart>& parts) {
    std::vector<Summed> sums;
    for (const DeliveredPart& part : parts) {
        if (sums.empty() || sums.back().camera != part.camera || sums.back().stream != part.stream)
            sums.push_back({.camera = part.camera, .stream = part.stream, .ranges = {}});
        Summed& sum = sums.back();
        sum.bytes += part.bytes;
        ++(part.kind == "clip" ? sum.clips : part.kind == "snapshot" ? sum.snapshots : sum.pieces);
        if (sum.ranges.empty() || sum.ranges.back().to < part.range.from)
            sum.ranges.push_back(part.range);
        else
            sum.ranges.back().to = std::max(sum.ranges.back().to, part.range.to);
    }
    return sums;
}

}  // namespace

std::string to_json(const SessionFacts& facts) {
    json cameras = json::array();
    for (const Summed& sum : sum_up(facts.delivered)) {
        json ranges = json::array();
        for (const TimeRange& range : sum.ranges)
            ranges.push_back({{"from", to_rfc3339(range.from)}, {"to", to_rfc3339(range.to)}});
        cameras.push_back({
            {"camera", sum.camera},
            {"stream", sum.stream},
            {"delivered", std::move(ranges)},
            {"pieces", sum.pieces},
            {"clips", sum.clips},
            {"snapshots", sum.snapshots},
            {"bytes", sum.bytes},
        });
    }
    return json{
        {"session", to_string(facts.session_id)},
        {"kind", facts.kind},
        {"escort", facts.escort},
        {"viewer", facts.viewer},
        {"reason", facts.reason},
        {"from", to_rfc3339(facts.time.from)},
        {"to", to_rfc3339(facts.time.to)},
        {"cameras", std::move(cameras)},
    }
        .dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace sluice::catalogue::detail
