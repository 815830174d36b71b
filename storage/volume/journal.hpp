#pragma once

#include "config/base/time.hpp"
#include "config/base/uuid.hpp"
#include "config/base/words.hpp"
#include "storage/volume/durable_files.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

/// The recorder's own record of what happened, one JSON object a line, append-only and synced. It needs no
/// database: catalogue and audit log are filled from it.
namespace sluice::volume {

struct RunStarted {
    Uuid run_id;
    Uuid stream_id;
    UtcTime at;  ///< wall time of tick 0
    std::optional<bool> clock_synchronised;
};
struct RunEnded {
    Uuid run_id;
    UtcTime at;
    GapCause cause = GapCause::unknown;  ///< why it ended
    double measured_fps = 0;
    double media_rate = 0;  ///< media seconds per wall second; 1 when the camera's clock is true
    /// The beginning once more: its own line may stand in another volume's journal.
    std::optional<RunStarted> started = std::nullopt;
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
    /// The opening once more: its own line may stand in another volume's journal.
    std::optional<GapOpened> opened = std::nullopt;
};
struct ConfigLoaded {
    std::string sha256;   ///< of the configuration as read
    std::string summary;  ///< "16 cameras added", for people
};
struct Refused {
    std::string what;
    std::string reason;
};
/// The recorder began to live.
struct Started {
    std::string version;
};
/// It was told to stop, and all that it recorded lies in files. A life without it ended by a crash.
struct Stopped {
    bool all_streams_ended = true;  ///< false: one hung and was left
};
/// A UPS says that it feeds from something else than before, or says nothing any more.
struct PowerChanged {
    std::string ups;  ///< its slug
    PowerState state = PowerState::unknown;
    UtcTime at;
    bool feeds_recorder = false;
    bool feeds_locks = false;
    std::optional<double> charge_percent;  ///< of the battery, where the UPS tells it
    std::string detail;                    ///< the UPS's own words, or why nobody can be asked
};
using JournalFact = std::variant<
    RunStarted,
    RunEnded,
    GapOpened,
    GapClosed,
    ConfigLoaded,
    Refused,
    Started,
    Stopped,
    PowerChanged>;

struct JournalLine {
    UtcTime written;
    JournalFact fact;
};

inline constexpr std::size_t kJournalLineLimit = 65'536;  ///< bytes; longer details are cut by to_line

[[nodiscard]] std::string to_line(const JournalLine& line);  ///< with the newline
/// With or without the newline. Error: abandon_file for a line that can't be understood or is over
/// kJournalLineLimit.
[[nodiscard]] Result<JournalLine> from_line(std::string_view line);

/// Appends to <root>/journal/YYYY-MM-DD.jsonl (UTC day of the line; never to a file older than the newest, so
/// that a clock that ran back hides nothing from a reader who has gone on). After a failed sync the day goes
/// on in YYYY-MM-DD_02.jsonl, because the old file can't be trusted any more. Thread: the volume's I/O
/// thread.
class Journal {
public:
    Journal(DurableFiles& files, std::filesystem::path root);
    /// On success the lines are durable (one sync for all). A torn last line of an earlier crash is closed
    /// with a newline first. On failure nothing is promised: the caller gives the same lines again, and
    /// readers meet some twice. Error: abandon_file or stop_volume.
    [[nodiscard]] Status append(std::span<const JournalLine> lines);

private:
    [[nodiscard]] Status append_to_day(const std::string& day, std::string_view text);
    [[nodiscard]] Status open_for(const std::string& day);
    [[nodiscard]] Status close_torn_line();

    DurableFiles& files_;
    std::filesystem::path root_;
    UniqueFd fd_;
    std::string file_;            ///< its name; day and continuation
    bool is_distrusted_ = false;  ///< a sync of it failed
};

/// Where a reader stands: file name and byte offset. Files sort by name.
struct JournalPosition {
    std::string file;  ///< "2026-11-23.jsonl"; empty: before the first
    std::uint64_t offset = 0;
    friend bool operator==(const JournalPosition&, const JournalPosition&) = default;
};
struct JournalBatch {
    std::vector<JournalLine> lines;
    JournalPosition next;  ///< where the following read begins
    /// Lines passed over, torn or unknown: they are counted and said, never silent.
    std::uint64_t unreadable = 0;
};
/// At most `limit` whole lines from `position` on, going on to the next files. Empty batch: nothing new.
[[nodiscard]] Result<JournalBatch>
read_journal(const std::filesystem::path& root, const JournalPosition& position, std::size_t limit);

}  // namespace sluice::volume
