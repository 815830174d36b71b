#pragma once

#include "config/config.hpp"
#include "storage/catalogue/forecast_repository.hpp"
#include "storage/retention/run.hpp"
#include "storage/volume/volume.hpp"

#include <optional>
#include <string>

/// `overwrite_oldest`: room is made ahead of need, so that recording never waits for it.
namespace sluice::retention {

/// How many bytes to free: when less than a hundredth of the disk (at most 16 GiB) is left above the reserve,
/// up to twice as much. Pure.
[[nodiscard]] std::uint64_t find_need(const volume::Space& space, std::uint64_t reserve_bytes) noexcept;

struct RoomReport {
    std::uint64_t needed_bytes = 0;  ///< 0: there was room
    std::vector<Refusal> refusals;
    std::optional<catalogue::PurgeRunRow> run;
    bool is_enough = true;
    bool has_breached = false;
};

/// Frees what the volume needs: oldest first above the floor, never held; with nothing left what the policy's
/// last resort says. An incident says that nothing is left, and names every segment that went below the
/// floor. Error: as run_purge.
[[nodiscard]] Result<RoomReport>
free_room(const Site& site, const PurgeVolume& volume, std::uint64_t needed_bytes, const Advance& advance);
/// The same for what the volume needs now, if anything.
[[nodiscard]] Result<RoomReport> make_room(
    const Site& site,
    const PurgeVolume& volume,
    const config::Storage& storage,
    const Advance& advance
);

/// What is foreseen of each volume and of all together (place "all"), from the footage that is there.
[[nodiscard]] Result<std::vector<catalogue::ForecastRow>>
foresee(const Site& site, const config::Storage& storage);

}  // namespace sluice::retention
