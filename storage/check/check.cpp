#include "storage/check/check.hpp"

#include "storage/catalogue/footage_repository.hpp"
#include "storage/check/detail/judge.hpp"
#include "storage/check/detail/originals.hpp"
#include "storage/check/listing.hpp"

#include <algorithm>
#include <chrono>
#include <deque>
#include <iterator>
#include <map>
#include <set>
#include <utility>

namespace sluice::check {
namespace {

namespace fs = std::filesystem;
using catalogue::SegmentRow;

using StreamKey = std::pair<std::string, StreamKind>;  // slug and kind: what a folder's name tells
using Streams = std::map<StreamKey, std::vector<Uuid>>;

/// A slug may have been handed on, so a folder may hold files of several streams.
Result<Streams> load_stream_map(catalogue::Pool& pool) {
    const auto cameras = catalogue::load_cameras(pool, true);
    if (!cameras) return std::unexpected(cameras.error());
    const auto streams = catalogue::load_streams(pool);
    if (!streams) return std::unexpected(streams.error());
    std::map<Uuid, std::string> slugs;
    for (const catalogue::CameraRow& camera : *cameras)
        slugs.emplace(camera.id, camera.slug);
    Streams by_folder;
    for (const catalogue::StreamRow& stream : *streams)
        by_folder[{slugs[stream.camera_id], stream.kind}].push_back(stream.id);
    return by_folder;
}

TimeRange day_of(const std::string& day) {
    const UtcTime begin = from_rfc3339(day + "T00:00:00Z").value_or(UtcTime{});
    return {begin, begin + std::chrono::hours{24}};
}

/// What the volumes of one check share.
struct Context {
    catalogue::Pool& pool;
    const Settings& settings;
    const Clock& clock;
    Observer& observer;
    const Streams& streams;
    Progress progress{};
    Tally tally{};
};

/// One volume's comparison, a folder at a time.
class VolumeCheck {
public:
    VolumeCheck(Context& context, const Volume& volume)
        : context_(context),
          pool_(context.pool),
          settings_(context.settings),
          volume_(volume),
          judge_(context.pool, volume, context.settings, context.clock),
          originals_(context.pool, volume, context.settings, context.clock),
          reader_(context.pool, volume) {
        summary_.id = volume.id;
        summary_.root = volume.root;
    }

    /// Before run(): finds the days to look at, and adds to the progress how many bytes will be read.
    Status prepare() {
        auto days = list_wanted_days();
        if (!days) return std::unexpected(days.error());
        days_ = std::move(*days);
        if (settings_.depth != Depth::hashes) return {};
        const auto streams = streams_asked();
        for (const std::string& day : days_) {
            const auto bytes =
                catalogue::sum_finished_on_volume(pool_, volume_.id, range_asked(day), streams);
            if (!bytes) return std::unexpected(bytes.error());
            context_.progress.total_bytes += *bytes;
        }
        return {};
    }

    Result<VolumeSummary> run() {
        for (const std::string& day : days_)
            if (auto done = check_day(day); !done) return std::unexpected(done.error());
        if (settings_.camera_slug.empty()) {
            const auto tell = [this](const Finding& finding) { this->tell(finding); };
            if (auto done =
                    detail::check_journal(pool_, volume_, settings_, context_.clock.now(), summary_, tell);
                !done)
                return std::unexpected(done.error());
        }
        return summary_;
    }

private:
    /// Days with a folder, and days that may have rows.
    Result<std::set<std::string>> list_wanted_days() {
        for (const Place place : {Place::live, Place::imported}) {
            const auto listed = list_days(volume_.root, place);
            if (!listed) return std::unexpected(listed.error());
            listed_days_.insert(listed->begin(), listed->end());
        }
        std::set<std::string> days = listed_days_;
        const auto span = catalogue::find_footage_span(pool_);
        if (!span) return std::unexpected(span.error());
        if (*span) {
            // A run's open end may lie behind its newest row.
            const UtcTime last = std::max((*span)->from, (*span)->to) + std::chrono::hours{24};
            for (UtcTime at = (*span)->from; at <= last; at += std::chrono::hours{24})
                days.insert(to_utc_day(at));
        }
        std::erase_if(days, [this](const std::string& day) { return !is_day_asked(day); });
        return days;
    }
    bool is_day_asked(const std::string& day) const {
        const TimeRange range = day_of(day);
        return (!settings_.from || *settings_.from < range.to) &&
               (!settings_.to || range.from < *settings_.to);
    }

