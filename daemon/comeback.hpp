#pragma once

#include "config/base/uuid.hpp"
#include "storage/volume/journal.hpp"

#include <map>
#include <optional>
#include <span>
#include <vector>

namespace sluice::daemon {

/// What the journal says of a stream as the recorder's last life left it.
struct StreamHistory {
    std::optional<volume::RunStarted> open_run;  ///< began and never ended
    std::optional<volume::RunEnded> last_ended;  ///< of the newest run that ended in order
    std::optional<volume::GapOpened> open_gap;
};

/// Plays journal lines (in order) and gives each stream's state. Pure. Lines about runs or gaps whose
/// beginning is not among them are passed over: the recorder says again each day what lasts.
[[nodiscard]] std::map<Uuid, StreamHistory> replay(std::span<const volume::JournalLine> lines);

struct LastLife {
    std::optional<UtcTime> footage_end;  ///< from the newest file of the stream
    std::optional<UtcTime> last_alive;   ///< when the recorder was last seen, from its status file
    bool was_rebooted = false;           ///< the kernel is another one: power, not only the process
    UtcTime now;
};

/// How a stream goes on after a start.
struct Comeback {
    std::vector<volume::JournalFact> facts;  ///< to be written: ends of what the last life left open
    std::optional<volume::GapOpened>
        gap;  ///< open until footage begins; nullopt: the stream's first start ever
};

/// Pure. `gap_id` is for a gap that has to be made. The gap from the last footage on has the cause of the
/// end: shutdown when the recorder said so, power when the machine went too, recorder_crash otherwise.
[[nodiscard]] Comeback
come_back(const Uuid& stream_id, const StreamHistory& history, const LastLife& last_life, const Uuid& gap_id);

}  // namespace sluice::daemon
