#pragma once

#include "storage/catalogue/copy_repository.hpp"
#include "storage/volume/durable_files.hpp"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

/// A copy that was ordered, made and sealed: the worker's export job.
namespace sluice::release {

/// Where packages lie; the worker writes there, the service reads.
[[nodiscard]] std::filesystem::path packages_folder(const std::filesystem::path& data);

struct CopySite {
    catalogue::Pool& pool;
    const std::filesystem::path& data;
    volume::DurableFiles& files;
    const Clock& clock;
};

struct CopyProgress {
    std::uint64_t done_bytes = 0;
    std::uint64_t total_bytes = 0;
    std::string place{};
};
/// False: stop.
using CopyGoOn = std::function<bool(const CopyProgress&)>;

struct MadeCopy {
    std::string name;
    std::uint64_t bytes = 0;
    Sha256Digest sha256{};
    std::size_t videos = 0;
};

/// Reads every segment and compares its hash first, then writes exactly the granted frames, waits until the
/// audit log's checkpoint covers the record, and seals. Restartable at any point; a sealed copy is given as
/// it is. Blocking. Error: refuse (the copy can't be made, for good: its label is a problem code; the order
/// is marked as failed), retry (also LEDGER_UNAVAILABLE, and footage that is not finished yet),
/// operator_acts, cancelled.
[[nodiscard]] Result<MadeCopy> make_copy(const CopySite& site, const Uuid& copy_id, const CopyGoOn& go_on);

}  // namespace sluice::release
