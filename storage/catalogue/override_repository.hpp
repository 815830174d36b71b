#pragma once

#include "config/base/time.hpp"
#include "storage/access/schedule.hpp"
#include "storage/catalogue/door_repository.hpp"
#include "storage/catalogue/pool.hpp"
#include "storage/ledger/act.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pqxx {
class transaction_base;
}

/// What is decided against doors' schedules, and the schedules with it. Roles: worker, API and auditor read;
/// worker and API place and end.
namespace sluice::catalogue {

/// What placed an override. All but a person's end with what they belong to.
enum class OverrideOwner : std::uint8_t { person, eoc, duty_period, alarm };
[[nodiscard]] std::string_view to_string(OverrideOwner owner) noexcept;

struct OverrideEnd {
    UtcTime ended;
    std::string ender;
    std::string reason;
    bool is_withdrawn = false;  ///< as if it had never been
};
struct OverrideRow {
    Uuid id;
    std::optional<Uuid> door_id;  ///< nullopt: every door
    std::string door_slug;        ///< filled by reads
    access::DoorMode mode = access::DoorMode::manual;
    UtcTime from;
    std::optional<UtcTime> to;  ///< nullopt: until somebody ends it
    std::string reason;
    std::string document;
    std::string person;  ///< who stands at the door; `manual` needs one, unless an alarm has placed it
    OverrideOwner owner = OverrideOwner::person;
    std::optional<Uuid> owner_id;  ///< of the emergency, the duty period, the alarm
    std::string placer;
    UtcTime placed;
    std::optional<OverrideEnd> end;
};
/// When it stops counting: its end as planned, or when it was ended before; its begin when it was withdrawn.
[[nodiscard]] std::optional<UtcTime> end_of(const OverrideRow& row) noexcept;

/// How one is ended. It stops counting at `at`, or when it was placed if that is later.
struct OverrideClosing {
    UtcTime at;
    std::string reason;
    ledger::Actor actor;
    bool is_withdrawn = false;  ///< it counts at no instant, and alarms of its time are derived again
};

/// Places it within the caller's transaction, with its record in the audit log; `placer` and `placed` are
/// those of `actor` and `now`. False: its id is there already. For repositories: a failed statement throws.
[[nodiscard]] Result<bool> open_override(
    pqxx::transaction_base& transaction,
    const OverrideRow& row,
    const ledger::Actor& actor,
    UtcTime now
);
/// Ends all that belong to this owner and have not ended; how many.
[[nodiscard]] Result<std::size_t> end_overrides_of(
    pqxx::transaction_base& transaction,
    const Uuid& owner_id,
    const std::string& reason,
    const ledger::Actor& actor,
    UtcTime now
);

/// Ends one; how many, 0 when there is none of this id or it has ended.
[[nodiscard]] Result<std::size_t> end_override(
    pqxx::transaction_base& transaction,
    const Uuid& id,
    const OverrideClosing& closing,
    UtcTime now
);

/// The same as transactions of their own.
[[nodiscard]] Result<bool>
open_override(Pool& pool, const OverrideRow& row, const ledger::Actor& actor, UtcTime now);
/// False: there is none of this id, or it has ended.
[[nodiscard]] Result<bool>
end_override(Pool& pool, const Uuid& id, const OverrideClosing& closing, UtcTime now);

[[nodiscard]] Result<std::optional<OverrideRow>> find_override(Pool& pool, const Uuid& id);
/// Those that count at some instant of the range, by begin. With `door`: of this door or of every door.
[[nodiscard]] Result<std::vector<OverrideRow>>
load_overrides(Pool& pool, const std::optional<Uuid>& door, const TimeRange& range);

/// All that the door's mode follows from within the range.
[[nodiscard]] Result<access::DoorSchedule>
load_schedule(Pool& pool, const access::Door& door, const TimeRange& range);

}  // namespace sluice::catalogue
