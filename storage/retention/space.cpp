#include "storage/retention/space.hpp"

#include "config/base/log.hpp"
#include "storage/catalogue/incident_repository.hpp"
#include "storage/catalogue/policy_repository.hpp"
#include "storage/retention/detail/purge.hpp"
#include "storage/retention/forecast.hpp"
#include "storage/retention/in_the_way.hpp"

#include <algorithm>
#include <chrono>

#include <nlohmann/json.hpp>

namespace sluice::retention {
namespace {

using catalogue::PurgeCandidate;
using catalogue::PurgeRunRow;
using catalogue::PurgeState;
using nlohmann::json;

constexpr std::uint64_t kMostHeadroom = 16ULL << 30U;
constexpr std::chrono::days kMeasured{7};
constexpr std::chrono::hours kLeastMeasured{1};  // of a few minutes nobody can tell a day's bytes

Result<std::uint64_t> need_of(const PurgeVolume& volume, const config::Storage& storage) {
    const auto space = volume::read_space(volume.root);
    if (!space) return std::unexpected(space.error());
    return find_need(*space, volume::reserve_bytes(*space, storage.reserve_bytes, storage.reserve_percent));
}

/// Frees room on one volume, a day of footage at a time.
class RoomMaker {
public:
    RoomMaker(
        const Site& site,
        const PurgeVolume& volume,
        const policy::History& history,
        const PurgeRequest& request,
        const Advance& advance
    )
        : site_(site),
          volume_(volume),
          history_(history),
          request_(request),
          advance_(advance),
          now_(site.clock.now()) {}

    /// What going through all days would free, at most `needed`; and whether that includes footage below the
    /// floor.
    struct Outlook {
        SpacePlan plan;
        InTheWay in_the_way;  ///< whole when the plan is not enough
    };
    Result<Outlook> look(std::uint64_t needed, bool may_breach) {
        Outlook outlook;
        SpacePlan& all = outlook.plan;
        const auto rows = catalogue::load_active_holds(site_.pool, now_);
        if (!rows) return std::unexpected(rows.error());
        const Holds holds = detail::to_holds(*rows);
        const auto days = detail::load_days(site_.pool, now_);
        if (!days) return std::unexpected(days.error());
        for (const TimeRange& day : *days) {
            const auto candidates = catalogue::load_purge_candidates(site_.pool, day, volume_.id);
            if (!candidates) return std::unexpected(candidates.error());
            const SpacePlan some = plan_day(*candidates, holds, needed - all.freed_bytes, may_breach);
            all.freed_bytes += some.freed_bytes;
            all.has_breached |= some.has_breached;
            for (std::size_t i = 0; i < some.decisions.size(); ++i) {
                const Decision& decision = some.decisions[i];
                if (decision.is_destroyed)
                    all.decisions.push_back(decision);
                else
                    outlook.in_the_way.add(detail::facts_of((*candidates)[i]), decision.rule);
            }
            if (all.freed_bytes >= needed) break;
        }
        all.is_enough = all.freed_bytes >= needed;
        return outlook;
    }

    Result<PurgeRunRow> run(const SpacePlan& plan, std::uint64_t needed, bool may_breach) {
        PurgeRunRow row;
        row.id = make_uuid_v7(now_);
        row.kind = catalogue::PurgeKind::space;
        row.principal = request_.principal;
        row.policy_version = policy::in_force(history_, now_).number;
        row.planned = now_;
        row.planned_segments = plan.decisions.size();
        row.planned_bytes = plan.freed_bytes;
        if (auto saved = catalogue::save_purge_run(site_.pool, row); !saved)
            return std::unexpected(saved.error());
        const json facts{
            {"volume", to_string(volume_.id)}, {"needed_bytes", needed}, {"may_breach_floor", may_breach}
        };
        const auto act =
            detail::make_act(request_, "purge.started", row.id, facts.dump(), row.policy_version);
        if (auto moved = catalogue::move_purge_run(site_.pool, row.id, PurgeState::running, now_, {}, &act);
            !moved)
            return std::unexpected(moved.error());
        std::optional<Error> trouble;
        if (auto done = destroy(row, needed, may_breach, trouble); !done)
            return std::unexpected(done.error());
        return detail::end_run(site_, request_, row.id, trouble);
    }

private:
    SpacePlan plan_day(
        std::span<const PurgeCandidate> candidates,
        const Holds& holds,
        std::uint64_t needed,
        bool may_breach
    ) const {
        // Footage that is still being written is never below the floor by accident: it is left out.
        std::vector<SegmentFacts> facts;
        for (const PurgeCandidate& candidate : candidates) {
            facts.push_back(detail::facts_of(candidate));
            if (candidate.state == catalogue::SegmentState::open)
                facts.back().range.to = std::max(facts.back().range.to, now_);
        }
        return make_space_plan(facts, holds, history_, needed, may_breach, now_);
    }

