#include "storage/retention/site.hpp"

#include "storage/catalogue/ledger_repository.hpp"
#include "storage/status/recorder_status.hpp"
#include "storage/volume/installation.hpp"
#include "storage/volume/volume.hpp"

#include <chrono>

namespace sluice::retention {
Result<Site> make_site(
    const config::Config& config,
    catalogue::Pool& pool,
    volume::DurableFiles& files,
    const Clock& clock
) {
    const auto installation = volume::load_installation(config.data);
    if (!installation) return std::unexpected(installation.error());
    if (!*installation)
        return failure(
            Remedy::operator_acts,
            "no installation in " + config.data.string() + ": nothing was ever recorded here"
        );
    Site site{
        .pool = pool,
        .files = files,
        .clock = clock,
        .installation_id = (*installation)->installation_id,
        .volumes = {},
        .recorder_status = status::status_path(config.data),
        .wait_signed =
            [&pool](const Uuid& record) {
                return catalogue::wait_until_sequenced(
                    pool, record, std::chrono::steady_clock::now() + catalogue::kCheckpointLimit
                );
            }
    };
    for (const std::filesystem::path& root : config.storage.volumes) {
        const auto identity = volume::read_identity(root);
        if (!identity) return std::unexpected(identity.error());
        if (!*identity) continue;
        const auto known = (*installation)->volumes.find(root.string());
        site.volumes.push_back({
            .id = known == (*installation)->volumes.end() ? (*identity)->volume_id : known->second,
            .installation_id = site.installation_id,
            .root = root,
        });
    }
    return site;
}

}  // namespace sluice::retention
