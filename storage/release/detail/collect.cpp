#include "storage/release/detail/collect.hpp"

#include "config/base/unique_fd.hpp"
#include "storage/catalogue/viewing_repository.hpp"
#include "storage/release/showing.hpp"
#include "storage/retention/rules.hpp"
#include "storage/volume/read_at.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include <fcntl.h>

namespace sluice::release::detail {
namespace {

namespace fs = std::filesystem;
using catalogue::SegmentRow;

/// One stream of a grant; overlapping items are one.
struct Wanted {
    catalogue::GrantItem first;  ///< names the camera
    TimeRange asked;
    TimeRange granted;
    bool is_outward = false;
};

std::vector<Wanted> unite_items(const std::vector<catalogue::GrantItem>& items) {
    std::map<std::pair<Uuid, StreamKind>, std::vector<catalogue::GrantItem>> streams;
    for (const catalogue::GrantItem& item : items)
        streams[{item.camera_id, item.stream}].push_back(item);
    std::vector<Wanted> wanted;
    for (const auto& [stream, all] : streams) {
        std::vector<TimeRange> ranges;
        for (const catalogue::GrantItem& item : all)
            ranges.push_back(item.granted);
        for (const TimeRange& range : unite(ranges)) {
            Wanted one{.first = all.front(), .asked = range, .granted = range};
            for (const catalogue::GrantItem& item : all) {
                if (!item.granted.overlaps(range)) continue;
                one.asked = {
                    std::min(one.asked.from, item.asked.from), std::max(one.asked.to, item.asked.to)
                };
                one.is_outward = one.is_outward || item.is_outward;
            }
            wanted.push_back(std::move(one));
        }
    }
    return wanted;
}

class Collector {
public:
    Collector(const CopySite& site, const CopyGoOn& go_on) : site_(site), go_on_(go_on) {}

    Status load_volumes() {
        const auto rows = catalogue::load_volumes(site_.pool);
        if (!rows) return std::unexpected(rows.error());
        for (const catalogue::VolumeRow& volume : *rows)
            collected.volumes.emplace(volume.id, volume.path);
        return {};
    }

    Status add(const Wanted& wanted) {
        const auto stream = catalogue::find_stream(site_.pool, wanted.first.camera_id, wanted.first.stream);
        if (!stream) return std::unexpected(stream.error());
        if (!*stream) return failure(Remedy::refuse, "the granted stream is not known", "STREAM_NOT_FOUND");
        auto resolved = resolve_interval(site_.pool, collected.volumes, (*stream)->id, wanted.granted);
        if (!resolved) return std::unexpected(resolved.error());
        if (const auto* refusal = std::get_if<clip::Refusal>(&*resolved))
            return failure(Remedy::retry, refusal->detail, refusal->code);
        auto& resolution = std::get<Resolution>(*resolved);
        PackagedItem item{
            .camera_id = wanted.first.camera_id,
            .camera_slug = wanted.first.camera_slug,
            .camera_name = wanted.first.camera_name,
            .stream = wanted.first.stream,
            .asked = wanted.asked,
            .granted = wanted.granted,
            .is_outward = wanted.is_outward,
            .videos = {},
            .gaps = std::move(resolution.gaps),
        };
        for (const Piece& piece : resolution.pieces)
            if (auto added = add_piece(item, (*stream)->id, piece); !added) return added;
        collected.facts.items.push_back(std::move(item));
        return {};
    }

    Collected collected{};

private:
    Status add_piece(PackagedItem& item, const Uuid& stream_id, const Piece& piece) {
        PackagedVideo video;
        video.name = video_name(collected.ranges.size() + 1, item.camera_slug, item.stream, piece.range.from);
        video.piece = piece;
        const auto run = catalogue::find_run(site_.pool, piece.run_id);
        if (!run) return std::unexpected(run.error());
        if (*run) video.run = **run;
        for (const Span& span : piece.spans) {
            const auto row = catalogue::find_segment(site_.pool, span.segment_id);
            if (!row) return std::unexpected(row.error());
            if (!*row)
                return failure(Remedy::refuse, "a granted segment is no longer there", "NOT_HELD_DESTROYED");
            if (auto sound = verify(**row); !sound) return sound;
            video.segments.push_back({span, (*row)->range, (*row)->bytes, *(*row)->sha256});
        }
        item.videos.push_back(std::move(video));
        collected.ranges.push_back({
            .stream_id = stream_id,
            .run_id = piece.run_id,
            .range = piece.range,
            .first_segment = piece.spans.front().segment_id,
            .first = piece.spans.front().first,
            .end_segment = piece.spans.back().segment_id,
            .end = piece.spans.back().end,
        });
        return {};
    }

