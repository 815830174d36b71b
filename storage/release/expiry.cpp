#include "storage/release/expiry.hpp"

#include "config/base/log.hpp"
#include "storage/catalogue/policy_repository.hpp"
#include "storage/retention/rules.hpp"

#include <nlohmann/json.hpp>

namespace sluice::release {
namespace fs = std::filesystem;
namespace {

using nlohmann::json;

constexpr std::size_t kAtOnce = 100;

Status destroy(const CopySite& site, const catalogue::PackageRow& package, unsigned ceiling_years) {
    const fs::path folder = packages_folder(site.data);
    const auto removed = site.files.remove(folder / package.name);
    if (!removed) return std::unexpected(removed.error());
    if (auto synced = site.files.sync_directory(folder); !synced) return synced;
    const UtcTime now = site.clock.now();
    const std::string rule{expiry_rule(package.recorded_from, package.expires, ceiling_years)};
    const std::string certificate =
        json{
            {"copy", to_string(package.copy_id)},
            {"package", package.name},
            {"bytes", package.bytes},
            {"sha256", to_hex(package.sha256)},
            {"recorded_from", to_rfc3339(package.recorded_from)},
            {"sealed", to_rfc3339(package.sealed)},
            {"expired", to_rfc3339(package.expires)},
            {"destroyed", to_rfc3339(now)},
            {"rule", rule},
            {"was_there", *removed},
            {"scope", "the copy held by Sluice; what was handed out is the recipient's to return or destroy"},
        }
            .dump();
    const ledger::Act act{
        .action = "package.destroyed",
        .actor = ledger::system_actor("sluice-worker"),
        .subject = {.kind = "copy", .id = to_string(package.copy_id)},
        .facts = certificate,
    };
    const auto saved =
        catalogue::save_destroyed_package(site.pool, package.copy_id, rule, certificate, act, now);
    if (!saved) return std::unexpected(saved.error());
    log::info(
        "package_destroyed", {{"copy", to_string(package.copy_id)}, {"package", package.name}, {"rule", rule}}
    );
    return {};
}

}  // namespace

std::string_view expiry_rule(UtcTime recorded_from, UtcTime expires, unsigned ceiling_years) {
    const UtcTime ceiling = retention::destroy_by(recorded_from, static_cast<int>(ceiling_years));
    return expires >= ceiling ? "RET_CEILING_1Y" : "PACKAGE_KEEP";
}

Result<std::size_t> destroy_expired_packages(const CopySite& site) {
    const auto expired = catalogue::load_expired_packages(site.pool, site.clock.now(), kAtOnce);
    if (!expired) return std::unexpected(expired.error());
    if (expired->empty()) return 0;
    const auto history = catalogue::load_policy_history(site.pool);
    if (!history) return std::unexpected(history.error());
    const unsigned years = policy::in_force(*history, site.clock.now()).policy.ceiling_years;
    for (const catalogue::PackageRow& package : *expired)
        if (auto done = destroy(site, package, years); !done) return std::unexpected(done.error());
    return expired->size();
}

}  // namespace sluice::release
