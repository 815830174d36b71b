#include "jobs/contractor_jobs.hpp"

#include "jobs/arguments.hpp"
#include "storage/contractor/camera_part.hpp"
#include "storage/contractor/import.hpp"

#include <nlohmann/json.hpp>

namespace sluice::jobs {
namespace {

using nlohmann::json;

constexpr std::size_t kAtOnce = 100;

}  // namespace

Result<std::string> run_import_job(const catalogue::JobRow& job, const Tools& tools, LeaseKeeper& lease) {
    const auto id = import_arguments_from(job.arguments);
    if (!id) return std::unexpected(id.error());
    const auto done = contractor::import_clip(
        {.pool = tools.pool,
         .config = tools.config,
         .files = tools.files,
         .clock = tools.clock,
         .program = tools.program},
        *id,
        [&lease](const contractor::ImportProgress& progress) {
            return lease.keep(
                {.files = 0,
                 .bytes = progress.done_bytes,
                 .total_bytes = progress.total_bytes,
                 .place = progress.place}
            );
        }
    );
    if (!done) return std::unexpected(done.error());
    return json{
        {"clip", to_string(*id)},
        {"state", to_string(done->state)},
        {"playable", done->is_playable},
        {"segments", done->segments},
        {"reason", done->reason_code},
    }
        .dump();
}

Result<std::string> run_configure_job(const Tools& tools, LeaseKeeper& lease) {
    if (tools.config_file.empty())
        return failure(Remedy::operator_acts, "this worker does not know the configuration's file");
    if (!lease.keep({})) return failure(Remedy::cancelled, "the job was stopped");
    const auto done = contractor::write_part({
        .pool = tools.pool,
        .config_file = tools.config_file,
        .data = tools.config.data,
        .clock = tools.clock,
    });
    if (!done) return std::unexpected(done.error());
    return json{{"cameras", done->cameras}, {"recorder_told", done->is_recorder_told}}.dump();
}

Result<std::size_t> file_imports(const Tools& tools) {
    const auto clips = catalogue::load_clips_without_job(tools.pool, kAtOnce);
    if (!clips) return std::unexpected(clips.error());
    std::size_t filed = 0;
    for (const Uuid& clip : *clips) {
        const auto is_new = catalogue::file_job(
            tools.pool,
            {.id = make_uuid_v7(tools.clock.now()),
             .kind = catalogue::JobKind::import_,
             .arguments = json{{"clip", to_string(clip)}}.dump(),
             .same_work = "import " + to_string(clip),
             .principal_id = std::nullopt,
             .principal = "worker",
             .waits_after_failure = true}
        );
        if (!is_new) return std::unexpected(is_new.error());
        filed += *is_new ? 1U : 0U;
    }
    return filed;
}

}  // namespace sluice::jobs