    /// The file is, byte for byte, what was recorded.
    Status verify(const SegmentRow& row) {
        if (row.state != catalogue::SegmentState::finished || !row.sha256)
            return failure(Remedy::retry, "a granted segment is still being written", "NOT_YET_DURABLE");
        if (row.is_damaged) return damaged(row);
        if (std::ranges::find(verified_, row.id) != verified_.end()) return {};
        const auto volume = collected.volumes.find(row.volume_id);
        if (volume == collected.volumes.end())
            return failure(Remedy::operator_acts, "the volume of " + row.path.string() + " is not known");
        const fs::path path = volume->second / row.path;
        const UniqueFd file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW)};
        if (!file.is_open()) return errno_error(Remedy::operator_acts, "cannot open " + path.string());
        Sha256 hash;
        Bytes bytes(1U << 20U);
        for (std::uint64_t offset = 0; offset <= row.bytes;) {
            const auto got = volume::read_at(file.get(), offset, bytes);
            if (!got) return std::unexpected(got.error());
            hash.update(ByteView{bytes}.first(*got));
            offset += *got;
            collected.segment_bytes += *got;
            if (!go_on_({.done_bytes = collected.segment_bytes, .total_bytes = 0, .place = row.path.string()}
                ))
                return failure(Remedy::cancelled, "the export was stopped", "stopped");
            if (*got < bytes.size()) break;
        }
        if (hash.digest() != *row.sha256) return damaged(row);
        verified_.push_back(row.id);
        return {};
    }

    static Status damaged(const SegmentRow& row) {
        return failure(
            Remedy::refuse,
            "segment " + to_string(row.id) +
                " is not what was recorded: its hash differs, or a check found it damaged",
            "FOOTAGE_DAMAGED"
        );
    }

    const CopySite& site_;
    const CopyGoOn& go_on_;
    std::vector<Uuid> verified_;
};

}  // namespace

UtcTime ceiling_of(UtcTime recorded, unsigned years) {
    return retention::destroy_by(recorded, static_cast<int>(years));
}

Result<Collected> collect(const CopySite& site, const catalogue::CopyRow& copy, const CopyGoOn& go_on) {
    if (copy.is_revoked) return failure(Remedy::refuse, "the decision was revoked", "ART7_NOT_APPROVED");
    if (copy.is_masked)
        return failure(Remedy::refuse, "the mask of the decision has no rendering", "MASK_NOT_RENDERED");
    const auto items = catalogue::load_grant_items(site.pool, copy.grant_id);
    if (!items) return std::unexpected(items.error());
    Collector collector{site, go_on};
    if (auto loaded = collector.load_volumes(); !loaded) return std::unexpected(loaded.error());
    PackageFacts& facts = collector.collected.facts;
    facts.copy_id = copy.id;
    facts.number = copy.number;
    facts.request_id = copy.request_id;
    facts.grant_id = copy.grant_id;
    facts.dossier = copy.dossier;
    facts.recipient = copy.recipient;
    facts.custodian = copy.custodian;
    facts.escort = copy.escort;
    facts.decided = copy.decided;
    facts.made = site.clock.now();
    facts.due = copy.due;
    for (const Wanted& wanted : unite_items(*items))
        if (auto added = collector.add(wanted); !added) return std::unexpected(added.error());
    if (collector.collected.ranges.empty())
        return failure(Remedy::refuse, "no frame lies inside what was granted", "GRANT_EMPTY");
    return std::move(collector.collected);
}

Status add_videos(const CopySite& site, Collected& collected, PackageWriter& writer, const CopyGoOn& go_on) {
    std::size_t number = 0;
    CopyProgress progress{.done_bytes = collected.segment_bytes, .total_bytes = 2 * collected.segment_bytes};
    for (PackagedItem& item : collected.facts.items) {
        for (PackagedVideo& video : item.videos) {
            auto resolved = clip::resolve_exact(site.pool, collected.volumes, collected.ranges[number++]);
            if (!resolved) return std::unexpected(resolved.error());
            if (const auto* refusal = std::get_if<clip::Refusal>(&*resolved))
                return failure(Remedy::refuse, refusal->detail, refusal->code);
            clip::Clip& clip = *std::get<std::unique_ptr<clip::Clip>>(*resolved);
            if (clip.frames() != video.piece.frames)
                return failure(Remedy::abandon_file, "a video would not hold the frames that were granted");
            progress.place = video.name;
            const auto sum = writer.add_clip(video.name, clip, [&](std::uint64_t bytes) {
                progress.done_bytes += bytes;
                return go_on(progress);
            });
            if (!sum) return std::unexpected(sum.error());
            video.sha256 = sum->sha256;
            video.bytes = clip.size_bytes();
        }
    }
    return {};
}

}  // namespace sluice::release::detail
