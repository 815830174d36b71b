#include "storage/retention/run.hpp"

#include "config/base/log.hpp"
#include "storage/catalogue/migrate.hpp"
#include "storage/catalogue/policy_repository.hpp"
#include "storage/catalogue/record_repository.hpp"
#include "storage/retention/detail/purge.hpp"
#include "storage/status/recorder_status.hpp"
#include "storage/volume/volume.hpp"

#include <chrono>
#include <utility>

#include <nlohmann/json.hpp>

namespace sluice::retention {
namespace {

using catalogue::PurgeCandidate;
using catalogue::PurgeRunRow;
using catalogue::PurgeState;
using nlohmann::json;

constexpr std::chrono::seconds kStatusOld{10};

std::set<Uuid> ids_of(const std::vector<PurgeVolume>& volumes) {
    std::set<Uuid> ids;
    for (const PurgeVolume& volume : volumes)
        ids.insert(volume.id);
    return ids;
}

std::vector<SegmentFacts> facts_of(std::span<const PurgeCandidate> candidates) {
    std::vector<SegmentFacts> facts;
    facts.reserve(candidates.size());
    for (const PurgeCandidate& candidate : candidates)
        facts.push_back(detail::facts_of(candidate));
    return facts;
}

void add(PlanSummary& summary, const SegmentFacts& segment, const Decision& decision) {
    const auto count = [&segment](Tally& tally) {
        ++tally.segments;
        tally.bytes += segment.bytes;
    };
    count((decision.is_destroyed ? summary.destroyed : summary.kept)[decision.rule]);
    if (!decision.is_destroyed) return;
    count(summary.by_camera[segment.camera_id]);
    // The received file shows what its segments show; alone it counts by its row, like them.
    if (!segment.receipt || !segment.receipt->is_original) summary.footage += segment.range.length();
}

/// An act that stands alone. A log that does not take it is a refusal already, so it is only noted here.
void note(const Site& site, const ledger::Act& act) {
    const auto written = catalogue::append_record(site.pool, act, site.clock.now());
    if (!written) log_and_drop(std::unexpected(written.error()), "the audit log does not take the act");
}

void note_refusals(const Site& site, const PurgeRequest& request, const PurgeReport& report) {
    json codes = json::array();
    for (const Refusal& refusal : report.refusals) {
        codes.push_back({{"code", refusal.code}, {"detail", refusal.detail}});
        log::error("purge_refused", {{"code", refusal.code}, {"detail", refusal.detail}});
    }
    ledger::Act act = detail::make_act(
        request, "purge.refused", Uuid{}, json{{"refusals", codes}}.dump(), report.plan.policy_version
    );
    act.subject = {.kind = "installation", .id = to_string(site.installation_id)};
    note(site, act);
}

/// What an identity file says may change while we run: only those that are still what they were.
std::vector<Refusal> find_wrong_volumes(const Site& site) {
    std::vector<Refusal> refusals;
    for (const PurgeVolume& volume : site.volumes)
        if (auto found = volume::check_volume(volume.root, volume.installation_id, volume.id); !found)
            refusals.push_back({"VOLUME_WRONG", found.error().describe()});
    return refusals;
}

/// One purge by the rules, after everything that may stand against it was looked at.
class Purge {
public:
    Purge(
        const Site& site,
        const PurgeRequest& request,
        const policy::History& history,
        const Advance& advance
    )
        : site_(site),
          request_(request),
          history_(history),
          advance_(advance) {}

