#pragma once

#include "config/base/time.hpp"
#include "config/base/uuid.hpp"
#include "storage/volume/durable_files.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace sluice::volume {

/// `sluice-volume.json` in the volume's root: says that this folder is that volume, and not a bare mount
/// point.
struct Identity {
    Uuid volume_id;
    Uuid installation_id;
    UtcTime created;
    friend bool operator==(const Identity&, const Identity&) = default;
};

inline constexpr const char* kIdentityFile = "sluice-volume.json";

/// Makes the identity of a folder. Refuses when one is there, when the folder does not exist or is not empty
/// (lost+found is no content). The folder gets live/ and journal/. Error: operator_acts.
[[nodiscard]] Result<Identity> create_identity(
    DurableFiles& files,
    const std::filesystem::path& root,
    const Uuid& installation_id,
    UtcTime now
);

/// nullopt: no identity file there (or no folder). Error: operator_acts, when it can't be read or is
/// malformed.
[[nodiscard]] Result<std::optional<Identity>> read_identity(const std::filesystem::path& root);

/// Why a configured path can't be written to; label of the error is the gap cause ("volume_missing",
/// "disk_full"). Checks: identity present and the expected one (volume and installation), folder writable,
/// not mounted read-only. `expected_volume` nil accepts any volume of the installation. Error: operator_acts.
[[nodiscard]] Result<Identity>
check_volume(const std::filesystem::path& root, const Uuid& installation_id, const Uuid& expected_volume);

struct Space {
    std::uint64_t total_bytes = 0;
    std::uint64_t free_bytes = 0;  ///< for an ordinary user
};
[[nodiscard]] Result<Space> read_space(const std::filesystem::path& root);

/// Below this many free bytes nothing more is written: max(reserve_bytes, percent of the disk), but never
/// more than half of a disk (a small test disk stays usable).
[[nodiscard]] std::uint64_t
reserve_bytes(const Space& space, std::uint64_t reserve_bytes, unsigned reserve_percent) noexcept;

}  // namespace sluice::volume
