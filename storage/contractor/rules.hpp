#pragma once

#include "config/policy/policy.hpp"
#include "storage/catalogue/contractor_clip_repository.hpp"
#include "storage/catalogue/contractor_repository.hpp"
#include "storage/catalogue/original_repository.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// What holds for the contractor's cameras and clips. Pure: no clock, no database, no disk.
namespace sluice::contractor {

/// Why something the contractor says is not taken. The spelling of codes is part of the API.
struct Refusal {
    std::string code;
    std::string detail;
    std::string article{};
};

/// Article 5: cameras of public areas must be integrated, others must not. nullopt: it may be announced.
[[nodiscard]] std::optional<Refusal> judge_announcement(bool covers_public_area);

/// Whether a camera may be accepted: its host stands on the list (a camera without address pushes clips and
/// asks nobody).
[[nodiscard]] std::optional<Refusal>
judge_acceptance(const std::string& url, std::span<const std::string> allow_hosts);

/// A manifest before a byte has come. `range` is in real time.
struct ManifestFacts {
    TimeRange range;
    std::uint64_t bytes = 0;
    UtcTime now;
    unsigned ceiling_years = 1;
    std::uint64_t most_bytes = 0;
    bool is_camera_in_force = false;
};
[[nodiscard]] std::optional<Refusal> judge_manifest(const ManifestFacts& facts);

/// The file's own length against what was said of it.
[[nodiscard]] std::optional<Refusal>
judge_length(Microseconds said, Microseconds found, unsigned tolerance_seconds);

enum class FindingKind : std::uint8_t {
    slot_to_verify,       ///< nobody has looked whether there is a camera
    camera_not_in_force,  ///< announced, covers a public area, and is not integrated
    camera_missing,       ///< in force, and neither stream nor clips
    camera_unwell,        ///< the contractor itself says so
    silent,               ///< no heartbeat
    clip_stuck,           ///< received, and not imported
    original_damaged,     ///< a received file was found changed or gone
};
[[nodiscard]] std::string_view to_string(FindingKind kind) noexcept;

struct Finding {
    FindingKind kind = FindingKind::silent;
    std::string subject;  ///< slug, number of the slot, or id of the clip; empty: the contractor's machine
    UtcTime since;
    std::string detail;
    friend bool operator==(const Finding&, const Finding&) = default;
};

struct Situation {
    std::vector<catalogue::ContractorCamera> cameras;
    std::vector<catalogue::ContractorSlot> slots;
    std::optional<catalogue::Heartbeat> heartbeat;
    std::vector<catalogue::ContractorClip> waiting;  ///< received and not imported
    std::vector<catalogue::OriginalRow> damaged{};   ///< received files, marked
};
/// What is open at `now`, in the order of kinds and subjects. Article 5.
[[nodiscard]] std::vector<Finding>
find_open(const Situation& situation, const policy::ContractorPolicy& rules, UtcTime now);

/// Of refused clips, oldest first: those that go, and by which rule. Time first, then room.
struct Removal {
    std::size_t index = 0;
    std::string_view rule;
    friend bool operator==(const Removal&, const Removal&) = default;
};
[[nodiscard]] std::vector<Removal> plan_quarantine(
    std::span<const catalogue::QuarantinedClip> kept,
    unsigned keep_days,
    std::uint64_t most_bytes,
    UtcTime now
);

}  // namespace sluice::contractor