    Status run(PurgeReport& report) {
        const UtcTime now = site_.clock.now();
        PurgeRunRow row;
        row.id = make_uuid_v7(now);
        row.principal_id = request_.principal_id;
        row.principal = request_.principal;
        row.policy_version = report.plan.policy_version;
        row.planned = report.plan.as_of;
        row.planned_segments = report.plan.total().segments;
        row.planned_bytes = report.plan.total().bytes;
        if (auto saved = catalogue::save_purge_run(site_.pool, row); !saved) return saved;
        const json facts{{"segments", row.planned_segments}, {"bytes", row.planned_bytes}};
        const auto act =
            detail::make_act(request_, "purge.started", row.id, facts.dump(), row.policy_version);
        if (auto moved = catalogue::move_purge_run(site_.pool, row.id, PurgeState::running, now, {}, &act);
            !moved)
            return moved;
        progress_.total_segments = row.planned_segments;
        progress_.total_bytes = row.planned_bytes;
        std::optional<Error> trouble;
        if (auto done = destroy_days(row, trouble); !done) return done;
        auto ended = detail::end_run(site_, request_, row.id, trouble);
        if (!ended) return std::unexpected(ended.error());
        report.run = std::move(*ended);
        return {};
    }

private:
    Status destroy_days(const PurgeRunRow& row, std::optional<Error>& trouble) {
        const auto days = detail::load_days(site_.pool, latest_start_that_may_go(history_, row.planned));
        if (!days) return std::unexpected(days.error());
        for (const TimeRange& day : *days) {
            const auto batch = mark(row, day);
            if (!batch) return std::unexpected(batch.error());
            if (batch->segments == 0) continue;
            if (auto logged = site_.wait_signed(*batch->record); !logged) {
                trouble = logged.error();  // nothing goes that the log does not hold
                return catalogue::unmark_rest(site_.pool, row.id);
            }
            if (auto done = detail::destroy_marked(site_, history_, row, progress_, advance_, trouble); !done)
                return done;
        }
        return {};
    }

    Result<catalogue::Batch> mark(const PurgeRunRow& row, const TimeRange& day) {
        const std::set<Uuid> volumes = ids_of(site_.volumes);
        const auto judge = [&](std::span<const PurgeCandidate> candidates,
                               std::span<const catalogue::ActiveHold> holds) {
            const auto plan =
                make_plan(facts_of(candidates), detail::to_holds(holds), history_, volumes, row.planned);
            std::vector<std::optional<std::string>> rules;
            rules.reserve(plan.size());
            for (const Decision& decision : plan)
                rules.push_back(
                    decision.is_destroyed ? std::optional{std::string{to_string(decision.rule)}}
                                          : std::nullopt
                );
            return rules;
        };
        const auto make_act = [&](const catalogue::Batch& batch) {
            const json facts{
                {"day", to_utc_day(day.from)},
                {"segments", batch.segments},
                {"bytes", batch.bytes},
                {"ids_sha256", to_hex(batch.digest)},
            };
            return detail::make_act(request_, "purge.marked", row.id, facts.dump(), row.policy_version);
        };
        return catalogue::mark_batch(
            site_.pool,
            row.id,
            {.began = day, .volume_id = std::nullopt, .now = site_.clock.now()},
            judge,
            make_act
        );
    }

