#include "daemon/timeline.hpp"

#include <algorithm>

namespace sluice::daemon {
namespace {

constexpr std::int64_t kTicksPerSecond = 90'000;
constexpr std::int64_t kBackLimit = 2 * kTicksPerSecond;  // further back is no reordering
constexpr std::int64_t kForwardLimit =
    60 * kTicksPerSecond;               // further ahead of arrival is no delay of the network
constexpr unsigned kReorderLimit = 16;  // H.264 and H.265 allow no more frames
constexpr std::uint64_t kUnknownInterval = 3'600;

std::int64_t to_ticks(Microseconds time) noexcept {
    return time.count() * 9 / 100;
}

}  // namespace

Timeline::Place Timeline::place(std::int64_t pts_as_sent, BootTime arrival) {
    const auto sent = static_cast<std::uint32_t>(pts_as_sent);
    Place place;
    if (!has_started_) {
        has_started_ = true;
        first_arrival_ = arrival;
    } else {
        const auto delta = static_cast<std::int32_t>(sent - last_sent_);
        const Microseconds passed = std::max(arrival - last_arrival_, Microseconds{0});
        place.pts = last_pts_ + delta;
        const bool is_behind = place.pts < max_pts_ - kBackLimit;
        const bool is_ahead = place.pts > max_pts_ + to_ticks(passed) + kForwardLimit;
        if (is_behind || is_ahead) {
            // As far as units of this stream go back: those that follow must not fall among what was before.
            const std::int64_t bridge =
                std::max(to_ticks(passed), static_cast<std::int64_t>(1)) + longest_back_;
            place.pts = max_pts_ + bridge;
            place.has_jumped = true;
            ++jumps_;
            jumped_ticks_ += bridge;
            jumped_time_ += passed;
        }
    }
    if (!place.has_jumped) longest_back_ = std::max(longest_back_, max_pts_ - place.pts);
    last_sent_ = sent;
    last_pts_ = place.pts;
    last_arrival_ = arrival;
    max_pts_ = std::max(max_pts_, place.pts);
    place.dts = next_dts(place.pts);
    return place;
}

std::uint64_t Timeline::next_dts(std::int64_t pts) {
    const auto later =
        std::count_if(recent_.begin(), recent_.end(), [&](std::int64_t other) { return other > pts; });
    expect_reorder(static_cast<unsigned>(later));
    recent_.push_back(pts);
    if (recent_.size() > kReorderLimit) recent_.erase(recent_.begin());

    waiting_.insert(std::upper_bound(waiting_.begin(), waiting_.end(), pts), pts);
    std::uint64_t dts = earliest_dts_;
    if (waiting_.size() > reorder_) {
        dts = std::max(dts, static_cast<std::uint64_t>(std::max<std::int64_t>(waiting_.front(), 0)));
        waiting_.erase(waiting_.begin());
    }
    if (dts > last_dts_) note_interval(dts - last_dts_);
    last_dts_ = dts;
    earliest_dts_ = dts + 1;
    return dts;
}

std::uint64_t Timeline::predict_dts(std::int64_t next_pts_as_sent, BootTime arrival) const {
    Timeline ahead = *this;  // a few hundred bytes; the rule stays in one place
    return ahead.place(next_pts_as_sent, arrival).dts;
}

void Timeline::expect_reorder(unsigned frames) noexcept {
    reorder_ = std::max(reorder_, std::min(frames, kReorderLimit));
}

void Timeline::reserve_until(std::uint64_t end) noexcept {
    earliest_dts_ = std::max(earliest_dts_, end);
}

void Timeline::note_interval(std::uint64_t ticks) {
    if (ticks <= 1) return;  // the first units of a stream with reordering, or a unit out of order
    intervals_.at(interval_count_ % intervals_.size()) = ticks;
    ++interval_count_;
}

std::uint64_t Timeline::nominal_ticks() const {
    const std::size_t count = std::min(interval_count_, intervals_.size());
    if (count == 0) return kUnknownInterval;
    auto sorted = intervals_;
    auto* const middle = sorted.begin() + static_cast<std::ptrdiff_t>(count / 2);
    std::nth_element(sorted.begin(), middle, sorted.begin() + static_cast<std::ptrdiff_t>(count));
    return *middle;
}

double Timeline::media_rate() const noexcept {
    const Microseconds passed = last_arrival_ - first_arrival_ - jumped_time_;
    if (passed < Microseconds{1'000'000}) return 1;
    const auto media = static_cast<double>(last_pts_ - jumped_ticks_) / static_cast<double>(kTicksPerSecond);
    return media / (static_cast<double>(passed.count()) / 1e6);
}

}  // namespace sluice::daemon
