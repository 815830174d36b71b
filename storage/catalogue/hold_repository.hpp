#pragma once

#include "config/base/time.hpp"
#include "config/base/uuid.hpp"
#include "storage/catalogue/pool.hpp"
#include "storage/catalogue/rows.hpp"
#include "storage/ledger/act.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Holds: what is kept in spite of the rolling window. Roles: sluice_api places, extends and releases;
/// sluice_worker reads, places what a rule asks for, and takes `lock_holds_to_destroy()` shared while it
/// destroys: placing waits for that and then wins.
namespace sluice::catalogue {

enum class HoldKind { flag, request, legal_case, special, incident, duty_period, judicial, legal };
/// "flag", "request", "case", …
[[nodiscard]] std::string_view to_string(HoldKind kind) noexcept;
[[nodiscard]] std::optional<HoldKind> hold_kind_from(std::string_view word) noexcept;
/// Article 7(5): only these keep footage beyond its ceiling.
[[nodiscard]] constexpr bool passes_ceiling(HoldKind kind) noexcept {
    return kind == HoldKind::judicial || kind == HoldKind::legal;
}

enum class HoldState { active, released, expired };
[[nodiscard]] std::string_view to_string(HoldState state) noexcept;

struct Release {
    std::string releaser;
    UtcTime released;
    std::string reason;
};
struct HoldRow {
    Uuid id;
    HoldKind kind = HoldKind::flag;
    TimeRange range;  ///< may reach into the future
    std::vector<Uuid> cameras;
    std::vector<std::string> camera_slugs{};  ///< filled by reads
    std::string reason;
    std::string owner_kind = "principal";
    Uuid owner_id;
    std::string owner;
    std::string legal_basis;  ///< statute or case number
    std::string custodian;
    std::optional<UtcTime> review;
    std::optional<UtcTime> expires;  ///< nullopt: judicial and legal only
    Uuid placer_id;                  ///< nil: a program, by a rule or for an incident
    std::string placer;
    UtcTime placed;
    std::optional<Release> release;
    int revision = 1;  ///< counts changes; an edit names the one that it has seen
};

/// Follows from times alone. Released counts before expired.
[[nodiscard]] HoldState state_at(const HoldRow& hold, UtcTime now) noexcept;

/// What became of a hold that was to be placed. But for `placed` nothing was written.
enum class HoldPlacing {
    placed,
    is_there,     ///< a hold with this id
    owner_ended,  ///< its incident is over: it would end with that
};
/// Each change and its record in the audit log (hold_acts.hpp) are one transaction. A hold of an incident and
/// that incident's end wait for each other, so none is left behind.
[[nodiscard]] Result<HoldPlacing> place_hold(Pool& pool, const HoldRow& hold, const ledger::Actor& actor);
[[nodiscard]] Result<std::optional<HoldRow>> find_hold(Pool& pool, const Uuid& id);

struct HoldCursor {
    UtcTime placed;
    Uuid id;
};
/// Newest first, at most `limit`, behind the cursor; with `camera` those that name it, with `overlapping`
/// those that touch it, `active_at`: only what is in force then.
struct HoldFilter {
    std::optional<Uuid> camera;
    std::optional<TimeRange> overlapping;
    std::optional<UtcTime> active_at;
};
[[nodiscard]] Result<std::vector<HoldRow>>
load_holds(Pool& pool, const HoldFilter& filter, std::optional<HoldCursor> after, std::size_t limit);

/// False: the hold is not of this revision any more, or it was released.
[[nodiscard]] Result<bool> extend_hold(
    Pool& pool,
    const Uuid& id,
    int revision,
    std::optional<UtcTime> expires,
    std::optional<UtcTime> review,
    const ledger::Act& act,
    UtcTime now
);
/// False: as above.
[[nodiscard]] Result<bool> release_hold(
    Pool& pool,
    const Uuid& id,
    int revision,
    const Uuid& releaser_id,
    const Release& release,
    const ledger::Act& act
);

/// What a hold protects now: finished, open and suspect segments that touch it, and the oldest of them.
struct HoldImpact {
    std::uint64_t segments = 0;
    std::uint64_t bytes = 0;
    std::optional<UtcTime> oldest;
    Microseconds length{0};       ///< of the footage, by the cameras' main streams
    std::uint64_t destroyed = 0;  ///< segments of the interval that are gone already
};
[[nodiscard]] Result<HoldImpact>
measure_hold(Pool& pool, const std::vector<Uuid>& cameras, const TimeRange& range);

/// Files the notices of holds that end within one of `days_ahead` days. How many are new. Role:
/// sluice_worker.
[[nodiscard]] Result<std::size_t>
file_expiry_notices(Pool& pool, const std::vector<unsigned>& days_ahead, UtcTime now);

}  // namespace sluice::catalogue
