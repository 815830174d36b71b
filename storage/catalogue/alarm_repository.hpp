#pragma once

#include "storage/access/alarm_book.hpp"
#include "storage/catalogue/pool.hpp"
#include "storage/ledger/act.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// What follows from events. Roles: the worker derives and forgets; the API acknowledges and resolves; all
/// read.
namespace sluice::catalogue {

/// Batches that nothing was derived from yet: their times as windows of at most a week, in order.
struct PendingDerivation {
    std::int64_t place = 0;  ///< of the last of them
    std::vector<TimeRange> windows;
};
/// nullopt: none. At most some of them at a time.
[[nodiscard]] Result<std::optional<PendingDerivation>> find_pending_derivation(Pool& pool, UtcTime now);
/// They are done.
[[nodiscard]] Status save_derived(Pool& pool, std::int64_t place);

/// Times that are derived again because it was decided afterwards what the doors should have done then.
struct Rederivation {
    Uuid id;
    TimeRange range;
    std::string cause;
};
/// At most `limit` that were not done yet, by time.
[[nodiscard]] Result<std::vector<Rederivation>> load_rederivations(Pool& pool, std::size_t limit);
[[nodiscard]] Status save_rederived(Pool& pool, const Uuid& id, UtcTime now);

/// The events of the context, and what stood there last before and first behind, see access::Evidence.
[[nodiscard]] Result<access::Evidence> load_evidence(
    Pool& pool,
    const TimeRange& context,
    const std::vector<std::string>& doors,
    const std::vector<std::string>& sources
);

/// Writes what was derived of a window: new alarms, changes, refutations; with one record in the audit log,
/// and for each new alarm the incident or notice that it calls for (`call_of`). One at a time.
struct Derived {
    TimeRange window;
    std::vector<access::Alarm> alarms;
    unsigned incident_days = 0;
    std::string on_call{};     ///< name of whom to call; empty: nobody is named
    std::string refutation{};  ///< what alarms say that do not hold any more
};
struct DerivedCounts {
    std::size_t raised = 0;
    std::size_t changed = 0;
    std::size_t refuted = 0;
    std::size_t incidents = 0;
};
[[nodiscard]] Result<DerivedCounts> save_alarms(Pool& pool, const Derived& derived, UtcTime now);

struct Saying {
    UtcTime at;
    std::string who;
    std::string reason;
};
struct AlarmRow {
    access::Alarm alarm;
    std::int64_t place = 0;
    UtcTime raised;
    std::optional<UtcTime> refuted;
    std::string refutation{};  ///< why; empty: it holds
    std::optional<Uuid> incident_id;
    std::optional<Uuid> hold_id;
    std::optional<Saying> acknowledgement;
    std::optional<Saying> resolution;
};
/// "open", "acknowledged", "resolved" or "refuted".
[[nodiscard]] std::string_view state_of(const AlarmRow& alarm) noexcept;

struct AlarmCursor {
    UtcTime at;
    Uuid id;
};
struct AlarmFilter {
    std::optional<std::string> door;
    std::optional<std::string> kind;
    std::optional<std::string> state;
    std::optional<UtcTime> from;
    std::optional<UtcTime> to;
};
/// Newest first, behind the cursor.
[[nodiscard]] Result<std::vector<AlarmRow>>
load_alarms(Pool& pool, const AlarmFilter& filter, std::optional<AlarmCursor> after, std::size_t limit);
[[nodiscard]] Result<std::optional<AlarmRow>> find_alarm(Pool& pool, const Uuid& id);
/// Behind `place`, in order of commits.
[[nodiscard]] Result<std::vector<AlarmRow>>
load_alarms_after(Pool& pool, std::int64_t place, std::size_t limit);

/// False: somebody has said it before. With its record in the audit log.
[[nodiscard]] Result<bool> acknowledge_alarm(
    Pool& pool,
    const Uuid& id,
    const std::string& reason,
    const ledger::Actor& actor,
    UtcTime now
);
[[nodiscard]] Result<bool>
resolve_alarm(Pool& pool, const Uuid& id, const std::string& reason, const ledger::Actor& actor, UtcTime now);

/// Alarms whose incident is still worked on, younger than `since`, whose footage is not held yet and whose
/// end is known or over an hour away.
[[nodiscard]] Result<std::vector<AlarmRow>> load_alarms_to_hold(Pool& pool, UtcTime since, UtcTime now);
[[nodiscard]] Status save_alarm_hold(Pool& pool, const Uuid& id, const Uuid& hold_id);

/// One line of the weekly report: a door and the unit of whoever went through it last before it stayed open.
struct OpenDoorLine {
    std::string door;
    std::string unit;  ///< empty: nobody is known
    std::uint64_t held_open = 0;
    std::uint64_t after_hours = 0;  ///< of those
    std::uint64_t unlocked = 0;     ///< times that it was not locked when it should have been
    std::uint64_t open_seconds = 0;
    std::uint64_t longest_seconds = 0;
};
[[nodiscard]] Result<std::vector<OpenDoorLine>>
load_open_doors(Pool& pool, const TimeRange& range, UtcTime now);

/// Forgets events and alarms of before `before`, with a record; how many events.
[[nodiscard]] Result<std::uint64_t> forget_events(Pool& pool, UtcTime before, UtcTime now);

}  // namespace sluice::catalogue
