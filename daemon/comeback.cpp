#include "daemon/comeback.hpp"

#include <algorithm>
#include <set>
#include <utility>

namespace sluice::daemon {
namespace {

constexpr Microseconds kTick{1};
constexpr Microseconds kSlack{1'000'000
};  // a picture's length and the journal's pause: footage behind a gap, not in it

/// Causes that go on while no recorder runs.
bool outlasts_the_process(GapCause cause) {
    switch (cause) {
        case GapCause::shutdown:
        case GapCause::maintenance:
        case GapCause::disabled_by_operator:
        case GapCause::recorder_crash:
        case GapCause::power:
            return true;
        case GapCause::camera_unreachable:
        case GapCause::auth_failed:
        case GapCause::stream_stalled:
        case GapCause::packet_loss:
        case GapCause::waiting_key_frame:
        case GapCause::disk_slow:
        case GapCause::disk_full:
        case GapCause::volume_missing:
        case GapCause::clock_step:
        case GapCause::unknown:
            return false;
    }
    return false;
}

/// What is over stays over: after a step of the host's clock the line that says so may come before the line
/// of the beginning.
class Replay {
public:
    void take(const volume::RunStarted& started) {
        if (over_.contains(started.run_id)) return;
        stream_of_[started.run_id] = started.stream_id;
        streams_[started.stream_id].open_run = started;
    }
    void take(const volume::RunEnded& ended) {
        over_.insert(ended.run_id);
        if (ended.started) stream_of_[ended.run_id] = ended.started->stream_id;
        StreamHistory* history = find_history(ended.run_id);
        if (history == nullptr) return;
        if (history->open_run && history->open_run->run_id == ended.run_id) history->open_run.reset();
        history->last_ended = ended;
    }
    void take(const volume::GapOpened& opened) {
        if (over_.contains(opened.gap_id)) return;
        stream_of_[opened.gap_id] = opened.stream_id;
        streams_[opened.stream_id].open_gap = opened;
    }
    void take(const volume::GapClosed& closed) {
        over_.insert(closed.gap_id);
        StreamHistory* history = find_history(closed.gap_id);
        if (history == nullptr) return;
        if (history->open_gap && history->open_gap->gap_id == closed.gap_id) history->open_gap.reset();
    }
    void take(const volume::ConfigLoaded&) {}
    void take(const volume::Started&) {}
    void take(const volume::Stopped&) {}
    void take(const volume::PowerChanged&) {}
    void take(const volume::Refused&) {}

    [[nodiscard]] std::map<Uuid, StreamHistory> histories() && { return std::move(streams_); }

private:
    StreamHistory* find_history(const Uuid& run_or_gap) {
        const auto stream = stream_of_.find(run_or_gap);
        return stream == stream_of_.end() ? nullptr : &streams_[stream->second];
    }

    std::map<Uuid, StreamHistory> streams_;
    std::map<Uuid, Uuid> stream_of_;  ///< by run or gap
    std::set<Uuid> over_;             ///< runs and gaps
};

}  // namespace

std::map<Uuid, StreamHistory> replay(std::span<const volume::JournalLine> lines) {
    Replay replay;
    for (const volume::JournalLine& line : lines)
        std::visit([&](const auto& fact) { replay.take(fact); }, line.fact);
    return std::move(replay).histories();
}

Comeback come_back(
    const Uuid& stream_id,
    const StreamHistory& history,
    const LastLife& last_life,
    const Uuid& gap_id
) {
    Comeback comeback;
    const GapCause crash = last_life.was_rebooted ? GapCause::power : GapCause::recorder_crash;
    std::optional<UtcTime> footage_end = last_life.footage_end;
    if (!footage_end && history.last_ended) footage_end = history.last_ended->at;
    if (!footage_end && history.open_run) footage_end = history.open_run->at;
    if (history.open_run)
        comeback.facts.emplace_back(volume::RunEnded{
            history.open_run->run_id,
            std::max(*footage_end, history.open_run->at),
            crash,
            0,
            0,
            history.open_run
        });

    UtcTime from;
    GapCause cause = crash;
    if (history.open_gap && footage_end <= history.open_gap->from + kSlack) {
        const volume::GapOpened& gap = *history.open_gap;
        if (outlasts_the_process(gap.cause)) {
            comeback.gap = gap;
            return comeback;
        }
        // The camera was away, then the recorder died too: the first gap ends where the recorder was last
        // seen.
        from = std::max(last_life.last_alive.value_or(gap.from), gap.from + kTick);
        comeback.facts.emplace_back(volume::GapClosed{gap.gap_id, from, gap});
    } else {
        if (!footage_end) return comeback;
        from = *footage_end;
        if (history.open_gap)  // its end was not written any more; footage shows that it was over
            comeback.facts.emplace_back(volume::GapClosed{history.open_gap->gap_id, from, history.open_gap});
        const bool ended_in_order = history.last_ended && !history.open_run && !history.open_gap;
        if (ended_in_order && from <= history.last_ended->at + kSlack) cause = history.last_ended->cause;
    }
    from = std::min(from, last_life.now - kTick);
    comeback.gap = volume::GapOpened{gap_id, stream_id, from, cause, {}};
    comeback.facts.emplace_back(*comeback.gap);
    return comeback;
}

}  // namespace sluice::daemon