    TimeRange range_asked(const std::string& day) const {
        const TimeRange whole = day_of(day);
        return {
            std::max(whole.from, settings_.from.value_or(whole.from)),
            std::min(whole.to, settings_.to.value_or(whole.to))
        };
    }
    /// nullopt: all.
    std::optional<std::vector<Uuid>> streams_asked() const {
        if (settings_.camera_slug.empty()) return std::nullopt;
        std::vector<Uuid> asked;
        for (const auto& [key, ids] : context_.streams)
            if (key.first == settings_.camera_slug) asked.insert(asked.end(), ids.begin(), ids.end());
        return asked;
    }

    Status check_day(const std::string& day) {
        // A clock gone mad may have made runs of any year: days without folder and rows cost one question.
        if (!listed_days_.contains(day)) {
            const auto has_rows = catalogue::has_segments_on_volume(pool_, volume_.id, day_of(day));
            if (!has_rows) return std::unexpected(has_rows.error());
            if (!*has_rows) return {};
        }
        auto listing = list_day(volume_.root, day);
        if (!listing) return std::unexpected(listing.error());
        auto imported = list_day(volume_.root, day, Place::imported);
        if (!imported) return std::unexpected(imported.error());
        std::set<StreamFolder> folders(listing->folders.begin(), listing->folders.end());
        folders.insert(imported->folders.begin(), imported->folders.end());
        for (const auto& [key, ids] : context_.streams)
            folders.insert({.day = day, .camera_slug = key.first, .stream = key.second});
        for (const StreamFolder& folder : folders) {
            if (!settings_.camera_slug.empty() && folder.camera_slug != settings_.camera_slug) continue;
            if (auto done = check_folder(folder); !done) return done;
        }
        if (auto done = check_originals(day, imported->originals); !done) return done;
        if (!settings_.camera_slug.empty()) return {};
        std::ranges::move(imported->strangers, std::back_inserter(listing->strangers));
        for (const std::string& stranger : listing->strangers) {
            Finding finding;
            finding.kind = FindingKind::unknown_file;
            finding.volume = volume_.root;
            finding.path = stranger;
            tell(finding);
        }
        return {};
    }

    Status go_on(const std::string& day, const std::string& camera_slug) {
        context_.progress.place = volume_.root.string() + " " + day + " " + camera_slug;
        if (context_.observer.advance(context_.progress, 0)) return {};
        return failure(Remedy::cancelled, "the check was stopped", "stopped");
    }

    /// What was asked for of a folder's files. Files are listed before rows are loaded: what is finished
    /// meanwhile has its row when that is asked for.
    Result<std::vector<FileEntry>> list_asked(const fs::path& folder) {
        auto files = list_files(volume_.root, folder, settings_.depth != Depth::names);
        if (!files) return files;
        std::erase_if(*files, [this](const FileEntry& file) {
            return file.began && !is_file_asked(*file.began);
        });
        summary_.files += files->size();
        context_.progress.files += files->size();
        return files;
    }

    /// Looked at once more, marked, told.
    template <class Judge>
    Status take(Judge& judge, std::vector<Finding> findings) {
        for (Finding& finding : findings) {
            const auto settled = judge.settle(std::move(finding));
            if (!settled) return std::unexpected(settled.error());
            if (!*settled) continue;
            if (auto marked = judge.mark(**settled); !marked) return marked;
            tell(**settled);
        }
        return {};
    }

    Status check_folder(const StreamFolder& folder) {
        if (auto asked = go_on(folder.day, folder.camera_slug); !asked) return asked;
        auto files = list_asked(path_of(folder));
        if (!files) return std::unexpected(files.error());
        auto imported = list_asked(path_of(folder, Place::imported));
        if (!imported) return std::unexpected(imported.error());
        std::ranges::move(*imported, std::back_inserter(*files));
        auto rows = load_rows(folder);
        if (!rows) return std::unexpected(rows.error());
        summary_.rows += rows->size();
        auto found = compare_folder(*files, *rows, settings_.depth, context_.clock.now());
        if (auto taken = take(judge_, std::move(found)); !taken) return taken;
        if (settings_.depth != Depth::hashes) return {};
        return read_bytes(*rows);
    }

    /// Received files of a day, a camera at a time: those with a folder, and those with rows.
    Status check_originals(const std::string& day, const std::vector<std::string>& listed) {
        std::map<std::string, std::vector<FileEntry>> files;
        for (const std::string& slug : listed) {
            if (!settings_.camera_slug.empty() && slug != settings_.camera_slug) continue;
            auto found = list_asked(originals_of(day, slug));
            if (!found) return std::unexpected(found.error());
            files.emplace(slug, std::move(*found));
        }
        auto rows = catalogue::load_originals_on_volume(pool_, volume_.id, range_asked(day));
        if (!rows) return std::unexpected(rows.error());
        std::map<std::string, std::vector<catalogue::OriginalRow>> by_camera;
        for (catalogue::OriginalRow& row : *rows) {
            if (!settings_.camera_slug.empty() && row.camera_slug != settings_.camera_slug) continue;
            files.try_emplace(row.camera_slug);
            by_camera[row.camera_slug].push_back(std::move(row));
        }
        for (const auto& [slug, found] : files)
            if (auto done = check_originals_of(day, slug, found, by_camera[slug]); !done) return done;
        return {};
    }

