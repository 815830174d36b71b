#include "storage/check/detail/imported.hpp"

#include "config/base/unique_fd.hpp"
#include "storage/catalogue/contractor_clip_repository.hpp"
#include "storage/check/detail/about.hpp"
#include "storage/check/detail/journal_replay.hpp"
#include "storage/check/detail/run_chain.hpp"
#include "storage/mp4/read.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <set>
#include <utility>

#include <fcntl.h>

namespace sluice::check::detail {
namespace {

namespace fs = std::filesystem;

Finding about_segment(FindingKind kind, const receipt::MadeSegment& made, std::string detail) {
    Finding finding;
    finding.kind = kind;
    finding.path = made.path.string();
    finding.segment_id = made.id;
    finding.from = made.range.from;
    finding.to = made.range.to;
    finding.detail = std::move(detail);
    return finding;
}

void take_original(const Volume& volume, const FileEntry& file, FoundClip& found) {
    const auto original = fs::path{file.path}.replace_extension(".original");
    const auto facts = find_facts(volume.root / original);
    found.has_original = facts.has_value();
    if (facts && facts->bytes == found.receipt.clip.bytes) return;
    Finding finding = about(
        facts ? FindingKind::size_differs : FindingKind::row_without_file,
        file,
        facts ? "the received file has another length than its receipt says"
              : "the received file that its receipt names"
    );
    finding.path = original.string();
    found.findings.push_back(std::move(finding));
}

void take_segment(const Volume& volume, const receipt::MadeSegment& made, FoundClip& found) {
    const fs::path file = volume.root / made.path;
    const UniqueFd fd{::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW)};
    if (!fd.is_open()) {
        const bool is_gone = errno == ENOENT;
        found.findings.push_back(about_segment(
            is_gone ? FindingKind::row_without_file : FindingKind::unreadable_file,
            made,
            is_gone ? "a segment that a receipt names" : "it can't be opened"
        ));
        return;
    }
    auto read = mp4::read_segment(fd.get(), UINT64_MAX);
    const bool is_its_own = read && read->info.segment_id == made.id &&
                            read->info.stream_id == found.receipt.camera.stream_id &&
                            !read->index.fragments.empty();
    if (!is_its_own || read->tail_bytes > 0)
        found.findings.push_back(about_segment(
            FindingKind::unreadable_box,
            made,
            !read        ? read.error().describe()
            : is_its_own ? "its boxes end before the file does"
                         : "it is another segment than its receipt says"
        ));
    if (!is_its_own) return;
    found.segments.push_back(make_row(
        {.file = std::move(*read), .root = volume.root, .path = made.path, .volume_id = volume.id},
        made.sha256,
        made.range.to
    ));
}

constexpr std::chrono::hours kDay{24};

/// What the heads of its segments say, from the receipt: a clip that is not played has none.
mp4::SegmentInfo info_of(const receipt::Receipt& receipt) {
    mp4::SegmentInfo info;
    info.installation_id = receipt.camera.installation_id;
    info.recorder_id = receipt.camera.recorder_id;
    info.camera_id = receipt.camera.camera_id;
    info.stream_id = receipt.camera.stream_id;
    info.camera_slug = receipt.camera.camera_slug;
    info.camera_name = receipt.camera.camera_name;
    info.run_started = receipt.clip.range.from;
    return info;
}

catalogue::Import import_of(const Volume& volume, const FoundClip& found) {
    const catalogue::ContractorClip& clip = found.receipt.clip;
    catalogue::Import import{
        .clip_id = clip.id,
        .stream_id = found.receipt.camera.stream_id,
        .volume_id = volume.id,
        .original = receipt::original_path(clip),
        .is_playable = clip.is_playable.value_or(false),
        .reason_code = clip.reason_code,
        .reason = clip.reason,
        .media = clip.media,
        .runs = {},
        .segments = found.segments,
        .now = clip.ended.value_or(clip.changed),
    };
    // A run without any segment left is none.
    for (const catalogue::ImportedRun& run : found.receipt.runs)
        if (std::ranges::any_of(found.segments, [&](const catalogue::FinishedRow& made) {
                return made.row.run_id == run.id;
            }))
            import.runs.push_back(run);
    return import;
}

class ImportedRebuild {
public:
    ImportedRebuild(const RebuildTools& tools, const std::vector<Volume>& volumes)
        : tools_(tools),
          volumes_(volumes) {}

    Result<ImportedSummary> run() {
        if (auto done = for_each_day(&ImportedRebuild::read_receipts); !done)
            return std::unexpected(done.error());
        // Only now: a clip that lasts past midnight has files in two days.
        if (auto done = for_each_day(&ImportedRebuild::tell_unnamed); !done)
            return std::unexpected(done.error());
        return summary_;
    }

private:
    using Step = Status (ImportedRebuild::*)(const Volume&, const std::string&, const DayListing&);

