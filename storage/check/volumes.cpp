#include "storage/catalogue/footage_repository.hpp"
#include "storage/check/check.hpp"
#include "storage/volume/volume.hpp"

#include <algorithm>
#include <set>
#include <utility>

namespace sluice::check {
namespace {

namespace fs = std::filesystem;

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

}  // namespace sluice::check
