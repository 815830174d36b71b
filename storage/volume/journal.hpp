#pragma once

#include "config/base/time.hpp"
#include "config/base/uuid.hpp"
#include "config/base/words.hpp"
#include "storage/volume/durable_files.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <variant>
#include <vector>

/// The recorder's own record of what happened, one JSON object a line, append-only and synced. It needs no database:
/// catalogue and audit log are filled from it.
namespace sluice::volume {

struct RunStarted {
    Uuid run_id;
    Uuid stream_id;
    UtcTime at;                          ///< wall time of tick 0
    std::optional<bool> clock_synchronised;
};
struct RunEnded {
    Uuid run_id;
    UtcTime at;
    GapCause cause = GapCause::unknown;  ///< why it ended
    double measured_fps = 0;
    double media_rate = 0;               ///< media seconds per wall second; 1 when the camera's clock is true
};
struct GapOpened {
    Uuid gap_id;
    Uuid stream_id;
    UtcTime from;
    GapCause cause = GapCause::unknown;
    std::string detail;
};
struct GapClosed {
    Uuid gap_id;
    UtcTime to;
};
struct ConfigLoaded {
    std::string sha256;   ///< of the configuration as read
    std::string summary;  ///< "16 cameras added", for people
};
struct Refused {
    std::string what;
    std::string reason;
};
using JournalFact = std::variant<RunStarted, RunEnded, GapOpened, GapClosed, ConfigLoaded, Refused>;

struct JournalLine {
    UtcTime written;
    JournalFact fact;
};

[[nodiscard]] std::string to_line(const JournalLine& line);  ///< with the newline
/// Error: abandon_file for a line that can't be understood.
[[nodiscard]] Result<JournalLine> from_line(std::string_view line);

/// Appends to <root>/journal/YYYY-MM-DD.jsonl (UTC day of the line). Thread: the volume's I/O thread.
class Journal {
public:
    Journal(DurableFiles& files, std::filesystem::path root);
    /// On success the lines are durable (one sync for all). A torn last line of an earlier crash is closed with a newline first.
    [[nodiscard]] Status append(std::span<const JournalLine> lines);

private:
    DurableFiles& files_;
    std::filesystem::path root_;
    UniqueFd fd_;
    std::string day_;
};

/// Where a reader stands: file name and byte offset. Files sort by name.
struct JournalPosition {
    std::string file;  ///< "2026-11-23.jsonl"; empty: before the first
    std::uint64_t offset = 0;
    friend bool operator==(const JournalPosition&, const JournalPosition&) = default;
};
struct JournalBatch {
    std::vector<JournalLine> lines;
    JournalPosition next;         ///< where the following read begins
    std::uint64_t unreadable = 0; ///< lines passed over: torn or unknown; they are counted and said, never silent
};
/// At most `limit` whole lines from `position` on, going on to the next files. Empty batch: nothing new.
[[nodiscard]] Result<JournalBatch> read_journal(
    const std::filesystem::path& root, const JournalPosition& position, std::size_t limit
);

}  // namespace sluice::volume
