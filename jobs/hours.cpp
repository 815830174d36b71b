#include "jobs/hours.hpp"

#include "storage/catalogue/hour_repository.hpp"

#include <algorithm>
#include <vector>

#include <nlohmann/json.hpp>

namespace sluice::jobs {
namespace {

using nlohmann::json;
using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;

constexpr std::size_t kAtOnce = 300;
constexpr minutes kSettled{10};  // after the hour its last segment is finished and catalogued
constexpr days kWindow{7};       // of one question, so that none takes long

/// Oldest first; the windows that hold none are passed over.
Result<std::vector<catalogue::RecordedHour>> find_hours(catalogue::Pool& pool, UtcTime now) {
    const UtcTime end = std::chrono::floor<hours>(now - kSettled);
    const auto begin = catalogue::load_hours_begin(pool);
    if (!begin) return std::unexpected(begin.error());
    if (!*begin) return std::vector<catalogue::RecordedHour>{};
    for (UtcTime from = **begin; from < end; from += kWindow) {
        auto found = catalogue::load_unrecorded_hours(pool, {from, std::min(end, from + kWindow)}, kAtOnce);
        if (!found || !found->empty()) return found;
    }
    return std::vector<catalogue::RecordedHour>{};
}

ledger::Act to_act(const catalogue::RecordedHour& hour, const catalogue::HourManifest& manifest) {
    json segments = json::array();
    for (const catalogue::HourSegment& segment : manifest.segments)
        segments.push_back(
            {{"id", to_string(segment.id)}, {"bytes", segment.bytes}, {"sha256", to_hex(segment.sha256)}}
        );
    const json facts{
        {"camera", manifest.camera_slug},
        {"stream", to_string(manifest.stream)},
        {"from", to_rfc3339(hour.hour)},
        {"to", to_rfc3339(hour.hour + hours{1})},
        {"segments", std::move(segments)},
    };
    return {
        .action = "recording.hour",
        .actor = ledger::system_actor("sluice-worker"),
        .subject = {.kind = "camera", .id = to_string(manifest.camera_id)},
        .facts = facts.dump(),
    };
}

}  // namespace

Result<std::size_t> record_hours(catalogue::Pool& pool, UtcTime now) {
    const auto found = find_hours(pool, now);
    if (!found) return std::unexpected(found.error());
    for (catalogue::RecordedHour hour : *found) {
        const auto manifest = catalogue::load_manifest(pool, hour);
        if (!manifest) return std::unexpected(manifest.error());
        hour.segments = manifest->segments.size();  // as they are named
        if (auto saved = catalogue::save_hour(pool, hour, to_act(hour, *manifest), now); !saved)
            return std::unexpected(saved.error());
    }
    return found->size();
}

}  // namespace sluice::jobs
