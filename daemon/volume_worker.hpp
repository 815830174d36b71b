#pragma once

#include "config/base/guarded.hpp"
#include "daemon/segment_news.hpp"
#include "daemon/segment_output.hpp"
#include "daemon/stream_link.hpp"
#include "daemon/windowed_max.hpp"
#include "storage/status/recorder_status.hpp"
#include "storage/volume/journal.hpp"
#include "storage/volume/volume.hpp"

#include <chrono>
#include <deque>
#include <map>
#include <memory>
#include <stop_token>
#include <variant>
#include <vector>

namespace sluice::daemon {

struct VolumeSettings {
    std::filesystem::path root;
    Uuid installation_id;
    Uuid volume_id;  ///< nil: not seen before, any volume of the installation will do
    std::chrono::milliseconds durability_window{5000};
    std::uint64_t reserve_bytes = 0;
    unsigned reserve_percent = 0;
};

/// From now on so much may be lost in a power cut. Shorter than before: everything is synced at once.
struct ChangeWindow {
    std::chrono::milliseconds window;
};

struct VolumeMessage {
    Uuid stream_id;
    std::shared_ptr<StreamLink> link;  ///< owned by the stream and by what it has under way
    std::variant<BeginSegment, AppendFragment, FinishSegment, volume::JournalFact, ChangeWindow> body;
};

struct VolumeHealth {
    Uuid volume_id;
    bool is_writable = false;  ///< segments may be begun
    bool can_journal = false;  ///< identity is right; a full disk still takes a few lines that say why
    GapCause cause = GapCause::volume_missing;  ///< while not writable
    std::string problem;
    volume::Space space;
    WindowedMax longest_sync;
    WindowedMax longest_write;
    WindowedMax write_lag;
};

/// One volume's only writer of segments and journal. post() and health() from any thread; the rest on its
/// own.
class VolumeWorker {
public:
    VolumeWorker(VolumeSettings settings, volume::DurableFiles& files, const Clock& clock, SegmentNews& news);

    /// Who writes journal lines that this volume can't take; all outlive run(). Before run().
    void set_neighbours(std::vector<VolumeWorker*> workers) { neighbours_ = std::move(workers); }
    void post(VolumeMessage message);
    [[nodiscard]] VolumeHealth health() const {
        return health_.with([](const VolumeHealth& health) { return health; });
    }
    [[nodiscard]] bool is_writable() const {
        return health_.with([](const VolumeHealth& health) { return health.is_writable; });
    }
    [[nodiscard]] const VolumeSettings& settings() const noexcept { return settings_; }

    /// Identity and free space. Called by step() every two seconds and before each new segment.
    void look_at_volume();
    /// Everything that was posted and everything that is due. Blocks as long as the disk does.
    void step();
    /// Steps until told to stop and nothing is left to do.
    void run(const std::stop_token& stop);

private:
    struct OpenFile {
        segment::Writer writer;
        std::shared_ptr<StreamLink> link;
        UtcTime written_until;
        BootTime next_sync;
    };
    struct LastFinished {
        Uuid run_id;
        std::uint32_t sequence = 0;
        Sha256Digest sha256{};
    };

    void append_waiting();
    void handle(VolumeMessage message);
    void begin(const VolumeMessage& message, BeginSegment segment);
    void append(const VolumeMessage& message, const AppendFragment& fragment);
    void finish(const Uuid& stream_id, UtcTime to);
    void change_window(std::chrono::milliseconds window);
    void sync_due();
    void hand_on_lines();
    void flush_journal();
    void take_and_fail(std::map<Uuid, OpenFile>::iterator found, const Error& error);
    void fail(const Uuid& stream_id, OpenFile file, const Error& error);
    void stop_volume(const Error& error);
    void leave_all(GapCause cause, const std::string& detail, bool finish_files);
    void set_problem(GapCause cause, std::string problem, bool can_journal);
    template <class Call>
    auto timed(WindowedMax VolumeHealth::* where, Call&& call);

    VolumeSettings settings_;
    volume::DurableFiles& files_;
    const Clock& clock_;
    SegmentNews& news_;
    volume::Journal journal_;
    std::vector<VolumeWorker*> neighbours_;
    Guarded<std::deque<VolumeMessage>> inbox_;
    std::deque<VolumeMessage> waiting_;  ///< taken from the inbox, in order
    Guarded<VolumeHealth> health_;
    std::chrono::milliseconds window_;        ///< settings_.durability_window, or shorter on battery
    std::map<Uuid, OpenFile> open_;           ///< by stream
    std::map<Uuid, LastFinished> last_;       ///< by stream
    std::vector<volume::JournalLine> lines_;  ///< waiting for the journal
    BootTime journal_due_;
    BootTime look_due_;
    bool is_stopped_ = false;  ///< a folder could not be synced: nothing is written here until the next start
    bool is_low_ = false;      ///< the reserve was reached
};

}  // namespace sluice::daemon
