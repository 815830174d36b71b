#pragma once

#include "daemon/comeback.hpp"
#include "storage/volume/installation.hpp"

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace sluice::daemon {

/// What the recorder finds of its last life when it starts: read once, then only looked at. Thread: any.
struct LastLifeRecord {
    std::map<Uuid, StreamHistory> histories;
    std::optional<UtcTime> last_alive;
    bool was_rebooted = false;
};

/// Reads the two newest journal files of each volume that is ours, and the status file.
[[nodiscard]] LastLifeRecord load_last_life(
    const std::vector<std::filesystem::path>& volumes,
    const volume::Installation& installation,
    const std::filesystem::path& data,
    UtcTime now
);

/// What the whole journals say of one stream; for one that was not recorded in the last days, so that the gap
/// its removal opened is the one that ends now.
[[nodiscard]] StreamHistory load_old_history(
    const std::vector<std::filesystem::path>& volumes,
    const Uuid& installation_id,
    const Uuid& stream_id
);

/// The kernel's boot id; empty when it can't be read.
[[nodiscard]] std::string read_boot_id();

/// Wall end of the stream's newest footage on any of the volumes; what can't be read counts as none and is
/// logged.
[[nodiscard]] std::optional<UtcTime> find_footage_end(
    const std::vector<std::filesystem::path>& volumes,
    const std::string& camera_slug,
    StreamKind stream
);

}  // namespace sluice::daemon
