#include "cli/commands.hpp"
#include "config/load.hpp"
#include "storage/catalogue/conninfo.hpp"
#include "storage/retention/confirm.hpp"
#include "storage/retention/coverage_report.hpp"

#include <fmt/core.h>

namespace sluice::cli {
namespace {

void print_missing(const retention::Evidence& evidence, const retention::Comparison& comparison) {
    for (const Uuid& id : comparison.missing_holds) {
        const retention::KnownHold& hold = evidence.holds.at(id);
        fmt::print("missing hold {}: {} of", to_string(id), hold.kind);
        for (const std::string& camera : hold.cameras)
            fmt::print(" {}", camera);
        fmt::print(", {} to {}\n", hold.from, hold.to);
    }
    for (const Uuid& id : comparison.missing_certificates)
        fmt::print(
            "missing certificate {}: the catalogue lacks this purge and its tombstones\n", to_string(id)
        );
}

}  // namespace

Status confirm_retention(const fs::path& config, const ConfirmOptions& options) {
    const auto loaded = config::load_or_explain(config, config::Secrets::database_only);
    if (!loaded) return std::unexpected(loaded.error());
    catalogue::Pool pool{catalogue::conninfo_of(*loaded, "sluice_worker"), 1};
    const UtcTime now = RealClock{}.now();
    const auto evidence = retention::load_evidence(options.evidence);
    if (!evidence) return std::unexpected(evidence.error());
    const auto comparison = retention::compare(pool, *evidence, now);
    if (!comparison) return std::unexpected(comparison.error());
    fmt::print(
        "{} records, {} holds not released, {} purges; {} records can't be read (erased)\n",
        evidence->records,
        evidence->holds.size(),
        evidence->certified_runs.size(),
        evidence->unreadable
    );
    print_missing(*evidence, *comparison);
    const auto confirmed = retention::confirm(
        pool,
        {.principal = "sluice",
         .evidence = fmt::format("{} ({} records)", options.evidence.string(), evidence->records),
         .reason = options.reason,
         .comparison = *comparison},
        now
    );
    if (!confirmed) return std::unexpected(confirmed.error());
    fmt::print("{}\n", *confirmed ? "The catalogue is confirmed." : "The catalogue was not in doubt.");
    return {};
}

Status report_coverage(const fs::path& config, bool is_json) {
    constexpr std::chrono::days kLength{30};
    const auto loaded = config::load_or_explain(config, config::Secrets::database_only);
    if (!loaded) return std::unexpected(loaded.error());
    catalogue::Pool pool{catalogue::conninfo_of(*loaded, "sluice_worker"), 1};
    const UtcTime now = RealClock{}.now();
    const auto report = retention::load_coverage_report(pool, kLength, now);
    if (!report) return std::unexpected(report.error());
    if (is_json) {
        fmt::print("{}\n", retention::to_json(*report, kLength, now));
        return {};
    }
    const auto seconds = [](Microseconds time) { return static_cast<double>(time.count()) / 1e6; };
    for (const retention::CameraAccount& camera : *report) {
        const retention::CoverageAccount& account = camera.account;
        const double share =
            account.promised.count() == 0 ? 100 : 100.0 * seconds(account.kept) / seconds(account.promised);
        fmt::print(
            "{}: {:.3f} % of {:.0f} s kept; {:.0f} s unexplained",
            camera.camera,
            share,
            seconds(account.promised),
            seconds(account.unexplained)
        );
        for (const auto& [cause, time] : account.missing)
            fmt::print(", {:.0f} s {}", seconds(time), to_string(cause));
        if (account.destroyed.count() > 0) fmt::print(", {:.0f} s destroyed", seconds(account.destroyed));
        if (account.switched_off.count() > 0)
            fmt::print("; switched off for {:.0f} s", seconds(account.switched_off));
        fmt::print("\n");
    }
    return {};
}

}  // namespace sluice::cli
