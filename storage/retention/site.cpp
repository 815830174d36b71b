#include "storage/retention/site.hpp"

#include "storage/status/recorder_status.hpp"
#include "storage/volume/installation.hpp"
#include "storage/volume/volume.hpp"

#include <chrono>
#include <thread>

namespace sluice::retention {
namespace {

using namespace std::chrono_literals;
using SteadyClock = std::chrono::steady_clock;

constexpr auto kLogLimit = 3s;
constexpr auto kLogNap = 20ms;

}  // namespace

Status wait_signed(catalogue::Pool& pool, const Uuid& record_id) {
    const auto until = SteadyClock::now() + kLogLimit;
    for (;;) {
        const auto is_signed = catalogue::is_record_signed(pool, record_id);
        if (!is_signed) return std::unexpected(is_signed.error());
        if (*is_signed) return {};
        if (SteadyClock::now() >= until)
            return failure(
                Remedy::retry,
                "the audit log did not sign the record within three seconds: is `sluice work` running?",
                "LEDGER_UNAVAILABLE"
            );
        std::this_thread::sleep_for(kLogNap);
    }
}

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
        .wait_signed = [&pool](const Uuid& record) { return wait_signed(pool, record); }
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
