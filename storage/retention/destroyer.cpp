#include "storage/retention/destroyer.hpp"

#include "config/base/log.hpp"
#include "storage/catalogue/recorder_repository.hpp"
#include "storage/check/listing.hpp"
#include "storage/receipt/receipt.hpp"
#include "storage/volume/volume.hpp"

#include <algorithm>
#include <chrono>
#include <map>
#include <optional>

namespace sluice::retention {
namespace {

namespace fs = std::filesystem;
using SteadyClock = std::chrono::steady_clock;
using catalogue::PurgeCandidate;

constexpr std::chrono::seconds kLongest{20};
constexpr std::size_t kAskAtOnce = 1000;

Status check(const PurgeVolume& volume) {
    const auto found = volume::check_volume(volume.root, volume.installation_id, volume.id);
    if (found) return {};
    return std::unexpected(found.error());
}

}  // namespace

std::vector<fs::path> names_of(const PurgeCandidate& segment) {
    std::vector<fs::path> names{segment.path};
    if (segment.state != catalogue::SegmentState::open) return names;
    fs::path finished = segment.path;
    if (finished.extension() == ".part") finished.replace_extension();
    for (const char* ending : {"", ".suspect", ".empty"}) {
        fs::path name = finished;
        name += ending;
        if (std::ranges::find(names, name) == names.end()) names.push_back(name);
    }
    return names;
}

namespace {

/// Whether anything of it is left: the copy of a suspect file is worth keeping without it.
Result<bool> is_there(const PurgeCandidate& segment, const fs::path& root) {
    std::vector<fs::path> names = names_of(segment);
    if (!segment.copy_path.empty()) names.push_back(segment.copy_path);
    for (const fs::path& name : names) {
        std::error_code code;
        const fs::file_status status = fs::symlink_status(root / name, code);
        if (status.type() == fs::file_type::not_found) continue;
        if (code)
            return std::unexpected(
                Error{Remedy::operator_acts, code, "cannot look at " + (root / name).string()}
            );
        return true;
    }
    return false;
}

}  // namespace

Status Destroyer::unlink_one(const PurgeCandidate& segment, const fs::path& root, Pending& pending) {
    std::vector<fs::path> names = names_of(segment);
    if (!segment.copy_path.empty()) names.push_back(segment.copy_path);
    for (const fs::path& name : names) {
        const auto removed = files_.remove(root / name);
        if (!removed) return std::unexpected(removed.error());
        pending.had_file |= *removed;
        // Synced also when there was no file: an earlier attempt may have died between the two.
        const fs::path folder = (root / name).parent_path();
        if (std::ranges::find(pending.folders, folder) == pending.folders.end())
            pending.folders.push_back(folder);
    }
    if (!segment.receipt || !segment.receipt->is_original) return {};
    // After the file, which could not be taken in again without it; in the same folder.
    const auto removed = files_.remove(root / receipt::receipt_path(segment.path));
    if (!removed) return std::unexpected(removed.error());
    return {};
}

/// Syncs each folder once; only what lies in synced ones is gone.
catalogue::Unlinked Destroyer::sync(const std::vector<Pending>& pending) {
    std::map<fs::path, Status> synced;
    for (const Pending& one : pending)
        for (const fs::path& folder : one.folders) {
            std::error_code ignored;
            if (synced.contains(folder)) continue;
            // A folder that is not there holds no name that could come back.
            const bool is_gone = !fs::exists(folder, ignored) && !ignored;
            synced.emplace(folder, is_gone ? Status{} : files_.sync_directory(folder));
        }
    catalogue::Unlinked unlinked;
    for (const Pending& one : pending) {
        const auto failed =
            std::ranges::find_if(one.folders, [&](const fs::path& folder) { return !synced.at(folder); });
        if (failed != one.folders.end()) {
            failures_.push_back({one.id, synced.at(*failed).error()});
            is_unsure_ = true;  // whether its name comes back after a power cut
            continue;
        }
        unlinked.gone.push_back(one.id);
        unlinked.missing += one.had_file ? 0 : 1;
    }
    return unlinked;
}

Result<fs::path> Destroyer::find_root(const PurgeCandidate& segment, std::map<Uuid, Status>& checked) const {
    const auto volume = std::ranges::find(volumes_, segment.volume_id, &PurgeVolume::id);
    if (volume == volumes_.end()) return failure(Remedy::operator_acts, "its volume is not there");
    if (!checked.contains(volume->id)) checked.emplace(volume->id, check(*volume));
    if (const Status& state = checked.at(volume->id); !state) return std::unexpected(state.error());
    return volume->root;
}

catalogue::Gone Destroyer::find_gone(std::span<const PurgeCandidate> segments) {
    catalogue::Gone found;
    std::map<Uuid, Status> checked;
    std::vector<Pending> pending;
    for (const PurgeCandidate& segment : segments) {
        const auto root = find_root(segment, checked);
        const auto has_file = root ? is_there(segment, *root) : Result<bool>{std::unexpected(root.error())};
        if (!has_file) {
            failures_.push_back({segment.id, has_file.error()});
            found.unsure.push_back(segment.id);
        } else if (!*has_file) {
            pending.push_back(
                {.id = segment.id, .had_file = false, .folders = {(*root / segment.path).parent_path()}}
            );
        }
    }
    found.gone = sync(pending).gone;
    for (const Pending& one : pending)
        if (std::ranges::find(found.gone, one.id) == found.gone.end()) found.unsure.push_back(one.id);
    is_unsure_ |= !found.unsure.empty();
    return found;
}

catalogue::Unlinked Destroyer::unlink(std::span<const PurgeCandidate> segments) {
    const auto until = SteadyClock::now() + kLongest;
    std::map<Uuid, Status> checked;
    std::vector<Pending> pending;
    for (const PurgeCandidate& segment : segments) {
        if (SteadyClock::now() >= until) break;
        const auto root = find_root(segment, checked);
        if (!root) {
            failures_.push_back({segment.id, root.error()});
            continue;
        }
        Pending one{.id = segment.id, .had_file = false, .folders = {}};
        if (auto done = unlink_one(segment, *root, one); !done)
            failures_.push_back({segment.id, done.error()});
        else
            pending.push_back(std::move(one));
    }
    return sync(pending);
}

namespace {

/// Unlinks what of the folder has a tombstone.
Status finish_folder(
    catalogue::Pool& pool,
    volume::DurableFiles& files,
    const fs::path& root,
    const check::StreamFolder& folder,
    Finished& finished
) {
    const auto entries = check::list_folder(root, folder, false);
    if (!entries) return std::unexpected(entries.error());
    bool has_removed = false;
    for (std::size_t at = 0; at < entries->size(); at += kAskAtOnce) {
        const auto some = std::span{*entries}.subspan(at, std::min(kAskAtOnce, entries->size() - at));
        std::vector<Uuid> ids;
        for (const check::FileEntry& entry : some)
            if (!entry.segment_id.is_nil()) ids.push_back(entry.segment_id);
        const auto known = catalogue::find_known_segments(pool, ids);
        if (!known) return std::unexpected(known.error());
        const std::set<Uuid> tombstoned(known->tombstoned.begin(), known->tombstoned.end());
        for (const check::FileEntry& entry : some) {
            if (!tombstoned.contains(entry.segment_id)) continue;
            const auto removed = files.remove(root / entry.path);
            if (!removed) return std::unexpected(removed.error());
            if (!*removed) continue;
            has_removed = true;
            ++finished.files;
            finished.segments.push_back(entry.segment_id);
            log::warn("destroyed_file_removed_again", {{"path", (root / entry.path).string()}});
        }
    }
    if (!has_removed) return {};
    return files.sync_directory(root / check::path_of(folder));
}

/// A folder that has become empty, and its parents up to the day.
Status remove_empty(volume::DurableFiles& files, const fs::path& root, const check::StreamFolder& folder) {
    fs::path path = root / check::path_of(folder);
    for (int level = 0; level < 3; ++level) {
        const auto removed = files.remove_directory(path);
        if (!removed) return std::unexpected(removed.error());
        if (!*removed) return {};
        path = path.parent_path();
        if (auto synced = files.sync_directory(path); !synced) return synced;
    }
    return {};
}

}  // namespace

Result<Finished> finish_destruction(
    catalogue::Pool& pool,
    volume::DurableFiles& files,
    const PurgeVolume& volume,
    std::span<const std::string> days,
    UtcTime now
) {
    Finished finished;
    if (auto there = check(volume); !there) return std::unexpected(there.error());
    const auto listed = check::list_days(volume.root);
    if (!listed) return std::unexpected(listed.error());
    const std::string youngest = to_utc_day(now - std::chrono::days{2});
    for (const std::string& day : *listed) {
        if (day >= youngest || std::ranges::find(days, day) == days.end()) continue;
        const auto listing = check::list_day(volume.root, day);
        if (!listing) return std::unexpected(listing.error());
        for (const check::StreamFolder& folder : listing->folders) {
            if (auto done = finish_folder(pool, files, volume.root, folder, finished); !done)
                return std::unexpected(done.error());
            if (auto done = remove_empty(files, volume.root, folder); !done)
                return std::unexpected(done.error());
        }
    }
    return finished;
}

}  // namespace sluice::retention
