#pragma once

#include "storage/catalogue/pool.hpp"
#include "storage/duty/recurrence.hpp"
#include "storage/ledger/act.hpp"

#include <optional>
#include <string>
#include <vector>

/// Duties that recur, and tracked follow-ups (列管). Roles: the API writes; worker, API and auditor read.
namespace sluice::catalogue {

struct DutyRow {
    Uuid id;
    std::string kind;  ///< "backup", "cleaning", "xvr_check", "password_change", "ups_test" or "other"
    std::string name;
    std::string owner;  ///< a role
    duty::Recurrence recurrence;
    duty::Date starts;
    std::optional<UtcTime> retired;
    std::string placer;
};
/// Also the retired ones when `with_retired`; by start and id.
[[nodiscard]] Result<std::vector<DutyRow>> load_duties(Pool& pool, bool with_retired);
[[nodiscard]] Result<std::optional<DutyRow>> find_duty(Pool& pool, const Uuid& id);
/// Each with its record in the audit log. False: there is one with this id.
[[nodiscard]] Result<bool>
create_duty(Pool& pool, const DutyRow& row, const ledger::Actor& actor, UtcTime now);
/// False: it is retired, or there is none.
[[nodiscard]] Result<bool> retire_duty(Pool& pool, const Uuid& id, const ledger::Actor& actor, UtcTime now);

struct DutyTurnRow {
    duty::Date turn;
    UtcTime done;
    std::string note;
    std::string evidence;  ///< JSON object
    std::string person;
};
/// Those of turns in [from, to), by turn.
[[nodiscard]] Result<std::vector<DutyTurnRow>>
load_duty_turns(Pool& pool, const Uuid& duty_id, duty::Date from, duty::Date to);
/// False: the turn was done before.
[[nodiscard]] Result<bool>
do_duty(Pool& pool, const Uuid& duty_id, const DutyTurnRow& row, const ledger::Actor& actor, UtcTime now);
/// A notice to the duty's owner, once for each distance.
[[nodiscard]] Result<bool>
tell_duty(Pool& pool, const DutyRow& duty, UtcTime due, unsigned days_ahead, UtcTime now);

struct FollowUpRow {
    Uuid id;
    std::string item;
    std::string owner;
    std::string source;  ///< "inspection 2026-11-23", "meeting 115-3"
    duty::Date due;
    UtcTime opened;
    std::string opener;
    std::optional<UtcTime> closed;
    std::string closer;
    std::string evidence;
};
struct FollowUpCursor {
    UtcTime opened;
    Uuid id;
};
/// Newest first, behind the cursor.
[[nodiscard]] Result<std::vector<FollowUpRow>>
load_follow_ups(Pool& pool, bool only_open, std::optional<FollowUpCursor> after, std::size_t limit);
[[nodiscard]] Result<std::optional<FollowUpRow>> find_follow_up(Pool& pool, const Uuid& id);
[[nodiscard]] Result<bool>
open_follow_up(Pool& pool, const FollowUpRow& row, const ledger::Actor& actor, UtcTime now);
/// False: it was closed before, or there is none.
[[nodiscard]] Result<bool> close_follow_up(
    Pool& pool,
    const Uuid& id,
    const std::string& evidence,
    const ledger::Actor& actor,
    UtcTime now
);
[[nodiscard]] Result<bool>
tell_follow_up(Pool& pool, const FollowUpRow& row, UtcTime due, unsigned days_ahead, UtcTime now);

}  // namespace sluice::catalogue
