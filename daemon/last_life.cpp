#include "daemon/last_life.hpp"

#include "config/base/files.hpp"
#include "config/base/log.hpp"
#include "storage/segment/adopt.hpp"
#include "storage/status/recorder_status.hpp"
#include "storage/volume/volume.hpp"

#include <algorithm>
#include <numeric>
#include <set>
#include <utility>

namespace sluice::daemon {
namespace {

constexpr std::size_t kBatch = 5000;

/// Names of the journal's two newest files: what lasts is said again each day.
std::string first_file(const std::filesystem::path& root) {
    std::set<std::string> names;
    std::error_code code;
    for (std::filesystem::directory_iterator entry{root / "journal", code}, end; !code && entry != end;
         entry.increment(code))
        if (entry->path().extension() == ".jsonl") names.insert(entry->path().filename().string());
    if (names.empty()) return {};
    return names.size() == 1 ? *names.begin() : *std::prev(names.end(), 2);
}

/// Calls `take(line)` for every line from `file` on.
template <class Take>
void for_each_line(const std::filesystem::path& root, const std::string& file, Take take) {
    volume::JournalPosition position{file, 0};
    while (true) {
        auto batch = volume::read_journal(root, position, kBatch);
        if (!batch) {
            log_and_drop(std::unexpected(batch.error()), "gaps before this start may lack their cause");
            return;
        }
        for (volume::JournalLine& line : batch->lines)
            take(std::move(line));
        if (batch->next == position) return;
        position = batch->next;
    }
}

/// Whether a line may say something of the stream. Endings name theirs since they carry their beginning;
/// those of an older version are taken as well, and replay() passes over what it can't place.
bool concerns(const volume::JournalFact& fact, const Uuid& stream_id) {
    if (const auto* started = std::get_if<volume::RunStarted>(&fact)) return started->stream_id == stream_id;
    if (const auto* opened = std::get_if<volume::GapOpened>(&fact)) return opened->stream_id == stream_id;
    if (const auto* ended = std::get_if<volume::RunEnded>(&fact))
        return !ended->started || ended->started->stream_id == stream_id;
    if (const auto* closed = std::get_if<volume::GapClosed>(&fact))
        return !closed->opened || closed->opened->stream_id == stream_id;
    return false;
}

/// By the time of writing; lines of one time keep their order.
std::vector<volume::JournalLine> sorted_by_time(std::vector<volume::JournalLine> lines) {
    std::vector<std::size_t> order(lines.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
        return std::pair{lines[a].written, a} < std::pair{lines[b].written, b};
    });
    std::vector<volume::JournalLine> sorted;
    sorted.reserve(lines.size());
    for (const std::size_t place : order)
        sorted.push_back(std::move(lines[place]));
    return sorted;
}

}  // namespace

LastLifeRecord load_last_life(
    const std::vector<std::filesystem::path>& volumes,
    const volume::Installation& installation,
    const std::filesystem::path& data,
    UtcTime now
) {
    LastLifeRecord record;
    std::vector<volume::JournalLine> lines;
    for (const std::filesystem::path& root : volumes) {
        if (!volume::check_volume(root, installation.installation_id, Uuid{})) continue;
        if (const std::string file = first_file(root); !file.empty())
            for_each_line(root, file, [&](volume::JournalLine&& line) { lines.push_back(std::move(line)); });
    }
    lines = sorted_by_time(std::move(lines));
    // What lasts is said again each day. An older line comes from a volume that was away when the matter
    // ended: its opening must not be closed now. A clock that ran ahead wrote lines of days to come.
    constexpr std::chrono::hours said_again{48};
    if (!lines.empty()) {
        const UtcTime newest = std::min(lines.back().written, now);
        std::erase_if(lines, [&](const volume::JournalLine& line) {
            return line.written < newest - said_again;
        });
    }
    record.histories = replay(lines);
    if (!lines.empty()) record.last_alive = lines.back().written;
    if (const auto status = status::load(status::status_path(data)))
        record.last_alive = std::max(record.last_alive.value_or(status->written), status->written);
    record.was_rebooted = !installation.boot_id.empty() && installation.boot_id != read_boot_id();
    return record;
}

StreamHistory load_old_history(
    const std::vector<std::filesystem::path>& volumes,
    const Uuid& installation_id,
    const Uuid& stream_id
) {
    std::vector<volume::JournalLine> lines;
    for (const std::filesystem::path& root : volumes) {
        if (!volume::check_volume(root, installation_id, Uuid{})) continue;
        for_each_line(root, {}, [&](volume::JournalLine&& line) {
            if (concerns(line.fact, stream_id)) lines.push_back(std::move(line));
        });
    }
    auto histories = replay(sorted_by_time(std::move(lines)));
    const auto found = histories.find(stream_id);
    return found == histories.end() ? StreamHistory{} : std::move(found->second);
}

std::string read_boot_id() {
    auto text = read_text_file("/proc/sys/kernel/random/boot_id", 100);
    if (!text) return {};
    while (!text->empty() && text->back() == '\n')
        text->pop_back();
    return *text;
}

std::optional<UtcTime> find_footage_end(
    const std::vector<std::filesystem::path>& volumes,
    const std::string& camera_slug,
    StreamKind stream
) {
    std::optional<UtcTime> newest;
    for (const std::filesystem::path& root : volumes) {
        const auto end = segment::find_last_end(root, camera_slug, stream);
        if (!end) {
            log_and_drop(
                std::unexpected(end.error()), "the gap before this start begins at the journal's word"
            );
        } else if (*end) {
            newest = std::max(newest.value_or(**end), **end);
        }
    }
    return newest;
}

}  // namespace sluice::daemon
