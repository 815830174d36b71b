#pragma once

#include "config/base/guarded.hpp"
#include "daemon/segment_news.hpp"
#include "daemon/volume_worker.hpp"
#include "storage/catalogue/pool.hpp"
#include "storage/segment/adopt.hpp"

#include <chrono>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

namespace sluice::daemon {

struct FeedSettings {
    std::string conninfo;
    Uuid installation_id;
    std::string clean_mark;  ///< adoption looks at day folders from here on; empty: at all
    /// A later day from which on everything before is catalogued; to be kept for the next start.
    std::function<void(const std::string& day)> on_clean_mark;
};

struct FeedHealth {
    bool is_connected = false;
    std::uint64_t backlog = 0;  ///< segments and journal batches that wait
    std::uint64_t adopted = 0;
};

/// Carries what the volumes hold into the catalogue: inventory, journal, open and finished segments, orphans.
/// The database may be away for hours (I13): what waits then is a path and an id per segment, the files hold
/// the rest. News and health(): any thread. The rest: its own.
class CatalogueFeed final : public SegmentNews {
public:
    CatalogueFeed(FeedSettings settings, volume::DurableFiles& files, const Clock& clock);

    void on_begun(const Uuid& segment_id) override;
    void on_left(const Uuid& segment_id) override;
    void on_durable(std::vector<catalogue::OpenSegment> segments) override;
    void on_finished(const Uuid& volume_id, segment::FinishedSegment segment) override;
    void on_suspect(const Uuid& segment_id, const std::filesystem::path& path) override;
    void on_journal() override;
    void set_inventory(catalogue::Inventory inventory);
    /// Before run().
    void watch(const VolumeWorker& volume) { volumes_.emplace_back().worker = &volume; }

    void run(const std::stop_token& stop);
    /// One round over everything that waits; run() makes one after the other. Error: nothing is lost, call
    /// again.
    [[nodiscard]] Status pass();
    [[nodiscard]] FeedHealth health() const {
        return health_.with([](const FeedHealth& health) { return health; });
    }

private:
    struct Finished {
        Uuid volume_id;
        Uuid segment_id;
        std::filesystem::path path;
        std::optional<segment::FinishedSegment> segment;  ///< nullopt: to be read from its file again
    };
    struct Suspect {
        Uuid segment_id;
        std::filesystem::path path;
    };
    struct Inbox {
        std::map<Uuid, catalogue::OpenSegment> open;  ///< newest word about each
        std::deque<Finished> finished;
        std::vector<Suspect> suspects;
        std::set<Uuid> in_hand;  ///< files being written, and those that wait here: no orphans
        std::optional<catalogue::Inventory> inventory;
        bool has_journal = true;
        bool has_left = false;  ///< a file became an orphan: the folders are to be listed again
        [[nodiscard]] bool is_empty() const {
            return open.empty() && finished.empty() && suspects.empty() && !inventory && !has_journal &&
                   !has_left;
        }
    };
    struct Volume {
        const VolumeWorker* worker = nullptr;
        Uuid id;
        std::optional<volume::JournalPosition> position;
        std::deque<segment::Orphan> orphans;
        std::vector<segment::Orphan> unreadable;  ///< orphans that wait for their turn to be tried again
        BootTime try_again;                       ///< when the unreadable ones have it
        bool was_listed = false;
        BootTime list_again;  ///< not before, when listing failed
        [[nodiscard]] bool is_settled() const { return was_listed && orphans.empty() && unreadable.empty(); }
        bool has_journal = true;
    };

    [[nodiscard]] Status prepare();
    [[nodiscard]] Status feed_inventory();
    [[nodiscard]] Status feed_journals();
    [[nodiscard]] Status feed_journal(Volume& volume);
    [[nodiscard]] Status feed_open();
    [[nodiscard]] Status feed_finished();
    [[nodiscard]] Status feed_suspects();
    [[nodiscard]] Status adopt_some();
    [[nodiscard]] Status adopt_from(Volume& volume);
    [[nodiscard]] bool list_when_due(Volume& volume, Status& status);
    [[nodiscard]] Result<bool> list_orphans(Volume& volume);
    [[nodiscard]] Status save(std::vector<catalogue::FinishedRow> rows);
    [[nodiscard]] std::optional<catalogue::FinishedRow> to_row(Finished& finished);
    [[nodiscard]] std::optional<catalogue::FinishedRow>
    adopt_one(Volume& volume, const segment::Orphan& orphan);
    void set_clean_mark(const std::string& day);
    void move_clean_mark();
    void judge(const Status& status);

    FeedSettings settings_;
    volume::DurableFiles& files_;
    const Clock& clock_;
    catalogue::Pool pool_;
    Guarded<Inbox> inbox_;
    Guarded<FeedHealth> health_;
    std::vector<Volume> volumes_;
    catalogue::Inventory inventory_;
    bool is_inventory_saved_ = false;
    bool is_ready_ = false;
    BootTime retry_at_;
    BootTime partitions_due_;
    BootTime journal_due_;
    unsigned failures_ = 0;
};

}  // namespace sluice::daemon
