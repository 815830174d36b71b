#include "storage/check/detail/run_chain.hpp"

#include "storage/catalogue/finished_row.hpp"
#include "storage/mp4/index.hpp"

#include <algorithm>
#include <chrono>
#include <span>
#include <utility>

namespace sluice::check::detail {
namespace {

/// An end that the journal tells is the last picture's, which the file's own durations know to a second or
/// so.
constexpr std::chrono::seconds kEndSlack{5};

UtcTime began(const ReadSegment& segment) {
    return segment.file.index.fragments.front().wall;
}

/// As the recorder counts a fragment's length: ticks as time, cut to the microsecond.
UtcTime media_end(const mp4::SegmentIndex& index) {
    const mp4::Fragment& last = index.fragments.back();
    std::uint64_t ticks = 0;
    for (const mp4::Sample& sample : std::span{index.samples}.subspan(last.first_sample, last.sample_count))
        ticks += sample.duration;
    const std::uint64_t us =
        ticks / mp4::kTimescale * 1'000'000 + ticks % mp4::kTimescale * 1'000'000 / mp4::kTimescale;
    return last.wall + Microseconds{static_cast<std::int64_t>(us)};
}

}  // namespace

std::optional<LinkedSegment> RunChain::add(ReadSegment segment) {
    const auto [place, is_first] = waiting_.try_emplace(segment.file.info.run_id);
    if (is_first) {
        place->second = std::move(segment);
        return std::nullopt;
    }
    LinkedSegment linked{
        .segment = std::move(place->second), .sha256 = std::nullopt, .next_began = std::nullopt
    };
    const mp4::SegmentInfo& info = segment.file.info;
    if (linked.segment.file.info.sequence + 1 == info.sequence) {
        linked.sha256 = info.previous_sha256;
        linked.next_began = began(segment);
    }
    place->second = std::move(segment);
    return linked;
}

std::vector<LinkedSegment> RunChain::take_older(UtcTime began_before) {
    std::vector<LinkedSegment> taken;
    for (auto place = waiting_.begin(); place != waiting_.end();) {
        if (began(place->second) >= began_before) {
            ++place;
            continue;
        }
        taken.push_back(
            {.segment = std::move(place->second), .sha256 = std::nullopt, .next_began = std::nullopt}
        );
        place = waiting_.erase(place);
    }
    std::ranges::sort(taken, {}, [](const LinkedSegment& one) { return began(one.segment); });
    return taken;
}

UtcTime
wall_end(const mp4::SegmentIndex& index, std::optional<UtcTime> next_began, std::optional<UtcTime> run_end) {
    const UtcTime from = index.fragments.front().wall;
    const UtcTime media = media_end(index);
    if (next_began && *next_began > from) return *next_began;
    const bool is_plausible = run_end && *run_end >= index.fragments.back().wall && *run_end > from &&
                              *run_end <= media + kEndSlack;
    return is_plausible ? *run_end : media;
}

catalogue::FinishedRow make_row(const ReadSegment& segment, const Sha256Digest& sha256, UtcTime to) {
    return catalogue::make_finished_row(
        segment.file.info,
        segment.file.format,
        segment.file.index,
        {segment.volume_id, segment.path},
        {began(segment), to},
        sha256
    );
}

}  // namespace sluice::check::detail
