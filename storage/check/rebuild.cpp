#include "storage/check/rebuild.hpp"

#include "storage/catalogue/footage_repository.hpp"
#include "storage/check/detail/imported.hpp"
#include "storage/check/detail/journal_replay.hpp"
#include "storage/check/detail/known_inventory.hpp"
#include "storage/check/detail/run_chain.hpp"
#include "storage/check/listing.hpp"
#include "storage/segment/copy.hpp"
#include "storage/volume/read_at.hpp"
#include "storage/volume/volume.hpp"

#include <algorithm>
#include <chrono>
#include <set>
#include <utility>

#include <fcntl.h>

namespace sluice::check {
namespace {

namespace fs = std::filesystem;
using detail::LinkedSegment;
using detail::ReadSegment;

constexpr std::size_t kBatch = 200;
constexpr std::size_t kPiece = 1U << 20U;
constexpr std::chrono::hours kDay{24};
constexpr std::chrono::days kPartitionsAtOnce{14
};  // what ensure_partitions makes: the two weeks before a day

UtcTime begin_of(const std::string& day) {
    return from_rfc3339(day + "T00:00:00Z").value_or(UtcTime{});
}

class Rebuild {
public:
    Rebuild(
        catalogue::Pool& pool,
        const FoundVolumes& volumes,
        catalogue::Inventory present,
        const Clock& clock,
        Observer& observer
    )
        : pool_(pool),
          volumes_(volumes.volumes),
          clock_(clock),
          observer_(observer),
          inventory_(std::move(present)) {}

    Result<RebuildSummary> run() {
        if (auto done = list_all_days(); !done) return std::unexpected(done.error());
        if (auto done = learn_cameras(); !done) return std::unexpected(done.error());
        if (auto done = save_inventory(); !done) return std::unexpected(done.error());
        if (auto done = replay_journals(); !done) return std::unexpected(done.error());
        for (const std::string& day : days_)
            if (auto done = read_day(day); !done) return std::unexpected(done.error());
        if (auto done = settle(UtcTime::max()); !done) return std::unexpected(done.error());
        if (auto done = save_rows(); !done) return std::unexpected(done.error());
        if (auto done = read_imported(); !done) return std::unexpected(done.error());
        if (auto done = retire_former(); !done) return std::unexpected(done.error());
        summary_.cameras = inventory_.all().cameras.size();
        return summary_;
    }

private:
    // ---- what there is

    Status list_all_days() {
        for (const Volume& volume : volumes_) {
            const auto days = list_days(volume.root);
            if (!days) return std::unexpected(days.error());
            days_.insert(days->begin(), days->end());
        }
        return {};
    }

    /// The journal's lines can be placed only once their streams have rows, so a look at one file of each
    /// folder comes first: its head names camera and stream.
    Status learn_cameras() {
        for (const std::string& day : days_) {
            for (const Volume& volume : volumes_) {
                const auto listing = list_day(volume.root, day);
                if (!listing) return std::unexpected(listing.error());
                for (const StreamFolder& folder : listing->folders)
                    if (auto done = learn_folder(volume, folder); !done) return done;
            }
        }
        return {};
    }

    /// First and last file: a slug that was handed on in mid-day has two cameras in one folder.
    Status learn_folder(const Volume& volume, const StreamFolder& folder) {
        if (!go_on(volume, folder)) return detail::rebuild_stopped();
        const auto files = list_folder(volume.root, folder, false);
        if (!files) return std::unexpected(files.error());
        const auto learn = [&](const FileEntry& file) {
            const auto found = read_file(volume, file.path);
            if (found) static_cast<void>(inventory_.learn(found->info));
            return found.has_value();
        };
        const auto is_footage = [](const FileEntry& file) {
            return file.kind == FileKind::finished || file.kind == FileKind::suspect;
        };
        auto first = files->begin();
        while (first != files->end() && !(is_footage(*first) && learn(*first)))
            ++first;
        if (first == files->end()) return {};
        for (auto last = files->rbegin(); last != files->rend() - (first - files->begin()) - 1; ++last)
            if (is_footage(*last) && learn(*last)) break;
        return {};
    }

    Status save_inventory() {
        catalogue::Inventory all = inventory_.all();
        all.volumes.clear();
        for (const Volume& volume : volumes_) {
            const auto identity = volume::read_identity(volume.root);
            if (!identity) return std::unexpected(identity.error());
            if (!*identity || (*identity)->volume_id != volume.id)
                return failure(
                    Remedy::operator_acts, volume.root.string() + " is another volume than a moment ago"
                );
            all.volumes.push_back(
                {.id = volume.id, .installation_id = (*identity)->installation_id, .path = volume.root}
            );
        }
        volume_rows_ = all.volumes;
        return catalogue::save_inventory(pool_, all, clock_.now());
    }

    /// A second saving with what the configuration names alone retires the rest, at the ends that were noted.
    Status retire_former() {
        if (auto saved = save_inventory(); !saved) return saved;
        catalogue::Inventory present = inventory_.present();
        present.volumes = volume_rows_;
        return catalogue::save_inventory(pool_, present, clock_.now());
    }

