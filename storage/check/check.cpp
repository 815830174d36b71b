#include "storage/check/check.hpp"

#include "storage/catalogue/footage_repository.hpp"
#include "storage/check/detail/judge.hpp"
#include "storage/check/listing.hpp"
#include "storage/volume/volume.hpp"

#include <algorithm>
#include <chrono>
#include <deque>
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
        const auto listed = list_days(volume_.root);
        if (!listed) return std::unexpected(listed.error());
        listed_days_ = {listed->begin(), listed->end()};
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
        std::set<StreamFolder> folders(listing->folders.begin(), listing->folders.end());
        for (const auto& [key, ids] : context_.streams)
            folders.insert({.day = day, .camera_slug = key.first, .stream = key.second});
        for (const StreamFolder& folder : folders) {
            if (!settings_.camera_slug.empty() && folder.camera_slug != settings_.camera_slug) continue;
            if (auto done = check_folder(folder); !done) return done;
        }
        if (!settings_.camera_slug.empty()) return {};
        for (const std::string& stranger : listing->strangers) {
            Finding finding;
            finding.kind = FindingKind::unknown_file;
            finding.volume = volume_.root;
            finding.path = stranger;
            tell(finding);
        }
        return {};
    }

    Status check_folder(const StreamFolder& folder) {
        context_.progress.place = volume_.root.string() + " " + folder.day + " " + folder.camera_slug;
        if (!context_.observer.advance(context_.progress, 0))
            return failure(Remedy::cancelled, "the check was stopped", "stopped");
        // Files before rows: what is finished meanwhile has its row when that is asked for.
        auto files = list_folder(volume_.root, folder, settings_.depth != Depth::names);
        if (!files) return std::unexpected(files.error());
        auto rows = load_rows(folder);
        if (!rows) return std::unexpected(rows.error());
        std::erase_if(*files, [this](const FileEntry& file) {
            return file.began && !is_file_asked(*file.began);
        });
        summary_.files += files->size();
        summary_.rows += rows->size();
        context_.progress.files += files->size();
        for (Finding& finding : compare_folder(*files, *rows, settings_.depth, context_.clock.now())) {
            const auto settled = judge_.settle(std::move(finding));
            if (!settled) return std::unexpected(settled.error());
            if (!*settled) continue;
            if (auto marked = judge_.mark(**settled); !marked) return marked;
            tell(**settled);
        }
        if (settings_.depth != Depth::hashes) return {};
        return read_bytes(*rows);
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

    Status read_bytes(const std::vector<SegmentRow>& rows) {
        const MayGoOn may_go_on = [this](std::uint64_t bytes) {
            context_.progress.bytes += bytes;
            summary_.bytes += bytes;
            return context_.observer.advance(context_.progress, bytes);
        };
        for (const SegmentRow& row : rows) {
            if (row.state != catalogue::SegmentState::finished) continue;
            auto examined = reader_.examine_row(row, may_go_on);
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
    detail::ByteReader reader_;
    VolumeSummary summary_;
};

Finding missing_volume(const fs::path& root, std::string why) {
    Finding finding;
    finding.kind = FindingKind::volume_missing;
    finding.volume = root;
    finding.detail = std::move(why);
    return finding;
}

}  // namespace

Result<FoundVolumes> find_volumes(catalogue::Pool& pool, const std::vector<fs::path>& configured) {
    FoundVolumes found;
    std::set<Uuid> installations;
    std::set<fs::path> roots;
    for (const fs::path& root : configured) {
        const auto identity = volume::read_identity(root);
        roots.insert(root);
        if (!identity || !*identity) {
            found.missing.push_back(missing_volume(
                root, identity ? "it has no identity: not mounted, or no volume" : identity.error().describe()
            ));
            continue;
        }
        installations.insert((*identity)->installation_id);
        found.volumes.push_back({.id = (*identity)->volume_id, .root = root});
    }
    const auto rows = catalogue::load_volumes(pool);
    if (!rows) return std::unexpected(rows.error());
    for (const catalogue::VolumeRow& row : *rows) {
        const bool is_found =
            std::ranges::any_of(found.volumes, [&row](const Volume& volume) { return volume.id == row.id; });
        const bool is_said = roots.contains(row.path) && !is_found;
        if (is_found || is_said || !installations.contains(row.installation_id)) continue;
        found.missing.push_back(missing_volume(row.path, "the catalogue knows it, the configuration does not")
        );
    }
    return found;
}

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
