#pragma once

#include "config/config.hpp"
#include "storage/catalogue/contractor_clip_repository.hpp"
#include "storage/catalogue/pool.hpp"
#include "storage/volume/durable_files.hpp"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

/// A received clip becomes footage, or is put aside with a reason. Restartable at any point: nothing counts
/// before the one transaction at the end, and what an attempt has left under the names it used is written
/// anew.
namespace sluice::contractor {

/// Where the service keeps what it receives: "<data>/spool/clips/<id>.clip".
[[nodiscard]] std::filesystem::path spool_path(const std::filesystem::path& data, const Uuid& clip_id);

struct ImportTools {
    catalogue::Pool& pool;
    const config::Config& config;
    volume::DurableFiles& files;
    const Clock& clock;
    /// The tool, which reads foreign bytes first, in a process of its own; empty: they are read here.
    std::filesystem::path program{};
};

struct ImportProgress {
    std::uint64_t done_bytes = 0;
    std::uint64_t total_bytes = 0;
    std::string place;
};
/// False: stop.
using ImportAdvance = std::function<bool(const ImportProgress&)>;

struct Imported {
    catalogue::ClipState state = catalogue::ClipState::imported;
    bool is_playable = false;
    std::uint64_t segments = 0;
    std::string reason_code;
};
/// A clip that has ended already is told as it is. Error: retry (database; the recorder does not know the
/// camera yet), operator_acts (no room, no volume, a disk), abandon_file, stop_volume, cancelled. Thread: the
/// worker's, one at a time.
[[nodiscard]] Result<Imported>
import_clip(const ImportTools& tools, const Uuid& clip_id, const ImportAdvance& advance);

}  // namespace sluice::contractor