    Status
    destroy(const PurgeRunRow& row, std::uint64_t needed, bool may_breach, std::optional<Error>& trouble) {
        PurgeProgress progress{
            .total_segments = row.planned_segments, .total_bytes = row.planned_bytes, .place = {}
        };
        const auto days = detail::load_days(site_.pool, now_);
        if (!days) return std::unexpected(days.error());
        for (const TimeRange& day : *days) {
            const auto judge = [&](std::span<const PurgeCandidate> candidates,
                                   std::span<const catalogue::ActiveHold> rows) {
                const SpacePlan plan = plan_day(candidates, detail::to_holds(rows), needed, may_breach);
                std::vector<std::optional<std::string>> rules;
                rules.reserve(plan.decisions.size());
                for (const Decision& decision : plan.decisions)
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
            const auto batch = catalogue::mark_batch(
                site_.pool,
                row.id,
                {.began = day, .volume_id = volume_.id, .now = site_.clock.now()},
                judge,
                make_act
            );
            if (!batch) return std::unexpected(batch.error());
            if (batch->segments == 0) continue;
            if (auto logged = site_.wait_signed(*batch->record); !logged) {
                trouble = logged.error();
                return catalogue::unmark_rest(site_.pool, row.id);
            }
            if (auto done = detail::destroy_marked(site_, history_, row, progress, advance_, trouble); !done)
                return done;
            if (batch->bytes >= needed) return {};
            needed -= batch->bytes;
        }
        return {};
    }

    const Site& site_;
    const PurgeVolume& volume_;
    const policy::History& history_;
    const PurgeRequest& request_;
    const Advance& advance_;
    UtcTime now_;
};

/// The disk is full and nothing goes: recording will stop at the reserve. One incident a day and volume.
Status tell_full(
    const Site& site,
    const PurgeVolume& volume,
    std::uint64_t needed,
    const std::string& why,
    json subject,
    std::string_view remedy
) {
    subject["volume"] = to_string(volume.id);
    subject["needed_bytes"] = needed;
    const auto filed = catalogue::file_storage_incident(
        site.pool,
        "volume " + to_string(volume.id) + " is full and " + why,
        subject.dump(),
        "sluice-worker",
        site.clock.now()
    );
    if (!filed) return std::unexpected(filed.error());
    if (*filed)
        log::error(
            "disk_full_nothing_to_free",
            {{"volume", volume.root.string()}, {"needed_bytes", needed}, {"remedy", remedy}}
        );
    return {};
}

Status tell_stopped(
    const Site& site,
    const PurgeVolume& volume,
    std::uint64_t needed,
    std::uint64_t freed,
    const InTheWay& in_the_way
) {
    return tell_full(
        site,
        volume,
        needed,
        "nothing on it may be destroyed",
        json{{"can_be_freed_bytes", freed}, {"in_the_way", json::parse(in_the_way.to_json())}},
        "a larger disk, fewer holds, or a policy whose last resort breaches the floor"
    );
}

Status tell_kept(const Site& site, const PurgeVolume& volume, std::uint64_t needed) {
    return tell_full(
        site,
        volume,
        needed,
        "the policy destroys nothing for room",
        json{{"rule", "RET_WHEN_FULL"}},
        "a larger disk, or a policy whose RET_WHEN_FULL is overwrite_oldest"
    );
}

Status make_room_locked(
    const Site& site,
    const PurgeVolume& volume,
    const policy::History& history,
    const Advance& advance,
    RoomReport& report
) {
    const PurgeRequest request{.principal = "sluice-worker"};
    if (auto old = detail::finish_old_runs(site, history, request, advance); !old)
        return std::unexpected(old.error());
    const policy::Policy& rules = policy::in_force(history, site.clock.now()).policy;
    RoomMaker maker{site, volume, history, request, advance};
    bool may_breach = false;
    auto outlook = maker.look(report.needed_bytes, may_breach);
    if (!outlook) return std::unexpected(outlook.error());
    if (!outlook->plan.is_enough && rules.last_resort == policy::LastResort::breach_floor) {
        may_breach = true;
        outlook = maker.look(report.needed_bytes, may_breach);
        if (!outlook) return std::unexpected(outlook.error());
    }
    const SpacePlan& plan = outlook->plan;
    report.is_enough = plan.is_enough;
    report.has_breached = plan.has_breached;
    if (!plan.is_enough) {
        auto told = tell_stopped(site, volume, report.needed_bytes, plan.freed_bytes, outlook->in_the_way);
        if (!told) return told;
    }
    if (plan.decisions.empty()) return {};
    auto run = maker.run(plan, report.needed_bytes, may_breach);
    if (!run) return std::unexpected(run.error());
    report.run = std::move(*run);
    return {};
}

/// From when on the rate is measured: at most a week, and no longer than anything was recorded in it.
std::chrono::microseconds measured_time(const std::vector<catalogue::FootageByAge>& ages, UtcTime now) {
    std::chrono::microseconds longest = kLeastMeasured;
    for (const catalogue::FootageByAge& age : ages)
        if (age.age_days < kMeasured.count()) longest = std::max(longest, now - age.oldest);
    return std::min<std::chrono::microseconds>(longest, kMeasured);
}

VolumeUse use_of(
    const std::vector<catalogue::FootageByAge>& ages,
    const Uuid& volume,
    std::uint64_t free_bytes,
    UtcTime now
) {
    VolumeUse use;
    use.free_bytes = free_bytes;
    std::uint64_t recent = 0;
    for (const catalogue::FootageByAge& age : ages) {
        if (age.volume_id != volume) continue;
        const auto place = static_cast<std::size_t>(age.age_days);
        use.bytes_by_age.resize(std::max(use.bytes_by_age.size(), place + 1));
        use.bytes_by_age[place] = age.bytes - std::min(age.held_bytes, age.bytes);
        use.held_bytes += age.held_bytes;
        if (age.age_days < kMeasured.count()) recent += age.bytes;
    }
    const std::chrono::duration<double, std::chrono::days::period> days = measured_time(ages, now);
    use.bytes_per_day = static_cast<std::uint64_t>(static_cast<double>(recent) / days.count());
    return use;
}

catalogue::ForecastRow
to_row(std::string place, const VolumeUse& use, const policy::History& history, UtcTime now) {
    const policy::Policy& rules = policy::in_force(history, now).policy;
    const Forecast forecast = make_forecast(use, find_staying(history, use.bytes_by_age.size(), now));
    catalogue::ForecastRow row;
    row.place = std::move(place);
    row.made = now;
    row.bytes_per_day = use.bytes_per_day;
    row.footage_bytes = use.held_bytes;
    for (const std::uint64_t bytes : use.bytes_by_age)
        row.footage_bytes += bytes;
    row.held_bytes = use.held_bytes;
    row.free_bytes = use.free_bytes;
    row.floor_days = static_cast<int>(rules.floor_days);
    row.days_held = forecast.days_held;
    if (forecast.floor_at_risk_in) {
        row.at_risk = now + *forecast.floor_at_risk_in;
        row.is_at_risk = *forecast.floor_at_risk_in <= std::chrono::days{rules.at_risk_days};
    }
    return row;
}

}  // namespace

std::uint64_t find_need(const volume::Space& space, std::uint64_t reserve_bytes) noexcept {
    const std::uint64_t headroom = std::min(space.total_bytes / 100, kMostHeadroom);
    if (space.free_bytes >= reserve_bytes + headroom) return 0;
    return reserve_bytes + 2 * headroom - space.free_bytes;
}

Result<RoomReport>
free_room(const Site& site, const PurgeVolume& volume, std::uint64_t needed_bytes, const Advance& advance) {
    RoomReport report;
    report.needed_bytes = needed_bytes;
    const auto history = catalogue::load_policy_history(site.pool);
    if (!history) return std::unexpected(history.error());
    if (policy::in_force(*history, site.clock.now()).policy.when_full != policy::WhenFull::overwrite_oldest) {
        report.is_enough = false;
        if (auto told = tell_kept(site, volume, needed_bytes); !told) return std::unexpected(told.error());
        return report;
    }
    const Status done = catalogue::with_purge_lock(site.pool, [&]() -> Status {
        auto obstacles = find_obstacles(site, *history, {});
        if (!obstacles) return std::unexpected(obstacles.error());
        report.refusals = std::move(*obstacles);
        report.is_enough = report.refusals.empty();
        if (!report.refusals.empty()) return {};
        return make_room_locked(site, volume, *history, advance, report);
    });
    if (!done) return std::unexpected(done.error());
    return report;
}

Result<RoomReport> make_room(
    const Site& site,
    const PurgeVolume& volume,
    const config::Storage& storage,
    const Advance& advance
) {
    const auto need = need_of(volume, storage);
    if (!need) return std::unexpected(need.error());
    if (*need == 0) return RoomReport{};
    return free_room(site, volume, *need, advance);
}

Result<std::vector<catalogue::ForecastRow>> foresee(const Site& site, const config::Storage& storage) {
    const auto history = catalogue::load_policy_history(site.pool);
    if (!history) return std::unexpected(history.error());
    std::vector<catalogue::ForecastRow> rows;
    const UtcTime now = site.clock.now();
    const auto ages = catalogue::load_footage_by_age(site.pool, now);
    if (!ages) return std::unexpected(ages.error());
    std::vector<VolumeUse> uses;
    for (const PurgeVolume& volume : site.volumes) {
        const auto space = volume::read_space(volume.root);
        if (!space) return std::unexpected(space.error());
        const std::uint64_t reserve =
            volume::reserve_bytes(*space, storage.reserve_bytes, storage.reserve_percent);
        uses.push_back(use_of(*ages, volume.id, space->free_bytes - std::min(reserve, space->free_bytes), now)
        );
        rows.push_back(to_row(to_string(volume.id), uses.back(), *history, now));
    }
    rows.push_back(to_row("all", together(uses), *history, now));
    return rows;
}

}  // namespace sluice::retention
