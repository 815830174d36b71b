#include "daemon/last_life.hpp"

#include "config/base/files.hpp"
#include "config/base/log.hpp"
#include "storage/segment/adopt.hpp"
#include "storage/status/recorder_status.hpp"
#include "storage/volume/volume.hpp"

#include <algorithm>
#include <set>

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

std::vector<volume::JournalLine> read_lines(const std::filesystem::path& root) {
    std::vector<volume::JournalLine> lines;
    volume::JournalPosition position{first_file(root), 0};
    if (position.file.empty()) return lines;
    while (true) {
        auto batch = volume::read_journal(root, position, kBatch);
        if (!batch) {
            log_and_drop(std::unexpected(batch.error()), "gaps before this start may lack their cause");
            return lines;
        }
        std::move(batch->lines.begin(), batch->lines.end(), std::back_inserter(lines));
        if (batch->next == position) return lines;
        position = batch->next;
    }
}

}  // namespace

LastLifeRecord load_last_life(
    const std::vector<std::filesystem::path>& volumes,
    const volume::Installation& installation,
    const std::filesystem::path& data
) {
    LastLifeRecord record;
    std::vector<volume::JournalLine> lines;
    const auto is_earlier = [](const auto& a, const auto& b) { return a.written < b.written; };
    for (const std::filesystem::path& root : volumes) {
        if (!volume::check_volume(root, installation.installation_id, Uuid{})) continue;
        std::vector<volume::JournalLine> more = read_lines(root);
        std::vector<volume::JournalLine> both;
        std::merge(
            lines.begin(), lines.end(), more.begin(), more.end(), std::back_inserter(both), is_earlier
        );
        lines = std::move(both);
    }
    // What lasts is said again each day. An older line comes from a volume that was away when the matter
    // ended: its opening must not be closed now.
    constexpr std::chrono::hours said_again{48};
    if (!lines.empty()) {
        const UtcTime newest = lines.back().written;
        std::erase_if(lines, [&](const volume::JournalLine& line) {
            return line.written < newest - said_again;
        });
    }
    record.histories = replay(lines);
    if (!lines.empty()) record.last_alive = std::max_element(lines.begin(), lines.end(), is_earlier)->written;
    if (const auto status = status::load(status::status_path(data)))
        record.last_alive = std::max(record.last_alive.value_or(status->written), status->written);
    record.was_rebooted = !installation.boot_id.empty() && installation.boot_id != read_boot_id();
    return record;
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