    Status for_each_day(Step step) {
        for (const Volume& volume : volumes_) {
            const auto days = list_days(volume.root, Place::imported);
            if (!days) return std::unexpected(days.error());
            for (const std::string& day : *days) {
                const auto listing = list_day(volume.root, day, Place::imported);
                if (!listing) return std::unexpected(listing.error());
                if (auto done = (this->*step)(volume, day, *listing); !done) return done;
            }
        }
        return {};
    }

    Status read_receipts(const Volume& volume, const std::string& day, const DayListing& listing) {
        const UtcTime began = from_rfc3339(day + "T00:00:00Z").value_or(UtcTime{});
        for (const UtcTime needed : {began, began + kDay})
            if (auto made = tools_.ensure_partitions(needed); !made) return made;
        for (const std::string& slug : listing.originals) {
            const StreamFolder place{.day = day, .camera_slug = slug, .stream = StreamKind::main};
            const auto files = list_files(volume.root, originals_of(day, slug), false);
            if (!files) return std::unexpected(files.error());
            for (const FileEntry& file : *files) {
                if (file.kind != FileKind::receipt) continue;
                if (!tools_.go_on(volume, place)) return rebuild_stopped();
                if (auto done = take_clip(volume, file); !done) return done;
            }
        }
        return {};
    }

    Status take_clip(const Volume& volume, const FileEntry& file) {
        const auto found = read_clip(volume, file);
        if (!found) {
            tell_unreadable(volume, file, found.error());
            return {};
        }
        const catalogue::ContractorClip& clip = found->receipt.clip;
        if (tools_.inventory.learn(info_of(found->receipt)))
            if (auto saved = tools_.save_inventory(); !saved) return saved;
        tools_.inventory.note_end(found->receipt.camera.camera_id, clip.range.to);
        const auto is_new = catalogue::restore_import(
            tools_.pool,
            {.clip = clip, .origin = found->receipt.origin, .has_original = found->has_original},
            import_of(volume, *found),
            tools_.clock.now()
        );
        if (!is_new && is_new.error().remedy() != Remedy::refuse) return std::unexpected(is_new.error());
        if (!is_new) {
            tell_unreadable(volume, file, is_new.error());
            return {};
        }
        for (const Finding& finding : found->findings)
            tools_.tell(finding);
        named_.insert(clip.id);
        for (const catalogue::FinishedRow& made : found->segments)
            named_.insert(made.row.id);
        if (!*is_new) return {};
        ++summary_.clips;
        summary_.segments += found->segments.size();
        return {};
    }

    void tell_unreadable(const Volume& volume, const FileEntry& file, const Error& why) {
        Finding finding = about(FindingKind::unreadable_file, file, "the receipt: " + why.describe());
        finding.volume = volume.root;
        tools_.tell(finding);
    }

    Status tell_unnamed(const Volume& volume, const std::string& day, const DayListing& listing) {
        std::vector<fs::path> folders;
        for (const StreamFolder& folder : listing.folders)
            folders.push_back(path_of(folder, Place::imported));
        for (const std::string& slug : listing.originals)
            folders.push_back(originals_of(day, slug));
        for (const fs::path& folder : folders) {
            const auto files = list_files(volume.root, folder, false);
            if (!files) return std::unexpected(files.error());
            for (const FileEntry& file : *files) {
                const bool is_footage = file.kind == FileKind::finished || file.kind == FileKind::original;
                if (!is_footage || named_.contains(file.segment_id)) continue;
                Finding finding =
                    about(FindingKind::file_without_row, file, "no receipt says when it came into custody");
                finding.volume = volume.root;
                tools_.tell(finding);
            }
        }
        return {};
    }

    const RebuildTools& tools_;
    const std::vector<Volume>& volumes_;
    std::set<Uuid> named_;  ///< clips and segments that receipts name and that have rows
    ImportedSummary summary_;
};

}  // namespace

Result<FoundClip> read_clip(const Volume& volume, const FileEntry& receipt) {
    auto read = receipt::read(volume.root / receipt.path);
    if (!read) return std::unexpected(read.error());
    if (receipt::receipt_path(receipt::original_path(read->clip)) != receipt.path)
        return failure(Remedy::refuse, "it is another clip's than its place says");
    FoundClip found{.receipt = std::move(*read), .segments = {}, .findings = {}};
    take_original(volume, receipt, found);
    for (const receipt::MadeSegment& made : found.receipt.segments)
        take_segment(volume, made, found);
    for (Finding& finding : found.findings)
        finding.volume = volume.root;
    return found;
}

Result<ImportedSummary> rebuild_imported(const RebuildTools& tools, const std::vector<Volume>& volumes) {
    return ImportedRebuild{tools, volumes}.run();
}

}  // namespace sluice::check::detail