    Status replay_journals() {
        const auto replayed =
            detail::replay_journals(pool_, volumes_, [this] { return observer_.advance(progress_, 0); });
        if (!replayed) return std::unexpected(replayed.error());
        summary_.journal_lines += replayed->lines;
        summary_.torn_lines += replayed->torn_lines;
        return {};
    }

    // ---- files

    bool go_on(const Volume& volume, const StreamFolder& folder) {
        progress_.place = volume.root.string() + " " + folder.day + " " + folder.camera_slug;
        return observer_.advance(progress_, 0);
    }

    static Result<mp4::SegmentFile> read_file(const Volume& volume, const std::string& path) {
        const fs::path file = volume.root / path;
        const UniqueFd fd{::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW)};
        if (!fd.is_open()) return errno_error(Remedy::operator_acts, "cannot open " + file.string());
        return mp4::read_segment(fd.get(), UINT64_MAX);
    }

    struct Place {
        const Volume* volume;
        FileEntry file;
        [[nodiscard]] std::string name() const { return fs::path{file.path}.filename().string(); }
    };

    /// All volumes' files of a day, a stream at a time and in the order of time, so that each run's segments
    /// follow each other.
    Status read_day(const std::string& day) {
        if (auto made = ensure_partitions(begin_of(day)); !made) return made;
        std::set<StreamFolder> folders;
        for (const Volume& volume : volumes_) {
            const auto listing = list_day(volume.root, day);
            if (!listing) return std::unexpected(listing.error());
            folders.insert(listing->folders.begin(), listing->folders.end());
        }
        for (const StreamFolder& folder : folders)
            if (auto done = read_folder(folder); !done) return done;
        // A segment lasts a day at most: of what began before yesterday no successor comes any more.
        return settle(begin_of(day) - kDay);
    }

    Status ensure_partitions(UtcTime day) {
        if (partitions_ && partitions_->contains(day)) return {};
        if (auto made = catalogue::ensure_partitions(pool_, day + kPartitionsAtOnce); !made) return made;
        partitions_ = TimeRange{.from = day, .to = day + kPartitionsAtOnce};
        return {};
    }

    Status read_folder(const StreamFolder& folder) {
        std::vector<Place> places;
        for (const Volume& volume : volumes_) {
            auto files = list_folder(volume.root, folder, false);
            if (!files) return std::unexpected(files.error());
            for (FileEntry& file : *files)
                places.push_back({.volume = &volume, .file = std::move(file)});
        }
        std::ranges::sort(places, {}, &Place::name);
        for (const Place& place : places) {
            ++progress_.files;
            if (!go_on(*place.volume, folder)) return detail::rebuild_stopped();
            if (auto done = take_file(*place.volume, place.file); !done) return done;
        }
        return {};
    }

    Status take_file(const Volume& volume, const FileEntry& file) {
        if (file.kind == FileKind::part) ++summary_.parts_left;
        if (file.kind != FileKind::finished && file.kind != FileKind::suspect) return {};
        auto found = read_file(volume, file.path);
        if (!found || found->index.fragments.empty() || found->info.segment_id != file.segment_id ||
            (file.kind == FileKind::finished && found->tail_bytes > 0)) {
            tell_unreadable(
                volume, file, found ? "its boxes end before the file does" : found.error().describe()
            );
            if (!found || found->index.fragments.empty() || found->info.segment_id != file.segment_id)
                return {};
        }
        if (inventory_.learn(found->info))
            if (auto saved = save_inventory(); !saved) return saved;
        ReadSegment segment{
            .file = std::move(*found), .root = volume.root, .path = file.path, .volume_id = volume.id
        };
        if (file.kind == FileKind::suspect) return save_suspect(segment);
        if (auto linked = chain_.add(std::move(segment))) return link(std::move(*linked));
        return {};
    }

    void tell_unreadable(const Volume& volume, const FileEntry& file, std::string why) {
        Finding finding;
        finding.kind = FindingKind::unreadable_box;
        finding.volume = volume.root;
        finding.path = file.path;
        finding.segment_id = file.segment_id;
        finding.from = file.began;
        finding.detail = std::move(why);
        tell(finding);
    }
    void tell(const Finding& finding) {
        summary_.tally.add(finding.kind);
        observer_.found(finding);
    }

    // ---- rows

    Status settle(UtcTime began_before) {
        for (LinkedSegment& linked : chain_.take_older(began_before))
            if (auto done = link(std::move(linked)); !done) return done;
        return {};
    }

