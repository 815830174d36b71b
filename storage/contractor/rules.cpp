#include "storage/contractor/rules.hpp"

#include "config/hosts.hpp"
#include "storage/retention/rules.hpp"

#include <algorithm>
#include <array>
#include <chrono>

#include <fmt/format.h>

namespace sluice::contractor {
namespace {

using catalogue::AnnouncedState;
using catalogue::CameraHealth;
using catalogue::ContractorCamera;
using catalogue::SlotState;

/// A clock that is ahead by less is no footage of the future.
constexpr std::chrono::seconds kAhead{60};
constexpr std::chrono::hours kLongestClip{24};
constexpr Microseconds kShortestClip{100'000};

constexpr std::array<std::pair<FindingKind, std::string_view>, 7> kKinds{{
    {FindingKind::slot_to_verify, "slot_to_verify"},
    {FindingKind::camera_not_in_force, "camera_not_in_force"},
    {FindingKind::camera_missing, "camera_missing"},
    {FindingKind::camera_unwell, "camera_unwell"},
    {FindingKind::silent, "silent"},
    {FindingKind::clip_stuck, "clip_stuck"},
    {FindingKind::original_damaged, "original_damaged"},
}};

void look_at(
    const ContractorCamera& camera,
    std::chrono::hours limit,
    UtcTime now,
    std::vector<Finding>& open
) {
    const auto add = [&](FindingKind kind, UtcTime since, std::string detail) {
        open.push_back({.kind = kind, .subject = camera.slug, .since = since, .detail = std::move(detail)});
    };
    if (!camera.in_force) {
        const bool is_refused = camera.state == AnnouncedState::refused;
        if (!is_refused)
            add(FindingKind::camera_not_in_force,
                camera.announced,
                "It covers a public area and waits for acceptance.");
        return;
    }
    // Before the first footage its acceptance counts.
    const UtcTime last = camera.last_footage.value_or(camera.decided.value_or(camera.announced));
    if (now - last >= limit) add(FindingKind::camera_missing, last, "Neither a stream nor clips have come.");
    if (camera.health == CameraHealth::down || camera.health == CameraHealth::degraded)
        add(FindingKind::camera_unwell,
            camera.health_at.value_or(camera.announced),
            "The contractor says: " + std::string{to_string(camera.health)} +
                (camera.health_detail.empty() ? "" : ", " + camera.health_detail));
}

}  // namespace

std::optional<Refusal> judge_announcement(bool covers_public_area) {
    if (covers_public_area) return std::nullopt;
    return Refusal{
        .code = "ART5_NOT_PUBLIC_AREA",
        .detail = "Only cameras that cover public areas are integrated; keep this one to yourselves.",
        .article = "5",
    };
}

std::optional<Refusal> judge_acceptance(const std::string& url, std::span<const std::string> allow_hosts) {
    if (url.empty()) return std::nullopt;
    const auto address = config::parse_rtsp_address(url);
    if (address && config::is_host_allowed(address->host, allow_hosts)) return std::nullopt;
    return Refusal{
        .code = "HOST_NOT_ALLOWED",
        .detail = fmt::format(
            "The host {} is not in huimin.allow_hosts of the configuration; add it there if it is the "
            "contractor's.",
            address ? address->host : "of its address"
        ),
    };
}

std::optional<Refusal> judge_manifest(const ManifestFacts& facts) {
    if (!facts.is_camera_in_force)
        return Refusal{
            .code = "CAMERA_NOT_ACCEPTED",
            .detail = "The bureau has not accepted this camera yet; its clips are taken from then on.",
        };
    if (facts.range.length() < kShortestClip || facts.range.length() > kLongestClip)
        return Refusal{.code = "CLIP_LENGTH", .detail = "A clip is at least 0.1 s and at most 24 h long."};
    if (facts.range.to > facts.now + kAhead)
        return Refusal{
            .code = "CLIP_IN_FUTURE",
            .detail = "The clip would end in the future: look at to and clock_offset_ms.",
        };
    if (facts.now >= retention::destroy_by(facts.range.from, static_cast<int>(facts.ceiling_years)))
        return Refusal{
            .code = "ART7_5_CLIP_TOO_OLD",
            .detail = "Footage of this age has to be destroyed and is not taken any more.",
            .article = "7(5)",
        };
    if (facts.bytes == 0 || facts.bytes > facts.most_bytes)
        return Refusal{
            .code = "CLIP_TOO_LARGE",
            .detail = fmt::format("A clip has 1 to {} bytes; cut a longer one.", facts.most_bytes),
        };
    return std::nullopt;
}

std::optional<Refusal> judge_length(Microseconds said, Microseconds found, unsigned tolerance_seconds) {
    if (std::chrono::abs(said - found) <= std::chrono::seconds{tolerance_seconds}) return std::nullopt;
    const auto seconds = [](Microseconds time) { return static_cast<double>(time.count()) / 1e6; };
    return Refusal{
        .code = "TIME_MISMATCH",
        .detail = fmt::format(
            "The manifest says {:.3f} s, the file holds {:.3f} s; {} s of difference are allowed.",
            seconds(said),
            seconds(found),
            tolerance_seconds
        ),
    };
}

std::string_view to_string(FindingKind kind) noexcept {
    return std::ranges::find(kKinds, kind, &std::pair<FindingKind, std::string_view>::first)->second;
}

std::vector<Finding>
find_open(const Situation& situation, const policy::ContractorPolicy& rules, UtcTime now) {
    std::vector<Finding> open;
    const std::chrono::hours limit{rules.finding_hours};
    for (const catalogue::ContractorSlot& slot : situation.slots)
        if (slot.state == SlotState::to_verify)
            open.push_back({
                .kind = FindingKind::slot_to_verify,
                .subject = std::to_string(slot.number),
                .since = slot.decided,
                .detail = "Somebody has to look whether there is a camera, and what it covers.",
            });
    for (const ContractorCamera& camera : situation.cameras)
        look_at(camera, limit, now, open);
    if (!situation.cameras.empty()) {
        const UtcTime since =
            situation.heartbeat ? situation.heartbeat->received : situation.cameras.front().announced;
        if (now - since >= limit)
            open.push_back({
                .kind = FindingKind::silent,
                .subject = {},
                .since = since,
                .detail = "The contractor's machine has sent no heartbeat.",
            });
    }
    for (const catalogue::ContractorClip& clip : situation.waiting)
        if (const UtcTime since = clip.received.value_or(clip.changed); now - since >= limit)
            open.push_back({
                .kind = FindingKind::clip_stuck,
                .subject = to_string(clip.id),
                .since = since,
                .detail = "The clip was received and is not imported; see the import job's error.",
            });
    for (const catalogue::OriginalRow& original : situation.damaged)
        open.push_back({
            .kind = FindingKind::original_damaged,
            .subject = to_string(original.clip_id),
            .since = original.damaged.value_or(original.received),
            .detail =
                original.damage == catalogue::DamageKind::lost
                    ? "The received file is not on its volume any more; ask the contractor for it again."
                    : "The received file's bytes are not those that came; ask the contractor for it again.",
        });
    std::ranges::sort(open, {}, [](const Finding& finding) {
        return std::pair{finding.kind, std::string_view{finding.subject}};
    });
    return open;
}

std::vector<Removal> plan_quarantine(
    std::span<const catalogue::QuarantinedClip> kept,
    unsigned keep_days,
    std::uint64_t most_bytes,
    UtcTime now
) {
    std::uint64_t bytes = 0;
    for (const catalogue::QuarantinedClip& clip : kept)
        bytes += clip.bytes;
    std::vector<Removal> removals;
    for (std::size_t i = 0; i < kept.size(); ++i) {
        const bool is_over = now - kept[i].since >= std::chrono::days{keep_days};
        if (!is_over && bytes <= most_bytes) continue;
        removals.push_back({.index = i, .rule = is_over ? "QUARANTINE_KEEP" : "QUARANTINE_FULL"});
        bytes -= kept[i].bytes;
    }
    return removals;
}

}  // namespace sluice::contractor