    Status check_originals_of(
        const std::string& day,
        const std::string& slug,
        const std::vector<FileEntry>& files,
        const std::vector<catalogue::OriginalRow>& rows
    ) {
        if (auto asked = go_on(day, slug); !asked) return asked;
        summary_.rows += rows.size();
        auto found = compare_originals(files, rows, settings_.depth, context_.clock.now());
        if (auto taken = take(originals_, std::move(found)); !taken) return taken;
        if (settings_.depth != Depth::hashes) return {};
        for (const catalogue::OriginalRow& row : rows) {
            auto examined = originals_.examine(row, may_go_on());
            if (!examined) return std::unexpected(examined.error());
            // What is gone was told by its name.
            std::erase_if(*examined, [](const Finding& finding) {
                return finding.kind == FindingKind::row_without_file;
            });
            for (const Finding& finding : *examined) {
                if (auto marked = originals_.mark(finding); !marked) return marked;
                tell(finding);
            }
        }
        return {};
    }

    Result<std::vector<SegmentRow>> load_rows(const StreamFolder& folder) {
        std::vector<SegmentRow> rows;
        const auto ids = context_.streams.find({folder.camera_slug, folder.stream});
        if (ids == context_.streams.end()) return rows;
        const TimeRange range = range_asked(folder.day);
        for (const Uuid& stream : ids->second) {
            auto more = catalogue::load_segments_on_volume(pool_, volume_.id, stream, range);
            if (!more) return more;
            std::ranges::move(*more, std::back_inserter(rows));
        }
        return rows;
    }

    /// The name tells the second only.
    bool is_file_asked(UtcTime began) const {
        return (!settings_.from || *settings_.from < began + std::chrono::seconds{1}) &&
               (!settings_.to || began < *settings_.to);
    }

    MayGoOn may_go_on() {
        return [this](std::uint64_t bytes) {
            context_.progress.bytes += bytes;
            summary_.bytes += bytes;
            return context_.observer.advance(context_.progress, bytes);
        };
    }

    Status read_bytes(const std::vector<SegmentRow>& rows) {
        for (const SegmentRow& row : rows) {
            if (row.state != catalogue::SegmentState::finished) continue;
            auto examined = reader_.examine_row(row, may_go_on());
            if (!examined) return std::unexpected(examined.error());
            if (!*examined) continue;
            for (Finding& finding : (*examined)->findings) {
                finding.volume = volume_.root;
                if (auto marked = judge_.mark(finding); !marked) return marked;
                tell(finding);
            }
        }
        return {};
    }

    void tell(const Finding& finding) {
        context_.tally.add(finding.kind);
        context_.observer.found(finding);
    }

    Context& context_;
    catalogue::Pool& pool_;
    const Settings& settings_;
    const Volume& volume_;
    std::set<std::string> listed_days_;
    std::set<std::string> days_;
    detail::Judge judge_;
    detail::OriginalsJudge originals_;
    detail::ByteReader reader_;
    VolumeSummary summary_;
};

}  // namespace

Result<Summary> run_check(
    catalogue::Pool& pool,
    const FoundVolumes& volumes,
    const Settings& settings,
    const Clock& clock,
    Observer& observer
) {
    Summary summary;
    summary.depth = settings.depth;
    summary.began = clock.now();
    const auto streams = load_stream_map(pool);
    if (!streams) return std::unexpected(streams.error());
    Context context{
        .pool = pool, .settings = settings, .clock = clock, .observer = observer, .streams = *streams
    };
    for (const Finding& missing : volumes.missing) {
        context.tally.add(missing.kind);
        observer.found(missing);
    }
    std::deque<VolumeCheck> checks;
    for (const Volume& volume : volumes.volumes)
        if (auto ready = checks.emplace_back(context, volume).prepare(); !ready)
            return std::unexpected(ready.error());
    for (VolumeCheck& check : checks) {
        auto done = check.run();
        if (!done) return std::unexpected(done.error());
        summary.volumes.push_back(std::move(*done));
    }
    summary.tally = context.tally;
    summary.ended = clock.now();
    return summary;
}

}  // namespace sluice::check
