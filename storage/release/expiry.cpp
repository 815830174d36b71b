#include "storage/release/expiry.hpp"

#include "config/base/log.hpp"
#include "storage/catalogue/policy_repository.hpp"
#include "storage/catalogue/record_repository.hpp"
#include "storage/release/make_copy.hpp"
#include "storage/retention/rules.hpp"

#include <algorithm>
#include <utility>

#include <nlohmann/json.hpp>

namespace sluice::release {
namespace fs = std::filesystem;
namespace {

using nlohmann::json;

constexpr std::size_t kAtOnce = 100;

/// The audit log knows of all of them before the first is gone: it takes records in their order, so the last
/// one's checkpoint covers them.
Status announce(const retention::Site& site, const std::vector<catalogue::PackageRow>& packages) {
    Uuid last{};
    for (const catalogue::PackageRow& package : packages) {
        const ledger::Act act{
            .action = "package.ending",
            .actor = ledger::system_actor("sluice-worker"),
            .subject = {.kind = "copy", .id = to_string(package.copy_id)},
            .facts = json{{"package", package.name}}.dump(),
        };
        const auto record = catalogue::append_record(site.pool, act, site.clock.now());
        if (!record) return std::unexpected(record.error());
        last = *record;
    }
    return site.wait_signed(last);
}

/// Nobody came for it in time, and from here on nobody can. Which package it was stays known.
Status settle(const retention::Site& site, const catalogue::UncollectedCopy& copy) {
    const std::string facts =
        json{
            {"copy", to_string(copy.id)},
            {"number", copy.number},
            {"dossier", copy.dossier},
            {"recipient", copy.recipient},
            {"package", copy.package},
            {"sealed", to_rfc3339(copy.sealed)},
            {"expired", to_rfc3339(copy.expired)},
        }
            .dump(-1, ' ', false, json::error_handler_t::replace);
    const ledger::Act act{
        .action = "copy.uncollected",
        .actor = ledger::system_actor("sluice-worker"),
        .subject = {.kind = "copy", .id = to_string(copy.id)},
        .facts = facts,
    };
    const auto saved = catalogue::save_uncollected_copy(site.pool, copy.id, facts, act, site.clock.now());
    if (!saved) return std::unexpected(saved.error());
    if (*saved) log::info("copy_uncollected", {{"copy", to_string(copy.id)}, {"package", copy.package}});
    return {};
}

/// Before a file goes, so that whoever signs for its copy at the same time is either in time or told.
Status settle_copies(const retention::Site& site, const std::vector<catalogue::UncollectedCopy>& copies) {
    for (const catalogue::UncollectedCopy& copy : copies)
        if (auto settled = settle(site, copy); !settled) return settled;
    return {};
}

Status destroy(
    const retention::Site& site,
    const fs::path& folder,
    const catalogue::PackageRow& package,
    unsigned ceiling_years
) {
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

UtcTime
expiry_of(UtcTime sealed, unsigned package_days, UtcTime ceiling, const calendar::Calendar& calendar) {
    const auto last = calendar::due_date(calendar::taipei_date(sealed), package_days, calendar);
    return std::min(calendar::end_of(last), ceiling);
}

std::string_view expiry_rule(UtcTime recorded_from, UtcTime expires, unsigned ceiling_years) {
    const UtcTime ceiling = retention::destroy_by(recorded_from, static_cast<int>(ceiling_years));
    return expires >= ceiling ? "RET_CEILING_1Y" : "PACKAGE_KEEP";
}

Result<ExpiredPackages> destroy_expired_packages(const retention::Site& site, const fs::path& data) {
    ExpiredPackages report;
    const auto uncollected = catalogue::load_uncollected_copies(site.pool, site.clock.now(), kAtOnce);
    if (!uncollected) return std::unexpected(uncollected.error());
    auto expired = catalogue::load_expired_packages(site.pool, site.clock.now(), kAtOnce);
    if (!expired) return std::unexpected(expired.error());
    if (uncollected->empty() && expired->empty()) return report;
    const auto history = catalogue::load_policy_history(site.pool);
    if (!history) return std::unexpected(history.error());
    auto obstacles = retention::find_obstacles(site, *history, {});
    if (!obstacles) return std::unexpected(obstacles.error());
    report.refusals = std::move(*obstacles);
    if (!report.refusals.empty()) return report;
    if (auto settled = settle_copies(site, *uncollected); !settled) return std::unexpected(settled.error());
    expired = catalogue::load_expired_packages(site.pool, site.clock.now(), kAtOnce);
    if (!expired) return std::unexpected(expired.error());
    if (expired->empty()) return report;
    const unsigned years = policy::in_force(*history, site.clock.now()).policy.ceiling_years;
    if (auto announced = announce(site, *expired); !announced) {
        if (announced.error().label() != "LEDGER_UNAVAILABLE") return std::unexpected(announced.error());
        report.refusals = {{.code = "LEDGER_UNAVAILABLE", .detail = announced.error().message()}};
        return report;
    }
    for (const catalogue::PackageRow& package : *expired) {
        if (auto done = destroy(site, packages_folder(data), package, years); !done)
            return std::unexpected(done.error());
        ++report.destroyed;
    }
    return report;
}

}  // namespace sluice::release
