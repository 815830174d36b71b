#include "daemon/stream_pipeline.hpp"

#include "config/base/log.hpp"
#include "storage/mp4/in_band.hpp"

#include <algorithm>
#include <cmath>

namespace sluice::daemon {
namespace {

constexpr Microseconds kClockStep{100'000};
constexpr Microseconds kClockLook{1'000'000};
constexpr Microseconds kShortestStall{2'000'000};
constexpr Microseconds kAssemblyWait{500'000
};  // the newest unit may still be under assembly: it waits 2 s itself

Microseconds to_time(std::uint64_t ticks) {
    return Microseconds{static_cast<std::int64_t>(ticks * 100 / 9)};
}

GapCause cause_of(const Error& error) {
    return gap_cause_from(error.label()).value_or(GapCause::volume_missing);
}

}  // namespace

StreamPipeline::StreamPipeline(
    StreamIdentity identity,
    std::chrono::seconds segment,
    const Clock& clock,
    SegmentOutput& output
)
    : identity_(std::move(identity)),
      segment_(segment),
      phase_(static_cast<std::int64_t>(
          std::hash<Uuid>{}(identity_.stream_id) % static_cast<std::uint64_t>(Microseconds{segment}.count())
      )),
      clock_(clock),
      output_(output),
      gaps_(identity_.stream_id, [&clock] { return make_uuid_v7(clock.now()); }) {}

void StreamPipeline::on_access_unit(AccessUnit&& unit) {
    take_failure();
    if (unit.is_key && !unit.has_sets_in_band)
        unit.bytes = mp4::with_sets(unit.codec, *unit.sets, std::move(unit.bytes));
    if (!admit(unit)) return;
    if (unit.is_key && !prepare_key_unit(unit)) {
        output_.release(unit.bytes.size());
        return;
    }
    note_holes(unit);
    store(std::move(unit));
}

/// Whether the unit can be taken at all; on true its bytes are reserved in the ring.
bool StreamPipeline::admit(const AccessUnit& unit) {
    if (!current_ && !unit.is_key) {
        ++counts_.frames_unusable;
        // Without a segment because a disk failed, the gap has its cause already.
        if (!run_) record(gaps_.open(wall_of(unit.arrival), GapCause::waiting_key_frame, {}));
        return false;
    }
    if (is_overflowing_ && !unit.is_key) {
        ++counts_.frames_dropped;
        return false;
    }
    if (output_.reserve(unit.bytes.size(), is_overflowing_)) {
        is_overflowing_ = false;
        return true;
    }
    ++counts_.frames_dropped;
    if (!is_overflowing_) {
        is_overflowing_ = true;
        if (run_) send(fragmenter_.close(run_->timeline.nominal_ticks()));
        record(gaps_.open(wall_of(unit.arrival), GapCause::disk_slow, "the ring in memory is full"));
        log::warn(
            "ring_overflow", {{"camera", identity_.camera_slug}, {"stream", to_string(identity_.kind)}}
        );
    }
    return false;
}

/// Begins the run or the segment that a key frame calls for. False: it can't be recorded, and the gap says
/// why.
bool StreamPipeline::prepare_key_unit(const AccessUnit& unit) {
    const UtcTime wall = wall_of(unit.arrival);
    const bool has_new_sets = !current_ || *unit.sets != current_->sets;
    if (!is_run_ending_ && !has_new_sets && !is_due(current_->from, wall)) return true;

    auto format = mp4::make_format(unit.codec, *unit.sets);
    if (!format) {
        ++counts_.frames_unusable;
        if (current_) return true;  // the old head still stands; the decoder will find the new sets in band
        record(gaps_.open(wall, GapCause::waiting_key_frame, "parameter sets: " + format.error().message()));
        return false;
    }
    if (run_ && is_run_ending_) end_run(GapCause::clock_step);
    if (run_ && !run_->format.has_same_picture(*format)) end_run(GapCause::maintenance);
    if (current_) end_segment(wall);
    if (auto chosen = output_.choose_volume(); !chosen) {
        ++counts_.frames_dropped;
        record(gaps_.open(wall, cause_of(chosen.error()), chosen.error().message()));
        return false;
    }
    if (!run_) return begin_run(unit, std::move(*format));
    return begin_segment(unit, std::move(*format));
}

bool StreamPipeline::begin_run(const AccessUnit& unit, mp4::VideoFormat format) {
    run_.emplace();
    run_->offset = wall_offset();
    run_->id = make_uuid_v7(clock_.now());
    run_->started = run_->wall(unit.arrival);
    run_->first_arrival = run_->last_arrival = unit.arrival;
    run_->format = format;
    run_->stated = run_->started;
    run_->clock_synchronised = clock_.is_synchronised();
    is_run_ending_ = false;
    record(gaps_.close(run_->started));
    run_->gap_before = gaps_.take_stretch();
    output_.journal(run_started());
    log::info(
        "run_started",
        {{"camera", identity_.camera_slug},
         {"stream", to_string(identity_.kind)},
         {"run", to_string(run_->id)},
         {"codec", format.codec_string},
         {"width", format.width},
         {"height", format.height}}
    );
    return begin_segment(unit, std::move(format));
}

bool StreamPipeline::begin_segment(const AccessUnit& unit, mp4::VideoFormat format) {
    BeginSegment begin;
    begin.from = run_->wall(unit.arrival);
    begin.info.segment_id = make_uuid_v7(clock_.now());
    begin.info.installation_id = identity_.installation_id;
    begin.info.recorder_id = identity_.recorder_id;
    begin.info.camera_id = identity_.camera_id;
    begin.info.stream_id = identity_.stream_id;
    begin.info.run_id = run_->id;
    begin.info.camera_slug = identity_.camera_slug;
    begin.info.camera_name = identity_.camera_name;
    begin.info.stream = identity_.kind;
    begin.info.codec_string = format.codec_string;
    begin.info.run_started = run_->started;
    begin.info.sequence = run_->next_sequence++;
    begin.info.gap_before = std::exchange(run_->gap_before, std::nullopt);
    if (!unit.sets->sps.empty()) {
        if (const auto facts = mp4::parse_sps(unit.codec, unit.sets->sps.front()))
            run_->timeline.expect_reorder(facts->reorder_frames.value_or(0));
    }
    run_->format = format;
    current_ = CurrentSegment{begin.info.segment_id, begin.from, *unit.sets};
    begin.format = std::move(format);
    output_.begin(std::move(begin));
    return true;
}

void StreamPipeline::end_segment(UtcTime to) {
    send(fragmenter_.close(run_->timeline.nominal_ticks()));
    output_.finish({to});
    current_.reset();
}

void StreamPipeline::end_run(GapCause cause) {
    const UtcTime end = footage_end();
    if (current_) end_segment(end);
    volume::RunEnded ended{run_->id, end, cause, 0, run_->timeline.media_rate(), run_started()};
    const auto length = static_cast<double>((run_->last_arrival - run_->first_arrival).count()) / 1e6;
    if (length > 0) ended.measured_fps = static_cast<double>(run_->frames - 1) / length;
    output_.journal(ended);
    log::info(
        "run_ended",
        {{"camera", identity_.camera_slug},
         {"stream", to_string(identity_.kind)},
         {"run", to_string(run_->id)},
         {"cause", to_string(cause)},
         {"frames", run_->frames},
         {"fps", ended.measured_fps}}
    );
    run_.reset();
    is_run_ending_ = false;
    is_overflowing_ = false;
    if (cause != GapCause::clock_step) return;
    // The new run's times come from the clock as it is now: behind the old end they are a gap, before it an
    // overlap.
    gaps_.forget_order();
    const UtcTime now = wall_of(clock_.boot_now());
    if (now > end + kClockStep) record(gaps_.open(end, GapCause::clock_step, "the host's clock was set"));
}

/// Gaps inside a run: pictures that were lost before this one, and time without any.
void StreamPipeline::note_holes(const AccessUnit& unit) {
    const UtcTime wall = run_->wall(unit.arrival);
    const Microseconds pause = unit.arrival - run_->last_arrival;
    const Microseconds nominal = to_time(run_->timeline.nominal_ticks());
    if (gaps_.state() == GapTracker::State::in_gap) {
        record(gaps_.close(wall));
        (void)gaps_.take_stretch();
    } else if (run_->frames > 0 && pause > std::max(kShortestStall, 3 * nominal)) {
        const GapCause cause = unit.lost_before ? GapCause::packet_loss : GapCause::stream_stalled;
        record(gaps_.note({footage_end(), wall}, cause, {}));
    } else if (run_->frames > 0 && unit.lost_before && pause.count() > 0) {
        const UtcTime from = std::min(footage_end(), wall - pause / 2);
        record(gaps_.note({from, wall}, GapCause::packet_loss, {}));
    }
}

void StreamPipeline::store(AccessUnit&& unit) {
    const auto place = run_->timeline.place(unit.pts, unit.arrival);
    if (place.has_jumped) {
        ++counts_.media_jumps;
        log::warn(
            "media_time_jumped",
            {{"camera", identity_.camera_slug}, {"run", to_string(run_->id)}, {"at_ticks", place.pts}}
        );
    }
    run_->last_arrival = unit.arrival;
    ++run_->frames;
    ++counts_.frames;
    counts_.bytes += unit.bytes.size();
    PlacedUnit placed;
    placed.is_key = unit.is_key;
    placed.dts = place.dts;
    placed.composition_offset = static_cast<std::int32_t>(place.pts - static_cast<std::int64_t>(place.dts));
    placed.arrival = unit.arrival;
    if (unit.next_pts) placed.next_dts = run_->timeline.predict_dts(*unit.next_pts, clock_.boot_now());
    placed.bytes = std::move(unit.bytes);
    send(fragmenter_.push(std::move(placed)));
}

void StreamPipeline::send(std::optional<ClosedFragment> fragment) {
    if (!fragment) return;
    run_->timeline.reserve_until(fragment->end);
    if (!current_) {
        output_.release(fragment->bytes);
        return;
    }
    AppendFragment append;
    append.fragment.base_decode_time = fragment->base_decode_time;
    append.fragment.wall = run_->wall(fragment->arrival);
    append.fragment.samples = std::move(fragment->samples);
    append.end = run_->wall(fragment->last_arrival) + to_time(append.fragment.samples.back().sample.duration);
    append.closed = clock_.boot_now();
    append.bytes = fragment->bytes;
    output_.append(std::move(append));
}

void StreamPipeline::on_tick() {
    take_failure();
    const BootTime now = clock_.boot_now();
    if (run_) {
        send(fragmenter_.poll(now, run_->timeline.nominal_ticks()));
        look_at_clock(now);
        look_for_stall(now);
        idle_offset_.reset();
    } else {
        look_at_clock_in_gap(now);
    }
    restate(clock_.now());
}

void StreamPipeline::look_at_clock(BootTime now) {
    if (now - clock_looked_ < kClockLook) return;
    clock_looked_ = now;
    const Microseconds step = wall_offset() - run_->offset;
    if (is_run_ending_ || std::chrono::abs(step) <= kClockStep) return;
    is_run_ending_ = true;
    log::warn(
        "clock_step",
        {{"camera", identity_.camera_slug}, {"run", to_string(run_->id)}, {"step_us", step.count()}}
    );
}

/// A step while nothing is recorded: the gap ends in the old time and goes on in the new one, so that each is
/// true.
void StreamPipeline::look_at_clock_in_gap(BootTime now) {
    const Microseconds offset = wall_offset();
    const Microseconds before = std::exchange(idle_offset_, offset).value_or(offset);
    const Microseconds step = offset - before;
    if (std::chrono::abs(step) <= kClockStep) {
        idle_offset_ = before;  // small steps add up until they count
        return;
    }
    if (gaps_.state() != GapTracker::State::in_gap) return;
    log::warn("clock_step", {{"camera", identity_.camera_slug}, {"step_us", step.count()}});
    const volume::GapOpened gap = gaps_.gap();
    const UtcTime old_time{now.time_since_epoch() + before};
    const UtcTime new_time{now.time_since_epoch() + offset};
    record(gaps_.close(old_time));
    (void)gaps_.take_stretch();
    if (step.count() > 0)
        record(gaps_.note({old_time, new_time}, GapCause::clock_step, "the host's clock was set"));
    gaps_.forget_order();
    record(gaps_.open(new_time, gap.cause, gap.detail));
}

void StreamPipeline::look_for_stall(BootTime now) {
    if (gaps_.state() != GapTracker::State::covered || is_overflowing_) return;
    const Microseconds limit = std::max(kShortestStall, 3 * to_time(run_->timeline.nominal_ticks()));
    if (now - run_->last_arrival <= limit + kAssemblyWait) return;
    record(gaps_.open(footage_end(), GapCause::stream_stalled, {}));
}

/// A gap or a run that lasts is said again each day, so that a start has to read two days of journal and no
/// more.
void StreamPipeline::restate(UtcTime now) {
    const auto day = [](UtcTime time) { return std::chrono::floor<std::chrono::days>(time); };
    if (run_ && day(now) > day(run_->stated)) {
        run_->stated = now;
        output_.journal(run_started());
    }
    if (gaps_.state() == GapTracker::State::in_gap &&
        day(now) > day(std::max(gap_stated_, gaps_.gap().from))) {
        gap_stated_ = now;
        output_.journal(gaps_.gap());
    }
}

void StreamPipeline::on_trouble(GapCause cause, const std::string& detail) {
    take_failure();
    const bool is_covered = run_ && gaps_.state() == GapTracker::State::covered;
    const UtcTime at = is_covered ? footage_end() : wall_of(clock_.boot_now());
    if (run_) end_run(cause);
    record(gaps_.open(at, cause, detail));
}

/// The disk gave up the current segment: what was written stays, the rest is a gap until a key frame finds a
/// place.
void StreamPipeline::take_failure() {
    while (auto failure = output_.take_failure()) {
        record(gaps_.retract(failure->doubtful, failure->cause, failure->detail));
        if (!current_ || failure->segment_id != current_->id) {
            // A segment that was left already: what it lacks lies before the one that followed.
            const UtcTime until = current_ ? current_->from : failure->written_until;
            // Less than a frame is no time without footage: the file was written to its end, but not
            // finished.
            if (until - failure->written_until >
                (run_ ? to_time(run_->timeline.nominal_ticks()) : Microseconds{}))
                record(gaps_.note({failure->written_until, until}, failure->cause, failure->detail));
            continue;
        }
        if (failure->written_until <= current_->from) --run_->next_sequence;  // nothing of it exists
        output_.release(fragmenter_.discard());
        current_.reset();
        is_overflowing_ = false;
        record(gaps_.open(failure->written_until, failure->cause, failure->detail));
    }
}

/// Pre: a run.
volume::RunStarted StreamPipeline::run_started() const {
    return {run_->id, identity_.stream_id, run_->started, run_->clock_synchronised};
}

Microseconds StreamPipeline::wall_offset() const {
    return clock_.now().time_since_epoch() - clock_.boot_now().time_since_epoch();
}

UtcTime StreamPipeline::wall_of(BootTime at) const {
    const bool is_of_run = run_ && !is_run_ending_;
    return is_of_run ? run_->wall(at) : UtcTime{at.time_since_epoch() + wall_offset()};
}

/// Wall end of the newest unit. Pre: a run.
UtcTime StreamPipeline::footage_end() const {
    return run_->wall(run_->last_arrival) + to_time(run_->timeline.nominal_ticks());
}

/// Whether the stream's own boundary, staggered over the cameras, lies between the two times.
bool StreamPipeline::is_due(UtcTime from, UtcTime now) const {
    const auto turn = [&](UtcTime at) { return (at.time_since_epoch() - phase_) / segment_; };
    return turn(now) != turn(from);
}

void StreamPipeline::record(GapTracker::Facts facts) {
    for (volume::JournalFact& fact : facts) {
        if (const auto* gap = std::get_if<volume::GapOpened>(&fact)) gap_stated_ = gap->from;
        output_.journal(std::move(fact));
    }
}

std::optional<volume::GapOpened> StreamPipeline::open_gap() const {
    return gaps_.state() == GapTracker::State::in_gap ? std::optional{gaps_.gap()} : std::nullopt;
}

std::optional<GapCause> StreamPipeline::gap_cause() const {
    if (gaps_.state() != GapTracker::State::in_gap) return std::nullopt;
    return gaps_.gap().cause;
}

std::optional<Uuid> StreamPipeline::run_id() const {
    return run_ ? std::optional{run_->id} : std::nullopt;
}

std::optional<Uuid> StreamPipeline::segment_id() const {
    return current_ ? std::optional{current_->id} : std::nullopt;
}

}  // namespace sluice::daemon
