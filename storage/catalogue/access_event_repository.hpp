#pragma once

#include "storage/access/event.hpp"
#include "storage/access/event_csv.hpp"
#include "storage/catalogue/access_repository.hpp"
#include "storage/catalogue/alarm_repository.hpp"
#include "storage/catalogue/pool.hpp"
#include "storage/ledger/act.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

/// Events at the doors as they are asked for, and files that were handed in. Roles: worker, API and auditor
/// read; the API and the operator's tool write imports.
namespace sluice::catalogue {

struct EventRow {
    Uuid id;
    UtcTime at;  ///< when it counts, see access::time_of
    Uuid batch_id;
    access::Event event;
};
struct EventCursor {
    UtcTime at;
    Uuid id;
};
struct EventFilter {
    std::optional<std::string> door;
    std::optional<std::string> code;
    std::optional<std::string> category;  ///< "door" of "door.opened"
    std::optional<UtcTime> from;
    std::optional<UtcTime> to;
};
/// Newest first, behind the cursor.
[[nodiscard]] Result<std::vector<EventRow>>
load_events(Pool& pool, const EventFilter& filter, std::optional<EventCursor> after, std::size_t limit);
[[nodiscard]] Result<std::optional<EventRow>> find_event(Pool& pool, const Uuid& id);

/// What has come behind `place` in the order of commits: events of whole batches, and alarms; about `limit`
/// of them at most.
struct AccessNews {
    std::int64_t place = 0;  ///< of the last of them; as asked when there is nothing
    std::vector<std::pair<std::int64_t, EventRow>> events;  ///< with the place of their batch
    std::vector<AlarmRow> alarms;
};
[[nodiscard]] Result<AccessNews> load_access_news(Pool& pool, std::int64_t place, std::size_t limit);
/// The last place that was given; 0: none was.
[[nodiscard]] Result<std::int64_t> load_last_access_place(Pool& pool);

struct ImportRow {
    Uuid id;
    Sha256Digest sha256{};
    std::string profile;
    std::size_t rows = 0;
    std::size_t accepted = 0;
    std::size_t duplicates = 0;
    std::size_t conflicts = 0;
    std::size_t faulty = 0;
    std::vector<access::CsvFault> faults;
    std::string importer;
    UtcTime imported;
};
/// With its record in the audit log.
[[nodiscard]] Status save_import(Pool& pool, const ImportRow& row, const ledger::Actor& actor);
[[nodiscard]] Result<std::optional<ImportRow>> find_import(Pool& pool, const Uuid& id);

/// Stores what was read of a file, a thousand at a time, and counts what became of it. What is not stored yet
/// when something fails comes with the next try of the same file. `import` has its id, hash, profile and
/// time.
[[nodiscard]] Result<ImportRow>
import_events(Pool& pool, ImportRow import, access::CsvEvents events, const ledger::Actor& actor);

}  // namespace sluice::catalogue
