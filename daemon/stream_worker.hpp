#pragma once

#include "config/base/guarded.hpp"
#include "config/config.hpp"
#include "daemon/comeback.hpp"
#include "daemon/rate_meter.hpp"
#include "daemon/source.hpp"
#include "daemon/stream_pipeline.hpp"
#include "storage/status/recorder_status.hpp"

#include <functional>
#include <memory>
#include <string>
#include <thread>

namespace sluice::daemon {

struct StreamSettings {
    StreamIdentity identity;
    std::string url;  ///< without credentials
    std::string username;
    config::Secret password;
    config::Transport transport = config::Transport::tcp;
    bool is_enabled = true;
    std::chrono::seconds segment{60};
};

/// What a stream needs from outside, as functions so that a test can give its own.
struct StreamSurroundings {
    std::function<std::unique_ptr<Source>(const StreamSettings&)> make_source;
    /// How the stream goes on; runs on the stream's thread because it looks at the disk.
    std::function<Comeback(const StreamIdentity&)> find_comeback;
    std::unique_ptr<SegmentOutput> output;
};

/// One stream's thread: connects, records, waits, connects again. What happens to it happens to no other
/// (I16).
class StreamWorker final : private SourceSink {
public:
    StreamWorker(StreamSettings settings, StreamSurroundings surroundings, const Clock& clock);
    ~StreamWorker() override;
    StreamWorker(const StreamWorker&) = delete;
    StreamWorker& operator=(const StreamWorker&) = delete;

    void start();
    /// Asks the thread to end its run; the gap that follows has this cause. Thread: any, once.
    void request_stop(GapCause cause);
    [[nodiscard]] bool has_ended() const;
    /// The gap that its end opened, for the worker that takes over. Pre: has_ended.
    [[nodiscard]] std::optional<volume::GapOpened> last_gap() const { return pipeline_.open_gap(); }
    /// For a thread that hangs after request_stop: another worker takes over the stream, so this one says
    /// nothing more of it when it returns. Gives the gap that is open. Thread: any.
    [[nodiscard]] std::optional<volume::GapOpened> abandon();
    /// Waits for the thread; after request_stop that is short, unless a name server does not answer.
    void join();

    [[nodiscard]] status::StreamStatus status() const;  ///< thread: any
    [[nodiscard]] const StreamSettings& settings() const noexcept { return settings_; }

private:
    struct Shared {
        status::StreamStatus status;
        GapCause stop_cause = GapCause::shutdown;
        bool has_ended = false;
        bool is_abandoned = false;
        std::optional<volume::GapOpened> open_gap;  ///< while the thread waits for something
    };

    void on_connected() override;
    void on_access_unit(AccessUnit&& unit) override;
    void on_loss(std::uint64_t packets) override;
    void on_camera_clock(std::int64_t offset_us) override;
    void on_idle() override;

    void run(const std::stop_token& stop);
    void stay_disabled(const std::stop_token& stop);
    void record(const std::stop_token& stop);
    [[nodiscard]] Status run_source(Source& source, const std::stop_token& stop);
    void tell_trouble(const Error& error);
    void wait(std::chrono::milliseconds delay, const std::stop_token& stop);
    void publish(BootTime now);
    [[nodiscard]] status::StreamState state_now() const;

    StreamSettings settings_;
    StreamSurroundings surroundings_;
    const Clock& clock_;
    StreamPipeline pipeline_;
    RateMeter rate_;
    Guarded<Shared> shared_;
    // What follows belongs to the stream's thread.
    bool is_connected_ = false;
    status::StreamState trouble_ = status::StreamState::connecting;
    std::string detail_;
    std::optional<UtcTime> last_packet_;
    std::optional<std::int64_t> clock_offset_us_;
    std::uint64_t packets_lost_ = 0;
    std::uint64_t reconnects_ = 0;
    std::uint64_t units_of_session_ = 0;
    BootTime published_;
    std::jthread thread_;  // last: it ends before what it uses
};

}  // namespace sluice::daemon
