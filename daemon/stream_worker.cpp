#include "daemon/stream_worker.hpp"

#include "config/base/log.hpp"
#include "daemon/backoff.hpp"

#include <random>

#include <pthread.h>

namespace sluice::daemon {
namespace {

constexpr Microseconds kPublish{500'000};
constexpr std::chrono::milliseconds kStep{50};
constexpr std::size_t kNameLimit = 15;

GapCause cause_of(const Error& error) {
    return gap_cause_from(error.label()).value_or(GapCause::camera_unreachable);
}

status::StreamState state_of(GapCause cause) {
    if (cause == GapCause::auth_failed) return status::StreamState::auth_failed;
    if (cause == GapCause::stream_stalled) return status::StreamState::stalled;
    return status::StreamState::unreachable;
}

}  // namespace

StreamWorker::StreamWorker(StreamSettings settings, StreamSurroundings surroundings, const Clock& clock)
    : settings_(std::move(settings)),
      surroundings_(std::move(surroundings)),
      clock_(clock),
      pipeline_(settings_.identity, settings_.segment, clock, *surroundings_.output) {
    publish(clock.boot_now());
}

StreamWorker::~StreamWorker() = default;

void StreamWorker::start() {
    thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
    const std::string name = ("s:" + settings_.identity.camera_slug).substr(0, kNameLimit);
    pthread_setname_np(thread_.native_handle(), name.c_str());
}

void StreamWorker::request_stop(GapCause cause) {
    shared_.with([&](Shared& shared) { shared.stop_cause = cause; });
    thread_.request_stop();
}

bool StreamWorker::has_ended() const {
    return shared_.with([](const Shared& shared) { return shared.has_ended; });
}

std::optional<volume::GapOpened> StreamWorker::abandon() {
    return shared_.with([](Shared& shared) {
        shared.is_abandoned = true;
        return shared.open_gap;
    });
}

void StreamWorker::join() {
    if (thread_.joinable()) thread_.join();
}

status::StreamStatus StreamWorker::status() const {
    return shared_.with([](const Shared& shared) { return shared.status; });
}

void StreamWorker::run(const std::stop_token& stop) {
    Comeback comeback = surroundings_.find_comeback(settings_.identity);
    for (volume::JournalFact& fact : comeback.facts)
        surroundings_.output->journal(std::move(fact));
    if (comeback.gap) pipeline_.resume(std::move(*comeback.gap));
    publish(clock_.boot_now());  // whoever takes over from a thread that hangs finds its gap
    if (settings_.is_enabled) {
        record(stop);
    } else {
        stay_disabled(stop);
    }
    // Under the lock: either the successor gets the gap as it was, or this end is said before it looks.
    shared_.with([&](Shared& shared) {
        if (!shared.is_abandoned) pipeline_.stop(shared.stop_cause);
    });
    trouble_ = status::StreamState::stopped;
    is_connected_ = false;
    publish(clock_.boot_now());
    shared_.with([](Shared& shared) { shared.has_ended = true; });
}

void StreamWorker::stay_disabled(const std::stop_token& stop) {
    trouble_ = status::StreamState::disabled;
    pipeline_.on_trouble(GapCause::disabled_by_operator, {});
    while (!stop.stop_requested())
        wait(std::chrono::seconds{1}, stop);
}

void StreamWorker::record(const std::stop_token& stop) {
    const std::unique_ptr<Source> source = surroundings_.make_source(settings_);
    std::minstd_rand spread{static_cast<unsigned>(std::hash<Uuid>{}(settings_.identity.stream_id))};
    std::uniform_real_distribution<double> unit_interval{0, 1};
    unsigned attempt = 0;
    while (!stop.stop_requested()) {
        units_of_session_ = 0;
        const Status ended = run_source(*source, stop);
        is_connected_ = false;
        if (stop.stop_requested() || ended) break;
        pipeline_.on_trouble(cause_of(ended.error()), ended.error().message());
        tell_trouble(ended.error());
        if (units_of_session_ > 0) attempt = 0;
        const bool stays = ended.error().remedy() == Remedy::operator_acts;
        wait(
            reconnect_delay(
                stays ? Patience::persistent : Patience::transient, attempt, unit_interval(spread)
            ),
            stop
        );
        ++attempt;
        ++reconnects_;
    }
}

/// A source's own fault, such as memory that ran out, is this stream's trouble and no other's.
Status StreamWorker::run_source(Source& source, const std::stop_token& stop) {
    try {
        return source.run(*this, stop);
    } catch (const std::exception& fault) {
        return failure(Remedy::retry, std::string{"the source failed: "} + fault.what(), "unknown");
    }
}

/// One line when the trouble is new, none while it lasts.
void StreamWorker::tell_trouble(const Error& error) {
    trouble_ = state_of(cause_of(error));
    publish(clock_.boot_now());
    if (detail_ == error.message()) return;
    detail_ = error.message();
    publish(clock_.boot_now());
    log::warn(
        "stream_trouble",
        {{"camera", settings_.identity.camera_slug},
         {"stream", to_string(settings_.identity.kind)},
         {"cause", to_string(cause_of(error))},
         {"detail", error.message()}}
    );
}

void StreamWorker::wait(std::chrono::milliseconds delay, const std::stop_token& stop) {
    const BootTime until = clock_.boot_now() + delay;
    while (!stop.stop_requested() && clock_.boot_now() < until) {
        std::this_thread::sleep_for(kStep);
        on_idle();
    }
}

void StreamWorker::on_connected() {
    is_connected_ = true;
    detail_.clear();
    log::info(
        "stream_connected",
        {{"camera", settings_.identity.camera_slug}, {"stream", to_string(settings_.identity.kind)}}
    );
    publish(clock_.boot_now());
}

void StreamWorker::on_access_unit(AccessUnit&& unit) {
    ++units_of_session_;
    rate_.add(unit.arrival, unit.bytes.size());
    last_packet_ = UtcTime{clock_.now() - (clock_.boot_now() - unit.arrival)};
    pipeline_.on_access_unit(std::move(unit));
}

void StreamWorker::on_loss(std::uint64_t packets) {
    packets_lost_ += packets;
}

void StreamWorker::on_camera_clock(std::int64_t offset_us) {
    clock_offset_us_ = offset_us;
}

void StreamWorker::on_idle() {
    pipeline_.on_tick();
    const BootTime now = clock_.boot_now();
    if (now - published_ >= kPublish) publish(now);
}

status::StreamState StreamWorker::state_now() const {
    if (!is_connected_) return trouble_;
    const auto cause = pipeline_.gap_cause();
    if (cause == GapCause::stream_stalled) return status::StreamState::stalled;
    if (pipeline_.segment_id()) return status::StreamState::recording;
    if (cause == GapCause::disk_full || cause == GapCause::volume_missing)
        return status::StreamState::stopped;
    return status::StreamState::waiting_key_frame;
}

void StreamWorker::publish(BootTime now) {
    published_ = now;
    const PipelineCounts& counts = pipeline_.counts();
    status::StreamStatus fresh;
    fresh.camera_slug = settings_.identity.camera_slug;
    fresh.stream = settings_.identity.kind;
    fresh.stream_id = settings_.identity.stream_id;
    fresh.state = state_now();
    fresh.detail = detail_;
    fresh.last_packet = last_packet_;
    fresh.bitrate_bps = rate_.bits_per_second(now);
    fresh.frame_rate = rate_.frames_per_second(now);
    fresh.packets_lost = packets_lost_;
    fresh.frames = counts.frames;
    fresh.bytes = counts.bytes;
    fresh.frames_dropped = counts.frames_dropped;
    fresh.reconnects = reconnects_;
    fresh.clock_offset_us = clock_offset_us_;
    fresh.segment_id = pipeline_.segment_id();
    fresh.run_id = pipeline_.run_id();
    shared_.with([&](Shared& shared) {
        shared.status = std::move(fresh);
        shared.open_gap = pipeline_.open_gap();
    });
}

}  // namespace sluice::daemon
