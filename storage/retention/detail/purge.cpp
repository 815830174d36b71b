#include "storage/retention/detail/purge.hpp"

#include "config/base/log.hpp"
#include "storage/retention/certificate.hpp"
#include "storage/retention/pace.hpp"
#include "storage/status/recorder_status.hpp"

#include <algorithm>
#include <chrono>
#include <thread>

#include <nlohmann/json.hpp>

namespace sluice::retention::detail {
namespace {

namespace fs = std::filesystem;
using catalogue::PurgeCandidate;
using catalogue::PurgeRunRow;
using catalogue::PurgeState;
using nlohmann::json;
using SteadyClock = std::chrono::steady_clock;

constexpr std::size_t kLoadAtOnce = 10'000;
constexpr std::size_t kVerifyAtOnce = 5'000;
constexpr std::chrono::seconds kStatusOld{10};

/// Rests after each piece of work. What the recorder says of its writes is looked at once a second: it says
/// it no more often.
class Rest {
public:
    explicit Rest(const Site& site) : site_(site) {}
    void after(SteadyClock::duration work) {
        look();
        std::this_thread::sleep_for(
            pause_after(std::chrono::duration_cast<std::chrono::microseconds>(work), write_lag_us_)
        );
    }

private:
    void look() {
        const auto now = SteadyClock::now();
        if (now < look_again_) return;
        look_again_ = now + std::chrono::seconds{1};
        const auto recorder = status::load(site_.recorder_status);
        const bool lives = recorder && std::chrono::abs(site_.clock.now() - recorder->written) < kStatusOld;
        write_lag_us_ = lives ? std::optional{recorder->recent_write_lag_us} : std::nullopt;
    }

