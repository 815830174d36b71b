#include "jobs/kinds.hpp"

#include "config/base/log.hpp"
#include "jobs/arguments.hpp"
#include "jobs/contractor_jobs.hpp"
#include "storage/catalogue/check_repository.hpp"
#include "storage/catalogue/footage_repository.hpp"
#include "storage/check/report.hpp"
#include "storage/check/scrub.hpp"
#include "storage/release/make_copy.hpp"
#include "storage/retention/site.hpp"
#include "storage/segment/copy.hpp"
#include "storage/volume/volume.hpp"

#include <algorithm>
#include <utility>

#include <nlohmann/json.hpp>

namespace sluice::jobs {

using nlohmann::json;

namespace {

constexpr std::size_t kMostListed = 1000;  // findings in a job's result; all are counted and logged
constexpr std::size_t kCopiesAtOnce = 20;

Result<std::string> run_check_job(const catalogue::JobRow& job, const Tools& tools, LeaseKeeper& lease) {
    const auto arguments = check_arguments_from(job.arguments);
    if (!arguments) return std::unexpected(arguments.error());
    const auto volumes = check::find_volumes(tools.pool, tools.config.storage.volumes);
    if (!volumes) return std::unexpected(volumes.error());
    JobObserver observer{lease, arguments->pace, kMostListed};
    const auto summary = check::run_check(tools.pool, *volumes, arguments->settings, tools.clock, observer);
    if (!summary) return std::unexpected(summary.error());
    return check::to_json(*summary, observer.findings(), observer.left_out());
}

json to_object(const catalogue::ScrubCycle& cycle) {
    return {
        {"volume", to_string(cycle.volume_id)},
        {"began", to_rfc3339(cycle.began)},
        {"ended", cycle.ended ? json(to_rfc3339(*cycle.ended)) : json(nullptr)},
        {"segments", cycle.segments},
        {"bytes_read", cycle.bytes},
        {"findings", cycle.damaged},
    };
}

/// Configured volumes that the catalogue knows. A new installation's are in it once its recorder has reached
/// the database; before that they hold nothing to look at.
Result<std::vector<check::Volume>> find_catalogued(const Tools& tools, bool* has_others = nullptr) {
    auto volumes = check::find_volumes(tools.pool, tools.config.storage.volumes);
    if (!volumes) return std::unexpected(volumes.error());
    const auto rows = catalogue::load_volumes(tools.pool);
    if (!rows) return std::unexpected(rows.error());
    const auto erased = std::erase_if(volumes->volumes, [&rows](const check::Volume& volume) {
        return std::ranges::find(*rows, volume.id, &catalogue::VolumeRow::id) == rows->end();
    });
    if (has_others != nullptr) *has_others = erased > 0;
    return std::move(volumes->volumes);
}

Result<std::string> run_scrub_job(const Tools& tools, LeaseKeeper& lease) {
    const auto volumes = find_catalogued(tools);
    if (!volumes) return std::unexpected(volumes.error());
    JobObserver observer{lease, 0, kMostListed};  // the scrub keeps its own pace
    json result{{"volumes", json::array()}};
    for (const check::Volume& volume : *volumes) {
        const auto cycle = check::scrub(tools.pool, volume, tools.clock, observer);
        if (!cycle) return std::unexpected(cycle.error());
        result["volumes"].push_back(to_object(*cycle));
    }
    return result.dump();
}

Result<std::string> run_copy_job(const catalogue::JobRow& job, const Tools& tools) {
    const auto id = copy_arguments_from(job.arguments);
    if (!id) return std::unexpected(id.error());
    const auto copy = copy_suspect(*id, tools);
    if (!copy) return std::unexpected(copy.error());
    return json{
        {"path", copy->path.string()}, {"bytes", copy->bytes}, {"problem", copy->problem}
    }.dump(-1, ' ', false, json::error_handler_t::replace);
}

/// A purge that something stands against has failed for good: its codes are the job's error, and asking again
/// is for whoever has mended it.
Result<std::string> run_purge_job(const catalogue::JobRow& job, const Tools& tools, LeaseKeeper& lease) {
    const auto arguments = purge_arguments_from(job.arguments);
    if (!arguments) return std::unexpected(arguments.error());
    const auto site = retention::make_site(tools.config, tools.pool, tools.files, tools.clock);
    if (!site) return std::unexpected(site.error());
    const retention::PurgeRequest request{
        .is_dry_run = arguments->is_dry_run,
        .consent = arguments->consent,
        .principal_id = job.principal_id,
        .principal = job.principal,
        .role = job.role.empty() ? "system" : job.role,
    };
    const auto report =
        retention::run_purge(*site, request, [&lease](const retention::PurgeProgress& progress) {
            return lease.keep(
                {.files = progress.done_segments,
                 .bytes = progress.done_bytes,
                 .total_bytes = progress.total_bytes,
                 .place = progress.place}
            );
        });
    if (!report) return std::unexpected(report.error());
    if (!arguments->is_dry_run && !report->refusals.empty()) {
        std::string all;
        for (const retention::Refusal& refusal : report->refusals)
            all += (all.empty() ? "" : "; ") + refusal.code + ": " + refusal.detail;
        return failure(Remedy::refuse, all, report->refusals.front().code);
    }
    return retention::to_json(*report);
}

Result<std::string> run_export_job(const catalogue::JobRow& job, const Tools& tools, LeaseKeeper& lease) {
    const auto id = export_arguments_from(job.arguments);
    if (!id) return std::unexpected(id.error());
    const auto made = release::make_copy(
        {.pool = tools.pool, .data = tools.config.data, .files = tools.files, .clock = tools.clock},
        *id,
        [&lease](const release::CopyProgress& progress) {
            return lease.keep(
                {.files = 0,
                 .bytes = progress.done_bytes,
                 .total_bytes = progress.total_bytes,
                 .place = progress.place}
            );
        }
    );
    if (!made) return std::unexpected(made.error());
    return json{
        {"copy", to_string(*id)},
        {"package", made->name},
        {"bytes", made->bytes},
        {"sha256", to_hex(made->sha256)},
        {"videos", made->videos},
    }
        .dump();
}

Result<bool> file_scrub(const Tools& tools, const std::vector<check::Volume>& volumes, UtcTime now) {
    bool is_due = false;
    for (const check::Volume& volume : volumes) {
        const auto cycle = catalogue::find_scrub_cycle(tools.pool, volume.id);
        if (!cycle) return std::unexpected(cycle.error());
        is_due |= check::is_scrub_due(*cycle, now);
    }
    if (!is_due) return false;
    return catalogue::file_job(
        tools.pool,
        {.id = make_uuid_v7(now),
         .kind = catalogue::JobKind::scrub,
         .same_work = "scrub",
         .principal_id = std::nullopt,
         .principal = "worker",
         .waits_after_failure = true}
    );
}

/// Whether a copy of so many bytes leaves the volume's reserve alone.
Status check_room(const check::Volume& volume, std::uint64_t bytes, const config::Storage& storage) {
    const auto space = volume::read_space(volume.root);
    if (!space) return std::unexpected(space.error());
    const std::uint64_t reserve =
        volume::reserve_bytes(*space, storage.reserve_bytes, storage.reserve_percent);
    if (space->free_bytes >= reserve + bytes) return {};
    return failure(
        Remedy::operator_acts, "no room on " + volume.root.string() + " above its reserve", "disk_full"
    );
}

}  // namespace

Result<catalogue::SegmentCopy> copy_suspect(const Uuid& segment_id, const Tools& tools) {
    const auto row = catalogue::find_segment(tools.pool, segment_id);
    if (!row) return std::unexpected(row.error());
    if (!*row || (*row)->state != catalogue::SegmentState::suspect)
        return failure(Remedy::refuse, "segment " + to_string(segment_id) + " is not suspect");
    const auto volumes = check::find_volumes(tools.pool, tools.config.storage.volumes);
    if (!volumes) return std::unexpected(volumes.error());
    const auto volume = std::ranges::find(volumes->volumes, (*row)->volume_id, &check::Volume::id);
    if (volume == volumes->volumes.end())
        return failure(
            Remedy::operator_acts, "the volume of segment " + to_string(segment_id) + " is not there"
        );
    if (auto room = check_room(*volume, (*row)->bytes, tools.config.storage); !room)
        return std::unexpected(room.error());
    catalogue::SegmentCopy copy;
    copy.segment_id = segment_id;
    copy.from = (*row)->range.from;
    copy.volume_id = volume->id;
    const auto copied = segment::copy_readable(tools.files, volume->root, (*row)->path);
    if (copied) {
        copy.path = copied->path;
        copy.bytes = copied->index.end_bytes;
        copy.sha256 = copied->sha256;
        copy.to = copied->range.to;
    } else if (copied.error().remedy() == Remedy::abandon_file &&
               copied.error().code() == std::error_code{}) {
        copy.problem =
            copied.error().describe();  // nothing in it can be believed: another try finds the same
    } else {
        return std::unexpected(copied.error());
    }
    if (auto saved = catalogue::save_copy(tools.pool, copy); !saved) return std::unexpected(saved.error());
    log::info(
        "suspect_copied",
        {{"segment", to_string(segment_id)},
         {"path", copy.path.string()},
         {"bytes", copy.bytes},
         {"problem", copy.problem}}
    );
    return copy;
}

Result<std::string> run_job(const catalogue::JobRow& job, const Tools& tools, LeaseKeeper& lease) {
    switch (job.kind) {
        case catalogue::JobKind::check:
            return run_check_job(job, tools, lease);
        case catalogue::JobKind::scrub:
            return run_scrub_job(tools, lease);
        case catalogue::JobKind::copy_suspect:
            return run_copy_job(job, tools);
        case catalogue::JobKind::purge:
            return run_purge_job(job, tools, lease);
        case catalogue::JobKind::export_:
            return run_export_job(job, tools, lease);
        case catalogue::JobKind::import_:
            return run_import_job(job, tools, lease);
        case catalogue::JobKind::configure:
            return run_configure_job(tools, lease);
    }
    std::unreachable();
}

Result<Filed> file_own_jobs(const Tools& tools) {
    Filed filed;
    const auto volumes = find_catalogued(tools, &filed.has_uncatalogued);
    if (!volumes) return std::unexpected(volumes.error());
    const UtcTime now = tools.clock.now();
    const auto scrub = file_scrub(tools, *volumes, now);
    if (!scrub) return std::unexpected(scrub.error());
    const auto imports = file_imports(tools);
    if (!imports) return std::unexpected(imports.error());
    filed.jobs = *imports + (*scrub ? 1 : 0);
    const TimeRange always{.from = UtcTime{}, .to = now + std::chrono::days{1}};
    for (const check::Volume& volume : *volumes) {
        const auto rows = catalogue::load_uncopied(tools.pool, volume.id, always, kCopiesAtOnce);
        if (!rows) return std::unexpected(rows.error());
        for (const catalogue::SegmentRow& row : *rows) {
            const auto is_new = catalogue::file_job(
                tools.pool,
                {.id = make_uuid_v7(now),
                 .kind = catalogue::JobKind::copy_suspect,
                 .arguments = json{{"segment", to_string(row.id)}}.dump(),
                 .same_work = "copy_suspect " + to_string(row.id),
                 .principal_id = std::nullopt,
                 .principal = "worker",
                 .waits_after_failure = true}
            );
            if (!is_new) return std::unexpected(is_new.error());
            filed.jobs += *is_new ? 1 : 0;
        }
    }
    return filed;
}

}  // namespace sluice::jobs
