#include "cli/commands.hpp"
#include "cli/process/os_user.hpp"
#include "config/load.hpp"
#include "storage/catalogue/conninfo.hpp"
#include "storage/retention/confirm.hpp"
#include "storage/retention/coverage_report.hpp"

#include <fmt/core.h>

namespace sluice::cli {
namespace {

/// What the log says of a hold that is not there, so that it can be placed again.
void print_missing(const retention::Evidence& evidence, const retention::Comparison& comparison) {
    for (const std::string& line : comparison.lines())
        fmt::print("{}\n", line);
    for (const Uuid& id : comparison.missing_holds) {
        const retention::KnownHold& hold = evidence.holds.at(id);
        fmt::print("hold {} is {} of", to_string(id), hold.kind);
        for (const std::string& camera : hold.cameras)
            fmt::print(" {}", camera);
        fmt::print(", {} to {}\n", to_rfc3339(hold.range.from), to_rfc3339(hold.range.to));
    }
}

}  // namespace

Status confirm_retention(const fs::path& config, const ConfirmOptions& options) {
    const auto loaded = config::load_or_explain(config, config::Secrets::database_only);
    if (!loaded) return std::unexpected(loaded.error());
    catalogue::Pool pool{catalogue::conninfo_of(*loaded, "sluice_worker"), 1};
    const UtcTime now = RealClock{}.now();
    const auto own = retention::load_own_log(loaded->data);
    if (!own) return std::unexpected(own.error());
    const auto evidence = retention::load_evidence(pool, options.evidence, *own);
    if (!evidence) return std::unexpected(evidence.error());
    const auto comparison = retention::compare(pool, *evidence, now);
    if (!comparison) return std::unexpected(comparison.error());
    fmt::print(
        "{}: {} records, verified; {} holds not released, {} purges\n",
        evidence->head.origin,
        evidence->head.size,
        evidence->holds.size(),
        evidence->purges.size()
    );
    if (!own->newest)
        fmt::print("this machine has signed no checkpoint: whether records were made since can't be told\n");
    print_missing(*evidence, *comparison);
    const auto confirmed = retention::confirm(
        pool,
        {.principal = process::actor_name(),
         .evidence = fmt::format(
             "{}: {}, {} records, root {}",
             options.evidence.string(),
             evidence->head.origin,
             evidence->head.size,
             to_hex(evidence->head.root)
         ),
         .reason = options.reason,
         .comparison = *comparison},
        now
    );
    if (!confirmed) return std::unexpected(confirmed.error());
    fmt::print("{}\n", *confirmed ? "The catalogue is confirmed." : "The catalogue was not in doubt.");
    return {};
}

Status report_coverage(const fs::path& config, bool is_json) {
    const auto loaded = config::load_or_explain(config, config::Secrets::database_only);
    if (!loaded) return std::unexpected(loaded.error());
    catalogue::Pool pool{catalogue::conninfo_of(*loaded, "sluice_worker"), 1};
    const UtcTime now = RealClock{}.now();
    const auto report = retention::load_coverage_report(pool, retention::kReportLength, now);
    if (!report) return std::unexpected(report.error());
    if (is_json) {
        fmt::print("{}\n", retention::to_json(*report, retention::kReportLength, now));
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
        if (const std::string missing = retention::describe_missing(account); !missing.empty())
            fmt::print(", {}", missing);
        if (account.destroyed.count() > 0) fmt::print(", {:.0f} s destroyed", seconds(account.destroyed));
        if (account.switched_off.count() > 0)
            fmt::print("; switched off for {:.0f} s", seconds(account.switched_off));
        fmt::print("\n");
    }
    return {};
}

}  // namespace sluice::cli
