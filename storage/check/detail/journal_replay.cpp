#include "storage/check/detail/journal_replay.hpp"

#include "storage/catalogue/recorder_repository.hpp"
#include "storage/volume/journal.hpp"

#include <algorithm>
#include <span>
#include <utility>

namespace sluice::check::detail {
namespace {

constexpr std::size_t kBatch = 500;

/// A volume's journal as a queue of lines in the order of writing, with the place to go on from.
struct JournalQueue {
    const Volume* volume = nullptr;
    std::vector<volume::JournalLine> lines;
    std::size_t at = 0;
    volume::JournalPosition applied;  ///< everything before it is in the catalogue
    volume::JournalPosition read;     ///< behind `lines`
    bool is_at_end = false;

    [[nodiscard]] bool is_empty() const noexcept { return at == lines.size(); }
};

Status fill(JournalQueue& queue, Replayed& replayed) {
    queue.lines.clear();
    queue.at = 0;
    while (queue.lines.empty() && !queue.is_at_end) {
        auto batch = volume::read_journal(queue.volume->root, queue.read, kBatch);
        if (!batch) return std::unexpected(batch.error());
        queue.is_at_end = batch->next == queue.read;
        queue.read = batch->next;
        queue.lines = std::move(batch->lines);
        replayed.torn_lines += batch->unreadable;
    }
    return {};
}

JournalQueue* find_oldest(std::vector<JournalQueue>& queues) {
    JournalQueue* oldest = nullptr;
    for (JournalQueue& queue : queues)
        if (!queue.is_empty() &&
            (oldest == nullptr || queue.lines[queue.at].written < oldest->lines[oldest->at].written))
            oldest = &queue;
    return oldest;
}

/// Lines of one volume up to where another one's are older. Its position moves when its batch is through.
Status apply_run_of_lines(
    catalogue::Pool& pool,
    const std::vector<JournalQueue>& queues,
    JournalQueue& queue,
    Replayed& replayed
) {
    UtcTime limit = UtcTime::max();
    for (const JournalQueue& other : queues)
        if (&other != &queue && !other.is_empty()) limit = std::min(limit, other.lines[other.at].written);
    std::size_t end = queue.at + 1;
    while (end < queue.lines.size() && queue.lines[end].written <= limit)
        ++end;
    if (end == queue.lines.size()) queue.applied = queue.read;
    const std::span lines{queue.lines.begin() + static_cast<std::ptrdiff_t>(queue.at), end - queue.at};
    if (auto done = catalogue::apply_journal(pool, queue.volume->id, lines, queue.applied); !done)
        return done;
    replayed.lines += lines.size();
    queue.at = end;
    return {};
}

}  // namespace

Result<Replayed> replay_journals(
    catalogue::Pool& pool,
    const std::vector<Volume>& volumes,
    const std::function<bool()>& may_go_on
) {
    Replayed replayed;
    std::vector<JournalQueue> queues;
    for (const Volume& volume : volumes) {
        JournalQueue& queue = queues.emplace_back();
        queue.volume = &volume;
        if (auto filled = fill(queue, replayed); !filled) return std::unexpected(filled.error());
    }
    while (JournalQueue* next = find_oldest(queues)) {
        if (auto done = apply_run_of_lines(pool, queues, *next, replayed); !done)
            return std::unexpected(done.error());
        if (!may_go_on()) return rebuild_stopped();
        if (!next->is_empty()) continue;
        if (auto filled = fill(*next, replayed); !filled) return std::unexpected(filled.error());
    }
    return replayed;
}

std::unexpected<Error> rebuild_stopped() {
    return failure(Remedy::cancelled, "the rebuild was stopped; the same command goes on with it", "stopped");
}

}  // namespace sluice::check::detail
