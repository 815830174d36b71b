#include "cli/commands.hpp"
#include "cli/up/layout.hpp"
#include "config/base/time.hpp"
#include "config/load.hpp"
#include "storage/volume/installation.hpp"
#include "storage/volume/volume.hpp"

#include <algorithm>

#include <fmt/core.h>

namespace sluice::cli {
namespace {

constexpr double kGibibyte = 1024.0 * 1024.0 * 1024.0;

/// A missing folder is made with the rights a volume has; one that is there keeps its owner until it is a
/// volume.
Status make_root(const fs::path& root, const up::Users& users) {
    std::error_code code;
    if (fs::exists(root, code)) return {};
    const uid_t keep = static_cast<uid_t>(-1);
    return users.is_separated ? process::ensure_folder(root, users.recorder.uid, users.footage_group, 02750)
                              : process::ensure_folder(root, keep, static_cast<gid_t>(-1), 0750);
}

}  // namespace

Status add_volume(const fs::path& root, const fs::path& config) {
    const auto loaded = config::load_or_explain(config, config::Secrets::database_only);
    if (!loaded) return std::unexpected(loaded.error());
    const auto users = up::find_users();
    if (!users) return std::unexpected(users.error());
    if (auto made = up::make_data_folders(loaded->data, *users); !made) return made;
    const UtcTime now = RealClock{}.now();
    const auto installation = volume::ensure_installation(loaded->data, now);
    if (!installation) return std::unexpected(installation.error());
    if (auto given = up::hand_over_state(loaded->data, *users); !given) return given;
    if (const auto known = installation->volumes.find(root.string()); known != installation->volumes.end())
        return failure(
            Remedy::operator_acts,
            fmt::format(
                "{} was volume {} before; is its disk mounted? A new disk gets a new path",
                root.string(),
                to_string(known->second)
            )
        );
    if (auto made = make_root(root, *users); !made) return made;
    volume::RealFiles files;
    const auto identity = volume::create_identity(files, root, installation->installation_id, now);
    if (!identity) return std::unexpected(identity.error());
    if (auto given = up::hand_over_volume(root, *users); !given) return given;
    fmt::print("volume {} made in {}\n", to_string(identity->volume_id), root.string());
    if (std::ranges::find(loaded->storage.volumes, root) == loaded->storage.volumes.end())
        fmt::print(
            "add \"{}\" to [storage] volumes in {} and restart the recorder\n", root.string(), config.string()
        );
    return {};
}

Status list_volumes(const fs::path& config) {
    const auto loaded = config::load_or_explain(config, config::Secrets::database_only);
    if (!loaded) return std::unexpected(loaded.error());
    const auto installation = volume::load_installation(loaded->data);
    if (!installation) return std::unexpected(installation.error());
    const Uuid installation_id = *installation ? (*installation)->installation_id : Uuid{};
    bool all_fine = true;
    for (const fs::path& root : loaded->storage.volumes) {
        Uuid expected;
        if (*installation)
            if (const auto known = (*installation)->volumes.find(root.string());
                known != (*installation)->volumes.end())
                expected = known->second;
        const auto identity = volume::check_volume(root, installation_id, expected);
        const auto space = volume::read_space(root);
        if (!identity || !space) {
            all_fine = false;
            fmt::print("{}  {}\n", root.string(), (identity ? space.error() : identity.error()).describe());
            continue;
        }
        fmt::print(
            "{}  {}  {:.1f} of {:.1f} GiB free\n",
            root.string(),
            to_string(identity->volume_id),
            static_cast<double>(space->free_bytes) / kGibibyte,
            static_cast<double>(space->total_bytes) / kGibibyte
        );
    }
    if (!all_fine) return failure(Remedy::operator_acts, "not every volume can be used");
    return {};
}

}  // namespace sluice::cli
