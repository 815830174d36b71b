#include "storage/clip/hls_live.hpp"

#include "config/base/log.hpp"
#include "storage/mp4/read.hpp"
#include "storage/segment/adopt.hpp"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <ranges>
#include <string_view>
#include <utility>

#include <sys/stat.h>

namespace sluice::clip {
namespace fs = std::filesystem;
namespace {

/// A file system's clock moves in steps of some milliseconds: two changes may carry one time.
constexpr unsigned kListAgain = 3;
/// How far back the marked file may lie: nobody watches who has not asked for an hour.
constexpr auto kMarkReach = std::chrono::hours{1};
constexpr auto kWindow = std::chrono::seconds{kLiveWindowSeconds};

/// "20261123T101500Z_…" → its time; nullopt for any other text.
std::optional<UtcTime> time_of(std::string_view name) {
    if (name.size() < 16) return std::nullopt;
    const auto digits = [&](std::size_t at, std::size_t count) {
        return std::string{name.substr(at, count)};
    };
    const auto parsed = from_rfc3339(
        digits(0, 4) + "-" + digits(4, 2) + "-" + digits(6, 2) + "T" + digits(9, 2) + ":" + digits(11, 2) +
        ":" + digits(13, 2) + "Z"
    );
    return parsed ? std::optional{*parsed} : std::nullopt;
}

std::int64_t changed_at(const fs::path& folder) {
    struct stat facts{};
    if (::stat(folder.c_str(), &facts) != 0) return -1;
    return facts.st_mtim.tv_sec * 1'000'000'000LL + facts.st_mtim.tv_nsec;
}

std::uint64_t seconds_of(UtcTime time) {
    const auto seconds = std::chrono::floor<std::chrono::seconds>(time.time_since_epoch()).count();
    return static_cast<std::uint64_t>(std::max<std::int64_t>(seconds, 0));
}

const Uuid& id_of(const std::shared_ptr<const HlsFile>& file) {
    return file->id;
}

void add_parts(HlsSegment& segment, const mp4::SegmentIndex& index) {
    for (std::uint32_t number = segment.first; number < segment.end; ++number)
        segment.parts.push_back(
            {.ticks = end_tick_of(index, number) - index.fragments[number].base_decode_time,
             .is_key = begins_with_key(index, number)}
        );
}

}  // namespace

std::shared_ptr<const HlsFile> LiveView::find_file(const Uuid& id) const {
    const auto found = std::ranges::find(files, id, id_of);
    return found == files.end() ? nullptr : *found;
}

LiveFollower::LiveFollower(LiveSource source, std::optional<LiveMark> mark)
    : source_(std::move(source)),
      mark_(mark) {}

bool LiveFollower::look(UtcTime now) {
    list(now);
    bool is_new = take_new_files();
    for (Tracked& tracked : tracked_)
        is_new = grow(tracked) || is_new;
    is_new = settle() || is_new;
    if (is_new) rebuild();
    return is_new;
}

/// Lists today's folders and yesterday's when one of them has changed.
void LiveFollower::list(UtcTime now) {
    std::map<fs::path, std::int64_t> folders;
    for (const auto& [id, root] : source_.volumes)
        for (const UtcTime day : {now - std::chrono::days{1}, now}) {
            fs::path folder =
                root / "live" / to_utc_day(day) / source_.camera_slug / to_string(source_.stream);
            const std::int64_t changed = changed_at(folder);
            folders.emplace(std::move(folder), changed);
        }
    if (folders != folders_) list_again_ = kListAgain;
    if (list_again_ == 0) return;
    --list_again_;
    folders_ = std::move(folders);
    listed_.clear();
    for (const auto& [id, root] : source_.volumes)
        for (const UtcTime day : {now - std::chrono::days{1}, now}) {
            auto files =
                segment::find_stream_files(root, to_utc_day(day), source_.camera_slug, source_.stream);
            if (!files) {
                log::debug("live_folder_unreadable", {{"detail", files.error().describe()}});
                continue;
            }
            for (const segment::Orphan& file : *files) {
                fs::path path = root / file.path;
                if (file.is_part) path.replace_extension();
                listed_.insert_or_assign(path.filename().string(), Listed{path, file.is_part});
            }
        }
}

/// The name from which following begins: that of the marked file, else one whose footage is older than the
/// window.
std::string LiveFollower::first_name() const {
    const auto newest = time_of(listed_.rbegin()->first);
    if (!newest) return listed_.rbegin()->first;
    auto from = listed_.lower_bound(to_compact_utc(*newest - kWindow));
    if (from != listed_.begin()) --from;  // it reaches into the window, or tells what goes on from it
    if (!mark_) return from->first;
    const auto reach = listed_.lower_bound(to_compact_utc(*newest - kMarkReach));
    const std::string marked = to_string(mark_->file_id) + ".mp4";
    for (auto file = reach; file != listed_.end(); ++file)
        if (file->first.ends_with(marked)) return std::min(file->first, from->first);
    return from->first;
}

bool LiveFollower::take_new_files() {
    if (listed_.empty()) return false;
    const std::string first = tracked_.empty() ? first_name() : std::string{};
    auto next = tracked_.empty() ? listed_.lower_bound(first) : listed_.upper_bound(tracked_.back().name);
    bool is_new = false;
    for (; next != listed_.end(); ++next) {
        auto fd = open_segment_file(next->second.path);
        auto file = fd ? read_hls_file(fd->get(), next->second.path) : std::unexpected(fd.error());
        // Its head may be on the way: the next look tries again, until a later file is there.
        if (!file || file->stream_id != source_.stream_id) continue;
        tracked_.push_back(
            {.name = next->first,
             .path = next->second.path,
             .fd = std::move(*fd),
             .file = std::make_shared<const HlsFile>(std::move(*file)),
             .is_part = next->second.is_part}
        );
        is_new = true;
    }
    return is_new;
}

/// Reads what the file has got since. The descriptor stays with it over its rename.
bool LiveFollower::grow(Tracked& tracked) {
    if (tracked.is_ended) return false;
    const auto listed = listed_.find(tracked.name);
    tracked.is_part = listed != listed_.end() && listed->second.is_part;
    struct stat facts{};
    if (::fstat(tracked.fd.get(), &facts) != 0 || facts.st_size == tracked.seen_bytes) return false;
    HlsFile grown = *tracked.file;
    const auto added = mp4::extend_index(tracked.fd.get(), grown.index);
    if (!added) {
        log::warn("live_file_unreadable", {{"file", tracked.name}, {"detail", added.error().describe()}});
        return false;
    }
    tracked.seen_bytes = facts.st_size;
    if (*added == 0) return false;
    tracked.file = std::make_shared<const HlsFile>(std::move(grown));
    return true;
}

/// A file has ended when it has its final name, or when the next one has footage: the recorder writes one at
/// a time.
bool LiveFollower::settle() {
    bool has_ended = false;
    bool has_later = false;
    for (Tracked& tracked : std::views::reverse(tracked_)) {
        if (!tracked.is_ended && (has_later || !tracked.is_part)) {
            grow(tracked);  // once more: what was written between the last look and the rename
            tracked.is_ended = has_ended = true;
            tracked.fd.reset();
        }
        has_later = has_later || !tracked.file->index.fragments.empty();
    }
    return has_ended;
}

/// All segments of the tracked files, counted on from `base`.
LiveFollower::Assembled LiveFollower::assemble(Base base) const {
    Assembled all;
    for (const Tracked& tracked : tracked_) {
        const mp4::SegmentIndex& index = tracked.file->index;
        if (index.fragments.empty()) continue;
        all.bases.emplace(tracked.file->id, base);
        all.files.push_back(tracked.file);
        const bool goes_on =
            !base.run_id || (*base.run_id == tracked.file->run_id &&
                             !is_gap(base.end_tick, index.fragments.front().base_decode_time));
        const auto count = static_cast<std::uint32_t>(index.fragments.size());
        for (const HlsCut& cut : cut_fragments(index, 0, count)) {
            HlsSegment segment = to_hls_segment(tracked.file->id, tracked.file->format_id, index, cut);
            if (cut.first == 0) segment.is_discontinuous = !goes_on;
            segment.is_whole = tracked.is_ended || cut.end < count;
            add_parts(segment, index);
            all.numbers.push_back({base.number++, base.discontinuities});
            base.discontinuities += segment.is_discontinuous ? 1 : 0;
            if (cut.first == 0)
                all.marks.push_back({tracked.file->id, all.numbers.back().number, base.discontinuities});
            all.segments.push_back(std::move(segment));
        }
        base.run_id = tracked.file->run_id;
        base.end_tick = end_tick_of(index, count - 1);
    }
    return all;
}

/// The first count of all: so that the marked file has the numbers it had before, else by the clock, which
/// runs faster than segments can be made, so that numbers never come twice.
LiveFollower::Base LiveFollower::find_base() const {
    const Assembled counted = assemble({});
    if (mark_) {
        const auto marked = std::ranges::find(counted.marks, mark_->file_id, &LiveMark::file_id);
        const bool is_known = marked != counted.marks.end() && mark_->number >= marked->number &&
                              mark_->discontinuities >= marked->discontinuities;
        if (is_known)
            return {
                .number = mark_->number - marked->number,
                .discontinuities = mark_->discontinuities - marked->discontinuities,
                .run_id = {},
            };
    }
    const auto first = std::ranges::find_if(tracked_, [](const Tracked& tracked) {
        return !tracked.file->index.fragments.empty();
    });
    return {.number = seconds_of(first->file->index.fragments.front().wall), .run_id = {}};
}

void LiveFollower::rebuild() {
    const bool has_footage = std::ranges::any_of(tracked_, [](const Tracked& tracked) {
        return !tracked.file->index.fragments.empty();
    });
    if (!has_footage) return;
    if (!base_) base_ = find_base();
    Assembled all = assemble(*base_);

    std::uint64_t ticks = 0;
    std::size_t first = all.segments.size();
    while (first > 0 && ticks < std::uint64_t{kLiveWindowSeconds} * mp4::kTimescale)
        ticks += all.segments[--first].ticks;
    auto view = std::make_shared<LiveView>();
    view->playlist.first_number = all.numbers[first].number;
    view->playlist.discontinuities = all.numbers[first].discontinuities;
    std::vector<HlsSegment>& segments = view->playlist.segments;
    segments.assign(
        std::make_move_iterator(all.segments.begin() + static_cast<std::ptrdiff_t>(first)),
        std::make_move_iterator(all.segments.end())
    );
    const Uuid& oldest = segments.front().file_id;
    base_ = all.bases.at(oldest);
    while (tracked_.front().file->id != oldest)
        tracked_.erase(tracked_.begin());
    view->files.assign(std::ranges::find(all.files, oldest, id_of), all.files.end());
    view->mark = all.marks.back();
    view->wall = {segments.front().wall.from, segments.back().wall.to};
    view->full_text = live_playlist(view->playlist, kLiveMediaPrefix, false);
    view->delta_text = live_playlist(view->playlist, kLiveMediaPrefix, true);
    view_ = std::move(view);
}

}  // namespace sluice::clip
