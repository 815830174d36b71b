#include "storage/retention/in_the_way.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

namespace sluice::retention {

using nlohmann::json;

void InTheWay::add(const SegmentFacts& segment, Rule rule) {
    const auto [place, is_new] = parts_.try_emplace({segment.camera_id, rule});
    Part& part = place->second;
    if (is_new) part.range = segment.range;
    part.range.to = std::max(part.range.to, segment.range.to);
    ++part.segments;
    part.bytes += segment.bytes;
    part.ids.update(as_bytes(to_string(segment.id) + "\n"));
}

std::string InTheWay::to_json() const {
    json list = json::array();
    for (const auto& [key, part] : parts_) {
        list.push_back({
            {"camera", to_string(key.first)},
            {"rule", to_string(key.second)},
            {"from", to_rfc3339(part.range.from)},
            {"to", to_rfc3339(part.range.to)},
            {"segments", part.segments},
            {"bytes", part.bytes},
            {"ids_sha256", to_hex(part.ids.digest())},
        });
    }
    return list.dump();
}

}  // namespace sluice::retention