    const Site& site_;
    SteadyClock::time_point look_again_ = SteadyClock::time_point::min();
    std::optional<std::int64_t> write_lag_us_;
};

/// Files and their bytes of one run that are still there after all: unlinked again.
struct Verified {
    Sha256 digest;
    std::uint64_t segments = 0;
    std::optional<Error> trouble;
};

Status verify_one(const Site& site, const catalogue::Tombstone& tombstone) {
    const auto volume = std::ranges::find(site.volumes, tombstone.volume_id, &PurgeVolume::id);
    if (volume == site.volumes.end())
        return {};  // it was there when the file was unlinked and the folder synced
    const fs::path file = volume->root / tombstone.path;
    std::error_code code;
    if (fs::symlink_status(file, code).type() == fs::file_type::not_found) return {};
    log::warn("destroyed_file_removed_again", {{"path", file.string()}});
    const auto removed = site.files.remove(file);
    if (!removed) return std::unexpected(removed.error());
    return site.files.sync_directory(file.parent_path());
}

Result<Verified> verify(const Site& site, const Uuid& run_id) {
    Verified verified;
    Uuid after{};
    for (;;) {
        const auto some = catalogue::load_tombstones(site.pool, run_id, after, kVerifyAtOnce);
        if (!some) return std::unexpected(some.error());
        for (const catalogue::Tombstone& tombstone : *some) {
            add_to_digest(verified.digest, tombstone);
            ++verified.segments;
            if (auto gone = verify_one(site, tombstone); !gone && !verified.trouble)
                verified.trouble = gone.error();
        }
        if (some->size() < kVerifyAtOnce) return verified;
        after = some->back().segment_id;
    }
}

Result<PurgeRunRow> get_run(const Site& site, const Uuid& id) {
    auto run = catalogue::find_purge_run(site.pool, id);
    if (!run) return std::unexpected(run.error());
    if (!*run) return failure(Remedy::operator_acts, "purge run " + to_string(id) + " has no row");
    return **run;
}

Status certify(
    const Site& site,
    const PurgeRequest& request,
    const PurgeRunRow& run,
    const Sha256Digest& tombstones
) {
    const auto stretches = catalogue::load_destroyed_by_run(site.pool, run.id);
    if (!stretches) return std::unexpected(stretches.error());
    const auto cameras = catalogue::load_cameras(site.pool, true);
    if (!cameras) return std::unexpected(cameras.error());
    const auto streams = catalogue::load_streams(site.pool);
    if (!streams) return std::unexpected(streams.error());
    const auto originals = catalogue::load_destroyed_originals(site.pool, run.id);
    if (!originals) return std::unexpected(originals.error());
    catalogue::Certificate certificate{.id = run.id, .issued = site.clock.now(), .body = {}};
    certificate.body = make_certificate({
        .run = run,
        .issued = certificate.issued,
        .stretches = *stretches,
        .cameras = *cameras,
        .streams = *streams,
        .originals = *originals,
        .tombstones = tombstones,
    });
    const json facts{
        {"certificate_sha256", to_hex(sha256(as_bytes(certificate.body)))},
        {"segments", run.destroyed_segments},
        {"bytes", run.destroyed_bytes},
        {"tombstones_sha256", to_hex(tombstones)},
        {"is_complete", run.error.empty()},
        {"copies", "held by Sluice"},
    };
    const auto act = make_act(request, "purge.certified", run.id, facts.dump(), run.policy_version);
    return catalogue::save_certificate(site.pool, certificate, run.error, act);
}

}  // namespace

SegmentFacts facts_of(const PurgeCandidate& candidate) {
    return {
        .id = candidate.id,
        .camera_id = candidate.camera_id,
        .volume_id = candidate.volume_id,
        .range = candidate.range,
        .bytes = candidate.bytes,
        .receipt = candidate.receipt ? std::optional{Receipt{
                                           .received = candidate.receipt->received,
                                           .clip = candidate.receipt->clip,
                                           .is_original = candidate.receipt->is_original,
                                       }}
                                     : std::nullopt,
    };
}

Holds to_holds(std::span<const catalogue::ActiveHold> holds) {
    std::vector<HoldFacts> facts;
    for (const catalogue::ActiveHold& hold : holds)
        facts.push_back({
            .id = hold.id,
            .camera_ids = hold.cameras,
            .interval = hold.range,
            .outlives_ceiling = hold.passes_ceiling,
        });
    return Holds{std::move(facts)};
}

bool is_still_due(
    const PurgeCandidate& marked,
    const Holds& holds,
    const policy::History& history,
    UtcTime now
) {
    const Decision decision = decide(facts_of(marked), holds.of(marked.camera_id), history, now);
    if (decision.is_destroyed) return true;
    const auto rule = rule_from(marked.rule);
    if (rule == Rule::breach_floor) return decision.holds.empty();
    if (rule == Rule::space) return decision.rule != Rule::floor && decision.rule != Rule::hold;
    return false;
}

Result<std::vector<TimeRange>> load_days(catalogue::Pool& pool, UtcTime last) {
    std::vector<TimeRange> days;
    const auto oldest = catalogue::find_oldest_segment(pool);
    if (!oldest) return std::unexpected(oldest.error());
    if (!*oldest) return days;
    for (auto day = std::chrono::floor<std::chrono::days>(**oldest); UtcTime{day} <= last;
         day += std::chrono::days{1})
        days.push_back({UtcTime{day}, std::min(UtcTime{day + std::chrono::days{1}}, last + Microseconds{1})});
    return days;
}

ledger::Act make_act(
    const PurgeRequest& request,
    std::string action,
    const Uuid& run_id,
    std::string facts,
    int policy_version
) {
    return {
        .action = std::move(action),
        .actor = {.id = request.principal_id, .name = request.principal, .role = request.role},
        .subject = {.kind = "purge_run", .id = to_string(run_id)},
        .facts = std::move(facts),
        .policy_version = std::to_string(policy_version),
    };
}

namespace {

/// Held by now, and destroyed before: in the run's name, whoever resumes it.
ledger::Act gone_act(const PurgeRunRow& run, const catalogue::Batch& batch) {
    const json facts{
        {"segments", batch.segments}, {"bytes", batch.bytes}, {"ids_sha256", to_hex(batch.digest)}
    };
    const PurgeRequest request{.principal_id = run.principal_id, .principal = run.principal};
    return make_act(request, "purge.found_gone", run.id, facts.dump(), run.policy_version);
}

/// Something is still marked: the run is not over.
Result<bool> has_marks(const Site& site, const Uuid& run_id) {
    const auto left = catalogue::load_marked(site.pool, run_id, {}, 1);
    if (!left) return std::unexpected(left.error());
    return !left->empty();
}

}  // namespace

Status destroy_marked(
    const Site& site,
    const policy::History& history,
    const PurgeRunRow& run,
    PurgeProgress& progress,
    const Advance& advance,
    std::optional<Error>& trouble
) {
    Destroyer destroyer{site.files, site.volumes};
    Rest rest{site};
    std::vector<Uuid> failed;
    for (;;) {
        const auto marked = catalogue::load_marked(site.pool, run.id, failed, kLoadAtOnce);
        if (!marked) return std::unexpected(marked.error());
        if (marked->empty()) break;
        for (std::span<const PurgeCandidate> left{*marked}; !left.empty();) {
            const auto some = left.first(batch_length(left));
            left = left.subspan(some.size());
            const UtcTime now = site.clock.now();
            const auto began = SteadyClock::now();
            const auto done = catalogue::destroy_batch(
                site.pool,
                run.id,
                some,
                now,
                {
                    .is_due =
                        [&](std::span<const PurgeCandidate> all,
                            std::span<const catalogue::ActiveHold> rows) {
                            const Holds holds = to_holds(rows);
                            std::vector<bool> due;
                            for (const PurgeCandidate& one : all)
                                due.push_back(is_still_due(one, holds, history, now));
                            return due;
                        },
                    .unlink = [&](std::span<const PurgeCandidate> going) { return destroyer.unlink(going); },
                    .find_gone = [&](std::span<const PurgeCandidate> held
                                 ) { return destroyer.find_gone(held); },
                    .make_act = [&](const catalogue::Batch& batch) { return gone_act(run, batch); },
                }
            );
            if (!done) return std::unexpected(done.error());
            progress.done_segments += done->segments + done->kept;
            for (const PurgeCandidate& one : some)
                progress.done_bytes += one.bytes;
            progress.place = some.back().path.parent_path().string();
            if (!advance(progress)) return failure(Remedy::cancelled, "the purge was stopped", "stopped");
            rest.after(SteadyClock::now() - began);
        }
        const auto& failures = destroyer.failures();
        for (std::size_t i = failed.size(); i < failures.size(); ++i)
            failed.push_back(failures[i].segment_id);
    }
    if (!failed.empty()) {
        trouble = destroyer.failures().front().error;
        log::error(
            "purge_incomplete",
            {{"run", to_string(run.id)}, {"segments", failed.size()}, {"error", trouble->describe()}}
        );
    }
    // What may be gone stays marked, so that the next purge ends it whatever is held by then.
    if (destroyer.is_unsure()) return {};
    return catalogue::unmark_rest(site.pool, run.id);
}

Result<PurgeRunRow> end_run(
    const Site& site,
    const PurgeRequest& request,
    const Uuid& run_id,
    const std::optional<Error>& trouble
) {
    auto run = get_run(site, run_id);
    if (!run) return run;
    const auto is_open = has_marks(site, run_id);
    if (!is_open) return std::unexpected(is_open.error());
    if (*is_open) {
        if (trouble) run->error = trouble->describe();
        return run;
    }
    if (run->state == PurgeState::planned ||
        (run->state == PurgeState::running && run->destroyed_segments == 0)) {
        const std::string why = trouble ? trouble->describe() : "nothing was left to destroy";
        const auto act =
            make_act(request, "purge.aborted", run_id, json{{"why", why}}.dump(), run->policy_version);
        if (auto moved = catalogue::move_purge_run(
                site.pool, run_id, PurgeState::aborted, site.clock.now(), why, &act
            );
            !moved)
            return std::unexpected(moved.error());
        return get_run(site, run_id);
    }
    const auto verified = verify(site, run_id);
    if (!verified) return std::unexpected(verified.error());
    if (verified->trouble) return std::unexpected(*verified->trouble);
    if (verified->segments != run->destroyed_segments)
        return failure(
            Remedy::operator_acts, "the tombstones of purge run " + to_string(run_id) + " are not whole"
        );
    if (trouble) run->error = trouble->describe();
    if (run->state == PurgeState::running)
        if (auto moved = catalogue::move_purge_run(
                site.pool, run_id, PurgeState::verified, site.clock.now(), run->error, nullptr
            );
            !moved)
            return std::unexpected(moved.error());
    if (auto done = certify(site, request, *run, verified->digest.digest()); !done)
        return std::unexpected(done.error());
    return get_run(site, run_id);
}

Result<std::vector<Uuid>> finish_old_runs(
    const Site& site,
    const policy::History& history,
    const PurgeRequest& request,
    const Advance& advance
) {
    const auto runs = catalogue::load_unfinished_purge_runs(site.pool);
    if (!runs) return std::unexpected(runs.error());
    std::vector<Uuid> finished;
    for (const PurgeRunRow& run : *runs) {
        log::info("purge_resumed", {{"run", to_string(run.id)}, {"state", to_string(run.state)}});
        std::optional<Error> trouble;
        PurgeProgress progress{
            .total_segments = run.planned_segments, .total_bytes = run.planned_bytes, .place = {}
        };
        if (run.state == PurgeState::planned)
            trouble = Error{Remedy::retry, "its program ended before anything was marked"};
        else if (run.state == PurgeState::running)
            if (auto done = destroy_marked(site, history, run, progress, advance, trouble); !done)
                return std::unexpected(done.error());
        if (run.state == PurgeState::running && !trouble)
            trouble =
                Error{Remedy::retry, "its program ended; what it had marked was finished by the next purge"};
        const auto ended = end_run(site, request, run.id, trouble);
        if (!ended) return std::unexpected(ended.error());
        if (ended->ended) finished.push_back(run.id);
    }
    return finished;
}

}  // namespace sluice::retention::detail