    Status link(LinkedSegment linked) {
        if (!linked.sha256) {
            const auto hash = hash_file(linked.segment);
            if (!hash && hash.error().remedy() == Remedy::cancelled) return std::unexpected(hash.error());
            if (!hash) {
                tell_unreadable({}, to_entry(linked.segment.path.string()), hash.error().describe());
                return {};
            }
            linked.sha256 = *hash;
        }
        std::optional<UtcTime> run_end;
        if (!linked.next_began) {
            const auto run = catalogue::find_run(pool_, linked.segment.file.info.run_id);
            if (!run) return std::unexpected(run.error());
            if (*run) run_end = (*run)->to;
        }
        const UtcTime to = detail::wall_end(linked.segment.file.index, linked.next_began, run_end);
        inventory_.note_end(linked.segment.file.info.camera_id, to);
        rows_.push_back(detail::make_row(linked.segment, *linked.sha256, to));
        return rows_.size() < kBatch ? Status{} : save_rows();
    }

    Status save_rows() {
        if (auto saved = catalogue::save_finished_segments(pool_, rows_); !saved) return saved;
        summary_.segments += rows_.size();
        rows_.clear();
        return {};
    }

    Result<Sha256Digest> hash_file(const ReadSegment& segment) {
        const fs::path file = segment.root / segment.path;
        const UniqueFd fd{::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW)};
        if (!fd.is_open()) return errno_error(Remedy::operator_acts, "cannot open " + file.string());
        Bytes piece(kPiece);
        Sha256 hash;
        for (std::uint64_t offset = 0;;) {
            const auto got = volume::read_at(fd.get(), offset, piece);
            if (!got) return std::unexpected(got.error());
            if (*got == 0) return hash.digest();
            hash.update(ByteView{piece}.first(*got));
            offset += *got;
            progress_.bytes += *got;
            summary_.bytes += *got;
            if (!observer_.advance(progress_, *got)) return detail::rebuild_stopped();
        }
    }

    /// An open row that is marked, as the recorder does it; and the copy, when there is one.
    Status save_suspect(const ReadSegment& segment) {
        const mp4::SegmentIndex& index = segment.file.index;
        catalogue::OpenSegment open;
        open.row =
            detail::make_row(segment, Sha256Digest{}, detail::wall_end(index, std::nullopt, std::nullopt))
                .row;
        open.row.state = catalogue::SegmentState::open;
        open.row.sha256.reset();
        open.row.sums = {};
        open.format = segment.file.format;
        if (auto saved = catalogue::save_open_segments(pool_, {&open, 1}); !saved) return saved;
        if (auto marked = catalogue::mark_suspect(pool_, open.row.id, segment.path); !marked) return marked;
        ++summary_.suspects;
        inventory_.note_end(segment.file.info.camera_id, open.row.range.to);
        const auto copy = segment::read_whole(segment.root, segment::copy_path(segment.path));
        if (!copy) return {};  // none yet: the worker makes it
        ++summary_.copies;
        return catalogue::save_copy(
            pool_,
            {.segment_id = open.row.id,
             .from = open.row.range.from,
             .volume_id = segment.volume_id,
             .path = copy->path,
             .bytes = copy->index.end_bytes,
             .sha256 = copy->sha256,
             .to = copy->range.to,
             .problem = {}}
        );
    }

    // ---- the contractor's

    Status read_imported() {
        const detail::RebuildTools tools{
            .pool = pool_,
            .clock = clock_,
            .inventory = inventory_,
            .save_inventory = [this] { return save_inventory(); },
            .ensure_partitions = [this](UtcTime day) { return ensure_partitions(day); },
            .go_on =
                [this](const Volume& volume, const StreamFolder& folder) {
                    ++progress_.files;
                    return go_on(volume, folder);
                },
            .tell = [this](const Finding& finding) { tell(finding); },
        };
        const auto done = detail::rebuild_imported(tools, volumes_);
        if (!done) return std::unexpected(done.error());
        summary_.clips = done->clips;
        summary_.segments += done->segments;
        return {};
    }

    catalogue::Pool& pool_;
    const std::vector<Volume>& volumes_;
    const Clock& clock_;
    Observer& observer_;
    detail::KnownInventory inventory_;
    std::vector<catalogue::VolumeRow> volume_rows_;
    std::set<std::string> days_;
    std::optional<TimeRange> partitions_;  ///< made last
    detail::RunChain chain_;
    std::vector<catalogue::FinishedRow> rows_;
    Progress progress_;
    RebuildSummary summary_;
};

}  // namespace

Result<RebuildSummary> rebuild(
    catalogue::Pool& pool,
    const FoundVolumes& volumes,
    const catalogue::Inventory& present,
    const Clock& clock,
    Observer& observer,
    const ledger::Actor& actor
) {
    if (volumes.volumes.empty())
        return failure(Remedy::operator_acts, "no configured volume can be read: nothing to rebuild from");
    if (auto begun = catalogue::begin_rebuild(pool, actor, clock.now()); !begun)
        return std::unexpected(begun.error());
    Rebuild work{pool, volumes, present, clock, observer};
    auto done = work.run();
    if (!done) return done;
    if (auto ended = catalogue::end_rebuild(pool, clock.now()); !ended) return std::unexpected(ended.error());
    return done;
}

}  // namespace sluice::check