    const Site& site_;
    const PurgeRequest& request_;
    const policy::History& history_;
    const Advance& advance_;
    PurgeProgress progress_{};
};

/// The log takes and signs a record now, or nothing may be destroyed.
std::vector<Refusal> try_log(const Site& site, const PurgeRequest& request, const PlanSummary& plan) {
    const json facts{{"confirms_plan", request.consent.plan}, {"confirms_clock", request.consent.clock}};
    ledger::Act act = detail::make_act(
        request,
        request.consent.clock ? "purge.clock_confirmed" : "purge.requested",
        Uuid{},
        facts.dump(),
        plan.policy_version
    );
    act.subject = {.kind = "installation", .id = to_string(site.installation_id)};
    const auto record = catalogue::append_record(site.pool, act, site.clock.now());
    if (!record) return {{"LEDGER_UNAVAILABLE", record.error().describe()}};
    if (auto logged = site.wait_signed(*record); !logged)
        return {{"LEDGER_UNAVAILABLE", logged.error().describe()}};
    return {};
}

Status finish_names(const Site& site, PurgeReport& report) {
    const auto days = catalogue::load_destroyed_days(site.pool);
    if (!days) return std::unexpected(days.error());
    if (days->empty()) return {};
    for (const PurgeVolume& volume : site.volumes) {
        const auto finished = finish_destruction(site.pool, site.files, volume, *days, site.clock.now());
        if (!finished) return std::unexpected(finished.error());
        report.removed_again += finished->files;
    }
    return {};
}

Status purge_locked(
    const Site& site,
    const PurgeRequest& request,
    const policy::History& history,
    const Advance& advance,
    PurgeReport& report
) {
    report.refusals = try_log(site, request, report.plan);
    if (!report.refusals.empty()) return {};
    auto finished = detail::finish_old_runs(site, history, request, advance);
    if (!finished) return std::unexpected(finished.error());
    report.finished = std::move(*finished);
    // The plan was made before: what the old runs had marked is not in it, and nothing else has changed.
    if (report.plan.total().segments > 0)
        if (auto done = Purge{site, request, history, advance}.run(report); !done) return done;
    return finish_names(site, report);
}

}  // namespace

Tally PlanSummary::total() const noexcept {
    Tally all;
    for (const auto& [rule, tally] : destroyed) {
        all.segments += tally.segments;
        all.bytes += tally.bytes;
    }
    return all;
}

Result<std::vector<Refusal>>
find_obstacles(const Site& site, const policy::History& history, const Consent& consent) {
    const auto facts = catalogue::load_purge_facts(site.pool, site.installation_id);
    if (!facts) return std::unexpected(facts.error());
    const auto recorder = status::load(site.recorder_status);
    // Read after the records: a record that was written meanwhile is no sign of a wrong clock.
    const UtcTime now = site.clock.now();
    const auto is_synchronised = site.clock.is_synchronised();
    if (is_synchronised.value_or(false))
        if (auto saved = catalogue::save_clock_sighting(site.pool, site.installation_id, now); !saved)
            return std::unexpected(saved.error());
    auto refusals = find_refusals(
        {
            .now = now,
            .is_confirmed = facts->is_confirmed,
            .newest_record = facts->newest_record,
            .newest_footage = facts->newest_footage,
            .is_synchronised = is_synchronised,
            .last_synchronised = facts->last_synchronised,
            .recorder_lives = recorder && std::chrono::abs(now - recorder->written) < kStatusOld,
            .schema = facts->schema,
            .required_schema = catalogue::required_version(),
        },
        policy::in_force(history, now).policy.clock,
        consent
    );
    for (Refusal& wrong : find_wrong_volumes(site))
        refusals.push_back(std::move(wrong));
    return refusals;
}

Result<PlanSummary>
plan_purge(const Site& site, const policy::History& history, UtcTime now, const Advance& advance) {
    PlanSummary summary;
    summary.as_of = now;
    if (history.empty()) return summary;
    summary.policy_version = policy::in_force(history, now).number;
    const auto rows = catalogue::load_active_holds(site.pool, now);
    if (!rows) return std::unexpected(rows.error());
    const Holds holds = detail::to_holds(*rows);
    const std::set<Uuid> volumes = ids_of(site.volumes);
    const auto days = detail::load_days(site.pool, latest_start_that_may_go(history, now));
    if (!days) return std::unexpected(days.error());
    for (const TimeRange& day : *days) {
        if (!advance({.place = "planning " + to_utc_day(day.from)}))
            return failure(Remedy::cancelled, "the purge was stopped", "stopped");
        const auto candidates = catalogue::load_purge_candidates(site.pool, day, std::nullopt);
        if (!candidates) return std::unexpected(candidates.error());
        const auto facts = facts_of(*candidates);
        const auto plan = make_plan(facts, holds, history, volumes, now);
        for (std::size_t i = 0; i < plan.size(); ++i)
            add(summary, facts[i], plan[i]);
    }
    return summary;
}

Result<PurgeReport> run_purge(const Site& site, const PurgeRequest& request, const Advance& advance) {
    const auto history = catalogue::load_policy_history(site.pool);
    if (!history) return std::unexpected(history.error());
    PurgeReport report;
    const Status done = catalogue::with_purge_lock(site.pool, [&]() -> Status {
        auto obstacles = find_obstacles(site, *history, request.consent);
        if (!obstacles) return std::unexpected(obstacles.error());
        report.refusals = std::move(*obstacles);
        auto plan = plan_purge(site, *history, site.clock.now(), advance);
        if (!plan) return std::unexpected(plan.error());
        report.plan = std::move(*plan);
        const auto facts = catalogue::load_purge_facts(site.pool, site.installation_id);
        if (!facts) return std::unexpected(facts.error());
        const unsigned guard = policy::in_force(*history, report.plan.as_of).policy.purge_guard_percent;
        if (auto large = judge_size(report.plan.footage, facts->footage, guard, request.consent))
            report.refusals.push_back(std::move(*large));
        if (request.is_dry_run) return {};
        if (report.refusals.empty())
            if (auto purged = purge_locked(site, request, *history, advance, report); !purged) return purged;
        if (!report.refusals.empty()) note_refusals(site, request, report);
        return {};
    });
    if (done) return report;
    if (done.error().label() == "PURGE_RUNNING" && !request.is_dry_run) {
        report.refusals = {{done.error().label(), done.error().message()}};
        note_refusals(site, request, report);
    }
    return std::unexpected(done.error());
}

}  // namespace sluice::retention
