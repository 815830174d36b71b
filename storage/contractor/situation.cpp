#include "storage/contractor/situation.hpp"

#include "config/base/bytes.hpp"

#include <algorithm>
#include <string>

namespace sluice::contractor {
namespace {

constexpr std::size_t kMostWaiting = 1000;
constexpr std::size_t kMostDamaged = 1000;

}  // namespace

Result<Situation> load_situation(catalogue::Pool& pool) {
    Situation situation;
    auto cameras = catalogue::load_contractor_cameras(pool, std::nullopt);
    if (!cameras) return std::unexpected(cameras.error());
    auto slots = catalogue::load_contractor_slots(pool);
    if (!slots) return std::unexpected(slots.error());
    const auto beat = catalogue::find_newest_heartbeat(pool);
    if (!beat) return std::unexpected(beat.error());
    auto waiting = catalogue::load_contractor_clips(
        pool, {.state = catalogue::ClipState::received}, std::nullopt, kMostWaiting
    );
    if (!waiting) return std::unexpected(waiting.error());
    auto damaged = catalogue::load_damaged_originals(pool, kMostDamaged);
    if (!damaged) return std::unexpected(damaged.error());
    situation.cameras = std::move(*cameras);
    situation.slots = std::move(*slots);
    situation.heartbeat = *beat;
    situation.waiting = std::move(*waiting);
    situation.damaged = std::move(*damaged);
    return situation;
}

Uuid subject_id(const Finding& finding) {
    const Sha256Digest hash =
        sha256(as_bytes("contractor finding " + std::string{to_string(finding.kind)} + " " + finding.subject)
        );
    Uuid id;
    std::copy_n(hash.begin(), id.bytes.size(), id.bytes.begin());
    id.bytes[6] = static_cast<std::uint8_t>((id.bytes[6] & 0x0FU) | 0x80U);  // RFC 9562 §5.8: version 8
    id.bytes[8] = static_cast<std::uint8_t>((id.bytes[8] & 0x3FU) | 0x80U);
    return id;
}

}  // namespace sluice::contractor
