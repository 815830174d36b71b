#pragma once

#include "storage/catalogue/purge_repository.hpp"
#include "storage/volume/durable_files.hpp"

#include <filesystem>
#include <map>
#include <set>
#include <span>
#include <string>
#include <vector>

namespace sluice::retention {

/// A configured volume as its identity file names it.
struct PurgeVolume {
    Uuid id;
    Uuid installation_id;
    std::filesystem::path root;
};

/// Takes files away for good: looks at the volume's identity, unlinks, syncs each folder. Nothing counts as
/// gone before its folder's sync. Thread: one.
class Destroyer {
public:
    Destroyer(volume::DurableFiles& files, std::span<const PurgeVolume> volumes)
        : files_(files),
          volumes_(volumes) {}

    /// What could not be destroyed is left out of the answer and told by `failures`. Ends early after twenty
    /// seconds, because a hold may be waiting.
    [[nodiscard]] catalogue::Unlinked unlink(std::span<const catalogue::PurgeCandidate> segments);

    /// Which of them, that are to be kept by now, have no file any more: an earlier attempt had unlinked
    /// them.
    [[nodiscard]] catalogue::Gone find_gone(std::span<const catalogue::PurgeCandidate> segments);
    /// Some are neither there for certain nor gone for good: their marks have to stay.
    [[nodiscard]] bool is_unsure() const noexcept { return is_unsure_; }

    struct Failure {
        Uuid segment_id;
        Error error;
    };
    [[nodiscard]] const std::vector<Failure>& failures() const noexcept { return failures_; }

private:
    struct Pending {
        Uuid id;
        bool had_file = false;
        std::vector<std::filesystem::path> folders;
    };
    Status
    unlink_one(const catalogue::PurgeCandidate& segment, const std::filesystem::path& root, Pending& pending);

    [[nodiscard]] catalogue::Unlinked sync(const std::vector<Pending>& pending);
    /// Its volume, once a batch looked at; what is wrong with it.
    [[nodiscard]] Result<std::filesystem::path>
    find_root(const catalogue::PurgeCandidate& segment, std::map<Uuid, Status>& checked) const;

    volume::DurableFiles& files_;
    std::span<const PurgeVolume> volumes_;
    std::vector<Failure> failures_;
    bool is_unsure_ = false;
};

/// All names that the file of a row may have: an open one may have been finished or set aside since.
[[nodiscard]] std::vector<std::filesystem::path> names_of(const catalogue::PurgeCandidate& segment);

struct Finished {
    std::uint64_t files = 0;  ///< of destroyed segments, which were there again
    std::vector<Uuid> segments;
};
/// I12: files of tombstoned ids (a disk from a backup) are unlinked again, and folders of destroyed days that
/// have become empty are removed. `days`: those of which anything was destroyed; only such as are over two
/// days old are looked at, because the recorder makes folders for younger ones. Error: operator_acts, retry,
/// stop_volume.
[[nodiscard]] Result<Finished> finish_destruction(
    catalogue::Pool& pool,
    volume::DurableFiles& files,
    const PurgeVolume& volume,
    std::span<const std::string> days,
    UtcTime now
);

}  // namespace sluice::retention
