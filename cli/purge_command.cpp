#include "cli/commands.hpp"
#include "cli/process/os_user.hpp"
#include "config/load.hpp"
#include "storage/catalogue/conninfo.hpp"
#include "storage/catalogue/migrate.hpp"
#include "storage/retention/forecast.hpp"
#include "storage/retention/site.hpp"

#include <chrono>

#include <sys/stat.h>

#include <fmt/core.h>

namespace sluice::cli {
namespace {

using namespace std::chrono_literals;
using SteadyClock = std::chrono::steady_clock;
using retention::PurgeReport;

constexpr auto kEvery = 5s;

/// Says on stderr how far it is.
class Progress {
public:
    bool operator()(const retention::PurgeProgress& progress) {
        const auto now = SteadyClock::now();
        if (now - said_ < kEvery) return true;
        said_ = now;
        fmt::print(
            stderr,
            "{} of {} segments, {} of {} bytes; {}\n",
            progress.done_segments,
            progress.total_segments,
            progress.done_bytes,
            progress.total_bytes,
            progress.place
        );
        return true;
    }

private:
    SteadyClock::time_point said_ = SteadyClock::now();
};

void print_text(const PurgeReport& report, bool is_dry_run) {
    const auto print_all = [](const char* what, const std::map<retention::Rule, retention::Tally>& by_rule) {
        for (const auto& [rule, tally] : by_rule)
            fmt::print("{} {}: {} segments, {} bytes\n", what, to_string(rule), tally.segments, tally.bytes);
    };
    print_all(is_dry_run ? "would destroy" : "due", report.plan.destroyed);
    print_all("keeps", report.plan.kept);
    for (const Uuid& run : report.finished)
        fmt::print("ended purge run {} of a program that had died\n", to_string(run));
    if (report.removed_again > 0)
        fmt::print(
            "{} files of destroyed segments had come back and were removed again\n", report.removed_again
        );
    if (report.run)
        fmt::print(
            "run {}: {}, {} segments and {} bytes destroyed, {} kept by holds meanwhile\n",
            to_string(report.run->id),
            to_string(report.run->state),
            report.run->destroyed_segments,
            report.run->destroyed_bytes,
            report.run->kept_segments
        );
    else if (!is_dry_run && report.refusals.empty())
        fmt::print("nothing is due\n");
}

/// A refusal, and a run that could not do all that was due, end with exit code 1: cron's mail says why.
Status judge(const PurgeReport& report) {
    if (!report.refusals.empty()) {
        std::string all;
        for (const retention::Refusal& refusal : report.refusals)
            all += (all.empty() ? "" : "\n") + refusal.code + ": " + refusal.detail;
        return failure(Remedy::operator_acts, all, report.refusals.front().code);
    }
    if (report.run && !report.run->error.empty()) return failure(Remedy::operator_acts, report.run->error);
    return {};
}

Status check_schema(const std::string& conninfo) {
    const auto version = catalogue::load_version(conninfo);
    if (!version) return std::unexpected(version.error());
    if (*version == catalogue::required_version()) return {};
    return failure(
        Remedy::operator_acts,
        fmt::format(
            "DATABASE_NOT_MIGRATED: the database is at version {}, this program needs {}: sluice migrate",
            *version,
            catalogue::required_version()
        ),
        "DATABASE_NOT_MIGRATED"
    );
}

}  // namespace

Status purge(const fs::path& config, const PurgeOptions& options) {
    const auto loaded = config::load_or_explain(config, config::Secrets::database_only);
    if (!loaded) return std::unexpected(loaded.error());
    const std::string conninfo = catalogue::conninfo_of(*loaded, "sluice_worker");
    if (auto checked = check_schema(conninfo); !checked) return checked;
    catalogue::Pool pool{conninfo, 2};
    volume::RealFiles files;
    const RealClock clock;
    const auto site = retention::make_site(*loaded, pool, files, clock);
    if (!site) return std::unexpected(site.error());
    const retention::PurgeRequest request{
        .is_dry_run = options.is_dry_run,
        .consent = {.plan = options.confirms_plan, .clock = options.confirms_clock},
        .principal = process::actor_name(),
    };
    const auto report = retention::run_purge(*site, request, Progress{});
    if (!report) return std::unexpected(report.error());
    if (options.is_json)
        fmt::print("{}\n", retention::to_json(*report));
    else
        print_text(*report, options.is_dry_run);
    return judge(*report);
}

Status plan_disk(const PlanOptions& options) {
    if (options.bytes > 0) {
        fmt::print(
            "{} bit/s and {} bytes a camera: {} bytes over {} cameras and {} days\n",
            retention::rate_for(options.bytes, options.cameras, options.days),
            options.bytes / options.cameras,
            options.bytes,
            options.cameras,
            options.days
        );
        return {};
    }
    const auto size = retention::size_for(
        {.cameras = options.cameras, .bits_per_second = options.bits_per_second, .days = options.days}
    );
    if (!size)
        return failure(
            Remedy::refuse, "that is more than 2^64 bytes: give a smaller --cameras, --days or --rate"
        );
    fmt::print(
        "{} bytes ({:.1f} TB), {} bytes a camera: {} cameras, {} bit/s each, {} days; the reserve comes on "
        "top\n",
        size->bytes,
        static_cast<double>(size->bytes) / 1e12,
        size->bytes_per_camera,
        options.cameras,
        options.bits_per_second,
        options.days
    );
    return {};
}

}  // namespace sluice::cli
