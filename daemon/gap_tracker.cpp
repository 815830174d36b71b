#include "daemon/gap_tracker.hpp"

#include <algorithm>

namespace sluice::daemon {
namespace {

constexpr std::size_t kRemembered = 4096;  // more gaps than a segment that is given up can hold

}  // namespace

GapTracker::GapTracker(Uuid stream_id, std::function<Uuid()> make_id)
    : stream_id_(stream_id),
      make_id_(std::move(make_id)) {}

void GapTracker::resume(volume::GapOpened gap) {
    state_ = State::in_gap;
    last_change_ = gap.from;
    stretch_ = mp4::GapBefore{gap.from, gap.cause, gap.detail};
    longest_part_ = Microseconds{-1};
    gap_ = std::move(gap);
}

GapTracker::Facts GapTracker::open(UtcTime at, GapCause cause, std::string detail) {
    if (state_ == State::fresh && cause == GapCause::waiting_key_frame) return {};
    Facts facts;
    at = std::max(at, last_change_);
    if (state_ == State::in_gap) {
        if (gap_.cause == cause) return {};
        if (at == gap_.from) at += Microseconds{1};  // a gap has a length; the part before keeps its cause
        facts.emplace_back(volume::GapClosed{gap_.gap_id, at, gap_});
        end_part(at);
        remember({gap_.from, at});
    } else {
        stretch_ = mp4::GapBefore{at, cause, detail};
        longest_part_ = Microseconds{-1};
    }
    state_ = State::in_gap;
    last_change_ = at;
    gap_ = volume::GapOpened{make_id_(), stream_id_, at, cause, std::move(detail)};
    facts.emplace_back(gap_);
    return facts;
}

GapTracker::Facts GapTracker::close(UtcTime at) {
    if (state_ != State::in_gap) {
        state_ = State::covered;
        return {};
    }
    at = std::max(at, last_change_ + Microseconds{1});
    end_part(at);
    state_ = State::covered;
    last_change_ = at;
    remember({gap_.from, at});
    return {volume::GapClosed{gap_.gap_id, at, gap_}};
}

GapTracker::Facts GapTracker::note(TimeRange range, GapCause cause, std::string detail) {
    if (state_ != State::covered) return {};  // it lies in a gap already
    range.from = std::max(range.from, last_change_);
    if (range.is_empty()) return {};
    Facts facts = open(range.from, cause, std::move(detail));
    for (volume::JournalFact& fact : close(range.to))
        facts.push_back(std::move(fact));
    stretch_.reset();
    return facts;
}

GapTracker::Facts GapTracker::retract(TimeRange range, GapCause cause, const std::string& detail) {
    Facts facts;
    std::deque<TimeRange> known = closed_;
    if (state_ == State::in_gap) known.push_back({gap_.from, range.to});
    for (const TimeRange& gap : known) {
        if (!gap.overlaps(range)) continue;
        if (range.from < gap.from) add_closed(facts, {range.from, gap.from}, cause, detail);
        range.from = gap.to;
    }
    if (!range.is_empty()) add_closed(facts, range, cause, detail);
    std::sort(closed_.begin(), closed_.end(), [](const TimeRange& a, const TimeRange& b) {
        return a.from < b.from;
    });
    return facts;
}

void GapTracker::add_closed(Facts& facts, TimeRange range, GapCause cause, const std::string& detail) {
    const volume::GapOpened opened{make_id_(), stream_id_, range.from, cause, detail};
    facts.emplace_back(opened);
    facts.emplace_back(volume::GapClosed{opened.gap_id, range.to, opened});
    remember(range);
    last_change_ = std::max(last_change_, range.to);
}

void GapTracker::forget_order() noexcept {
    last_change_ = UtcTime{};
    closed_.clear();
}

void GapTracker::remember(TimeRange closed) {
    if (closed_.size() >= kRemembered) closed_.pop_front();
    closed_.push_back(closed);
}

std::optional<mp4::GapBefore> GapTracker::take_stretch() {
    return state_ == State::covered ? std::exchange(stretch_, std::nullopt) : std::nullopt;
}

void GapTracker::end_part(UtcTime at) {
    const Microseconds length = at - gap_.from;
    if (!stretch_ || length <= longest_part_) return;
    longest_part_ = length;
    stretch_->cause = gap_.cause;
    stretch_->detail = gap_.detail;
}

}  // namespace sluice::daemon
