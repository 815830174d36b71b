#pragma once

#include "config/base/guarded.hpp"
#include "config/config.hpp"
#include "daemon/catalogue_feed.hpp"
#include "daemon/inventory.hpp"
#include "daemon/last_life.hpp"
#include "daemon/ups/monitor.hpp"
#include "daemon/volume_worker.hpp"

#include <cstddef>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace sluice::daemon {

struct RecorderOptions {
    std::filesystem::path config_file;
    std::function<std::unique_ptr<Source>(const StreamSettings&)> make_source;
};

/// Everything that runs: one thread per volume, one per stream, one for the catalogue. Thread: main's.
class Recorder {
public:
    Recorder(RecorderOptions options, config::Config config, volume::DurableFiles& files, const Clock& clock);
    ~Recorder();
    Recorder(const Recorder&) = delete;
    Recorder& operator=(const Recorder&) = delete;

    /// Ids, volumes, streams. Recording begins before anything of the last life is adopted. Error:
    /// operator_acts.
    [[nodiscard]] Status start();
    /// Takes a changed configuration: only streams that differ are touched. A faulty one is refused, said and
    /// journaled, and everything goes on as it was.
    void reload();
    /// Replaces the status file.
    void publish_status();
    /// Finishes open segments; streams that hang in a name server are left behind after two seconds. True:
    /// all ended.
    [[nodiscard]] bool stop();

private:
    struct VolumeThread {
        std::unique_ptr<VolumeWorker> worker;
        std::jthread thread;
    };

    /// Streams that a reload has ended.
    struct Ending {
        std::size_t removed = 0;                    ///< no longer wanted at all
        std::size_t changed = 0;                    ///< wanted with other settings
        std::map<Uuid, volume::GapOpened> carried;  ///< their open gaps, by stream
    };

    struct UpsThread {
        std::unique_ptr<ups::Monitor> monitor;
        std::jthread thread;
    };

    void start_volumes();
    void start_ups();
    /// Thread: the UPS's. Journals it, and sets how soon footage is written through.
    void take_power(const volume::PowerChanged& change);
    void start_stream(StreamSettings settings, std::optional<volume::GapOpened> carried);
    void apply(const config::Config& fresh);
    /// Ends what is not wanted as it is.
    Ending end_unwanted(const std::vector<StreamSettings>& wanted);
    /// Starts what is wanted and does not run; a stream that ended with an open gap goes on with it.
    void start_missing(std::vector<StreamSettings> wanted, const std::map<Uuid, volume::GapOpened>& carried);
    void journal(volume::JournalFact fact);
    void remember_volumes();
    [[nodiscard]] Status save_state();
    [[nodiscard]] std::vector<VolumeWorker*> workers();
    [[nodiscard]] status::RecorderStatus make_status();

    RecorderOptions options_;
    config::Config config_;
    volume::DurableFiles& files_;
    const Clock& clock_;
    UtcTime started_;
    std::mutex saving_;                ///< one writer of state.json; held across its I/O on purpose
    bool has_unsaved_volume_ = false;  ///< a volume's id that state.json does not hold yet
    Guarded<volume::Installation> installation_;       ///< the catalogue's thread moves the clean mark
    std::shared_ptr<const LastLifeRecord> last_life_;  ///< shared with streams that still look at it
    std::unique_ptr<CatalogueFeed> feed_;
    std::vector<VolumeThread> volumes_;
    std::vector<std::unique_ptr<StreamWorker>> streams_;
    std::vector<std::unique_ptr<StreamWorker>> left_behind_;  ///< told to stop, hanging in a name server
    Guarded<std::chrono::milliseconds> window_;  ///< how much a power cut may cost now; the volumes have it
    std::vector<UpsThread> ups_;
    std::jthread feed_thread_;
};

/// One text for the journal and the log: what the difference of two configurations is.
[[nodiscard]] std::string
summarise(std::size_t added, std::size_t removed, std::size_t changed, bool needs_restart);

}  // namespace sluice::daemon
