#include "daemon/catalogue_feed.hpp"

#include "config/base/log.hpp"
#include "daemon/backoff.hpp"
#include "daemon/finished_row.hpp"
#include "storage/catalogue/migrate.hpp"

#include <algorithm>
#include <ranges>

namespace sluice::daemon {
namespace {

constexpr std::size_t kKeptWhole =
    500;  // finished segments kept with their index; beyond it only their names
constexpr std::size_t kSegmentBatch = 50;
constexpr std::size_t kJournalBatch = 500;
constexpr Microseconds kPartitionsEvery{3'600'000'000};
constexpr Microseconds kJournalEvery{10'000'000};
constexpr std::chrono::days kPartitionsAhead{7};
constexpr std::chrono::milliseconds kWait{500};

}  // namespace

CatalogueFeed::CatalogueFeed(FeedSettings settings, volume::DurableFiles& files, const Clock& clock)
    : settings_(std::move(settings)),
      files_(files),
      clock_(clock),
      pool_(settings_.conninfo, 1) {}

void CatalogueFeed::on_begun(const Uuid& segment_id) {
    inbox_.with([&](Inbox& inbox) { inbox.in_hand.insert(segment_id); });
}

void CatalogueFeed::on_left(const Uuid& segment_id) {
    inbox_.notify([&](Inbox& inbox) {
        inbox.in_hand.erase(segment_id);
        inbox.has_left = true;
    });
}

void CatalogueFeed::on_durable(std::vector<catalogue::OpenSegment> segments) {
    inbox_.notify([&](Inbox& inbox) {
        for (catalogue::OpenSegment& segment : segments)
            inbox.open.insert_or_assign(segment.row.id, std::move(segment));
    });
}

void CatalogueFeed::on_finished(const Uuid& volume_id, segment::FinishedSegment segment) {
    inbox_.notify([&](Inbox& inbox) {
        const Uuid id = segment.info.segment_id;
        inbox.open.erase(id);
        Finished finished{volume_id, id, segment.path, std::nullopt};
        if (inbox.finished.size() < kKeptWhole) finished.segment = std::move(segment);
        inbox.finished.push_back(std::move(finished));
    });
}

void CatalogueFeed::on_suspect(const Uuid& segment_id, const std::filesystem::path& path) {
    inbox_.notify([&](Inbox& inbox) {
        inbox.open.erase(segment_id);
        inbox.suspects.push_back({segment_id, path});
    });
}

void CatalogueFeed::on_journal() {
    inbox_.notify([](Inbox& inbox) { inbox.has_journal = true; });
}

void CatalogueFeed::set_inventory(catalogue::Inventory inventory) {
    inbox_.notify([&](Inbox& inbox) { inbox.inventory = std::move(inventory); });
}

void CatalogueFeed::run(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
        const BootTime now = clock_.boot_now();
        if (now >= retry_at_) judge(pass());
        const bool is_waiting = clock_.boot_now() < retry_at_;
        const bool has_orphans = std::any_of(volumes_.begin(), volumes_.end(), [](const Volume& volume) {
            return !volume.orphans.empty();  // the unreadable ones come with the clock
        });
        inbox_.wait_until(
            std::chrono::steady_clock::now() +
                (has_orphans && !is_waiting ? std::chrono::milliseconds{1} : kWait),
            [&](const Inbox& inbox) { return stop.stop_requested() || (!is_waiting && !inbox.is_empty()); },
            [](const Inbox&) {}
        );
    }
    // The last segments of an orderly stop: one attempt; what fails now is adopted at the next start.
    if (is_ready_) log_and_drop(pass(), "the files hold it; the next start adopts them");
}

Status CatalogueFeed::pass() {
    if (auto done = prepare(); !done) return done;
    if (auto done = feed_journals(); !done) return done;
    if (auto done = feed_open(); !done) return done;
    if (auto done = feed_finished(); !done) return done;
    if (auto done = feed_suspects(); !done) return done;
    if (auto done = adopt_some(); !done) return done;
    move_clean_mark();
    return {};
}

void CatalogueFeed::judge(const Status& status) {
    const bool was_connected = health_.with([&](FeedHealth& health) {
        health.backlog =
            inbox_.with([](const Inbox& inbox) { return inbox.finished.size() + inbox.open.size(); });
        for (const Volume& volume : volumes_)
            health.backlog += volume.orphans.size() + volume.unreadable.size() + (volume.has_journal ? 1 : 0);
        return std::exchange(health.is_connected, status.has_value());
    });
    if (status) {
        if (!was_connected) log::info("database_connected");
        failures_ = 0;
        return;
    }
    if (was_connected || failures_ == 0)
        log::warn("database_unavailable", {{"error", status.error().describe()}});
    is_ready_ = false;
    is_inventory_saved_ = false;  // it may come back as it was last night
    for (Volume& volume : volumes_)
        volume.position.reset();
    const auto delay =
        std::min(reconnect_delay(Patience::transient, failures_, 0.5), std::chrono::milliseconds{5'000});
    ++failures_;
    retry_at_ = clock_.boot_now() + delay;
}

/// Schema, inventory and partitions; before these nothing else can be written.
Status CatalogueFeed::prepare() {
    if (!is_ready_) {
        const auto version = catalogue::load_version(settings_.conninfo);
        if (!version) return std::unexpected(version.error());
        if (*version != catalogue::required_version())
            return failure(
                Remedy::retry,
                "the catalogue has version " + std::to_string(*version) + ", this recorder needs " +
                    std::to_string(catalogue::required_version()) + ": run sluice migrate"
            );
    }
    if (auto saved = feed_inventory(); !saved) return saved;
    if (!is_ready_ || clock_.boot_now() >= partitions_due_) {
        if (auto made = catalogue::ensure_partitions(pool_, clock_.now() + kPartitionsAhead); !made)
            return made;
        partitions_due_ = clock_.boot_now() + kPartitionsEvery;
    }
    is_ready_ = true;
    return {};
}

/// Also when a volume shows itself for the first time: rows that name it need its row.
Status CatalogueFeed::feed_inventory() {
    if (auto fresh = inbox_.with([](Inbox& inbox) { return std::exchange(inbox.inventory, std::nullopt); })) {
        inventory_ = std::move(*fresh);
        is_inventory_saved_ = false;
    }
    std::vector<catalogue::VolumeRow> known;
    for (const Volume& volume : volumes_) {
        const Uuid id = volume.worker->health().volume_id;
        if (!id.is_nil()) known.push_back({id, settings_.installation_id, volume.worker->settings().root});
    }
    if (is_inventory_saved_ && known.size() == inventory_.volumes.size()) return {};
    inventory_.volumes = std::move(known);
    if (auto saved = catalogue::save_inventory(pool_, inventory_, clock_.now()); !saved) {
        is_inventory_saved_ = false;
        return saved;
    }
    is_inventory_saved_ = true;
    return {};
}

Status CatalogueFeed::feed_journals() {
    bool is_news = inbox_.with([](Inbox& inbox) { return std::exchange(inbox.has_journal, false); });
    if (clock_.boot_now() >= journal_due_) is_news = true;
    if (is_news) journal_due_ = clock_.boot_now() + kJournalEvery;
    for (Volume& volume : volumes_) {
        volume.has_journal |= is_news;
        if (!volume.has_journal) continue;
        if (auto fed = feed_journal(volume); !fed) return fed;
        volume.has_journal = false;
    }
    return {};
}

Status CatalogueFeed::feed_journal(Volume& volume) {
    const VolumeHealth health = volume.worker->health();
    if (!health.can_journal || health.volume_id.is_nil()) return {};
    volume.id = health.volume_id;
    if (!volume.position) {
        auto position = catalogue::load_journal_position(pool_, volume.id);
        if (!position) return std::unexpected(position.error());
        volume.position = std::move(*position);
    }
    while (true) {
        auto batch = volume::read_journal(volume.worker->settings().root, *volume.position, kJournalBatch);
        if (!batch) {
            log_and_drop(std::unexpected(batch.error()), "the journal is read again later");
            return {};
        }
        if (batch->unreadable > 0)
            log::warn(
                "journal_lines_unreadable",
                {{"volume", volume.worker->settings().root.string()}, {"lines", batch->unreadable}}
            );
        if (batch->next == *volume.position) return {};
        if (auto done = catalogue::apply_journal(pool_, volume.id, batch->lines, batch->next); !done)
            return done;
        volume.position = batch->next;
    }
}

Status CatalogueFeed::feed_open() {
    auto open = inbox_.with([](Inbox& inbox) { return std::exchange(inbox.open, {}); });
    if (open.empty()) return {};
    std::vector<catalogue::OpenSegment> batch;
    batch.reserve(open.size());
    for (auto& [id, segment] : open) {
        segment.row.format_id = catalogue::format_id(segment.format);
        batch.push_back(std::move(segment));
    }
    return catalogue::save_open_segments(pool_, batch);  // on failure the next sync says it again
}

Status CatalogueFeed::feed_finished() {
    while (true) {
        std::vector<Finished> taken = inbox_.with([](Inbox& inbox) {
            std::vector<Finished> batch;
            while (!inbox.finished.empty() && batch.size() < kSegmentBatch) {
                batch.push_back(std::move(inbox.finished.front()));
                inbox.finished.pop_front();
            }
            return batch;
        });
        if (taken.empty()) return {};
        std::vector<catalogue::FinishedRow> rows;
        for (Finished& finished : taken)
            if (auto row = to_row(finished)) rows.push_back(std::move(*row));
        const Status saved = save(std::move(rows));
        inbox_.with([&](Inbox& inbox) {
            if (saved) {
                for (const Finished& finished : taken)
                    inbox.in_hand.erase(finished.segment_id);
                return;
            }
            for (Finished& finished : std::views::reverse(taken))
                inbox.finished.push_front(std::move(finished));
        });
        if (!saved) return saved;
    }
}

/// One batch; when a row is refused the others must not wait for it: each goes alone and the refused one is
/// said.
Status CatalogueFeed::save(std::vector<catalogue::FinishedRow> rows) {
    if (rows.empty()) return {};
    const Status together = catalogue::save_finished_segments(pool_, rows);
    if (together || together.error().remedy() != Remedy::refuse) return together;
    for (const catalogue::FinishedRow& row : rows) {
        const Status alone = catalogue::save_finished_segments(pool_, {&row, 1});
        if (alone) continue;
        if (alone.error().remedy() != Remedy::refuse) return alone;
        log::error(
            "segment_refused_by_catalogue",
            {{"segment", to_string(row.row.id)},
             {"path", row.row.path.string()},
             {"error", alone.error().describe()}}
        );
    }
    return {};
}

Status CatalogueFeed::feed_suspects() {
    const auto suspects = inbox_.with([](Inbox& inbox) { return std::exchange(inbox.suspects, {}); });
    for (std::size_t i = 0; i < suspects.size(); ++i) {
        if (auto marked = catalogue::mark_suspect(pool_, suspects[i].segment_id, suspects[i].path); !marked) {
            inbox_.with([&](Inbox& inbox) {
                inbox.suspects.insert(
                    inbox.suspects.begin(), suspects.begin() + static_cast<std::ptrdiff_t>(i), suspects.end()
                );
            });
            return marked;
        }
        inbox_.with([&](Inbox& inbox) { inbox.in_hand.erase(suspects[i].segment_id); });
    }
    return {};
}

std::optional<catalogue::FinishedRow> CatalogueFeed::to_row(Finished& finished) {
    if (finished.segment) return make_finished_row(finished.volume_id, *finished.segment);
    const auto volume = std::find_if(volumes_.begin(), volumes_.end(), [&](const Volume& candidate) {
        return candidate.worker->health().volume_id == finished.volume_id;
    });
    if (volume == volumes_.end()) {  // another one is mounted there: found again when the right one is back
        inbox_.with([](Inbox& inbox) { inbox.has_left = true; });
        return std::nullopt;
    }
    return adopt_one(*volume, segment::Orphan{finished.path, finished.segment_id, false});
}

}  // namespace sluice::daemon
