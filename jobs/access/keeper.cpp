#include "jobs/access/keeper.hpp"

#include "config/base/log.hpp"
#include "config/policy/history.hpp"
#include "storage/access/derive.hpp"
#include "storage/access/fallback.hpp"
#include "storage/catalogue/door_repository.hpp"
#include "storage/catalogue/fallback_repository.hpp"
#include "storage/catalogue/footage_repository.hpp"
#include "storage/catalogue/hold_repository.hpp"
#include "storage/catalogue/override_repository.hpp"
#include "storage/catalogue/policy_repository.hpp"
#include "storage/catalogue/recorder_repository.hpp"

#include <algorithm>

namespace sluice::jobs {
namespace {

using namespace std::chrono_literals;

constexpr auto kDeriveEvery = 10s;
constexpr auto kHoldEvery = 30s;
constexpr auto kForgetEvery = 24h;
constexpr auto kAgainAtOnce = 2s;
constexpr auto kLiveWindow = 10min;
constexpr auto kPartitionsAhead = std::chrono::hours{24 * 7};

Result<policy::AccessPolicy> load_rules(catalogue::Pool& pool, UtcTime now) {
    const auto history = catalogue::load_policy_history(pool);
    if (!history) return std::unexpected(history.error());
    return policy::in_force(*history, now).policy.access;
}

/// Controllers and doors, without schedules and rules.
Result<access::Situation> load_inventory(catalogue::Pool& pool) {
    access::Situation situation;
    auto controllers = catalogue::load_controllers(pool);
    if (!controllers) return std::unexpected(controllers.error());
    for (auto& row : *controllers)
        situation.controllers.push_back({std::move(row.controller), row.active_since});
    auto doors = catalogue::load_doors(pool);
    if (!doors) return std::unexpected(doors.error());
    for (auto& row : *doors)
        situation.doors.push_back({std::move(row.door), {}, row.active_since});
    return situation;
}

Result<access::Evidence>
load_evidence(catalogue::Pool& pool, const access::Situation& situation, const TimeRange& context) {
    std::vector<std::string> doors;
    doors.reserve(situation.doors.size());
    for (const auto& facts : situation.doors)
        doors.push_back(facts.door.slug);
    std::vector<std::string> sources;
    for (const auto& facts : situation.controllers)
        if (!facts.controller.source.empty()) sources.push_back(facts.controller.source);
    return catalogue::load_evidence(pool, context, doors, sources);
}

/// For all that the evidence may ask of them, so that what is derived of an instant is the same whenever.
Status load_schedules(
    catalogue::Pool& pool,
    access::Situation& situation,
    const access::Evidence& evidence,
    UtcTime now
) {
    const TimeRange range{access::schedule_from(situation, evidence), std::max(evidence.covers.to, now + 1s)};
    for (auto& facts : situation.doors) {
        auto schedule = catalogue::load_schedule(pool, facts.door, range);
        if (!schedule) return std::unexpected(schedule.error());
        facts.schedule = std::move(*schedule);
    }
    return {};
}

/// The cameras that see the door, as ids.
Result<std::vector<Uuid>> cameras_of(catalogue::Pool& pool, const std::string& slug) {
    const auto door = catalogue::find_door(pool, slug);
    if (!door) return std::unexpected(door.error());
    std::vector<Uuid> cameras;
    if (!*door) return cameras;
    for (const std::string& camera : (*door)->door.camera_slugs) {
        const auto found = catalogue::find_camera(pool, camera);
        if (!found) return std::unexpected(found.error());
        if (*found) cameras.push_back((*found)->id);
    }
    return cameras;
}

catalogue::HoldRow to_hold(
    const catalogue::AlarmRow& row,
    std::vector<Uuid> cameras,
    const policy::AccessPolicy& rules,
    UtcTime now
) {
    const UtcTime end = std::min(row.alarm.until.value_or(row.alarm.at + 1h), row.alarm.at + 24h);
    return {
        .id = access::id_of("hold of alarm", to_string(row.alarm.id)),
        .kind = catalogue::HoldKind::incident,
        .range = {row.alarm.at - rules.clip_before - 1min, end + rules.clip_after},
        .cameras = std::move(cameras),
        .reason = std::string{access::to_string(row.alarm.kind)} + " at " + row.alarm.door,
        .owner_kind = "incident",
        .owner_id = *row.incident_id,
        .owner = "incident " + to_string(*row.incident_id),
        .legal_basis = {},
        .custodian = {},
        .review = {},
        .expires = now + std::chrono::hours{24} * rules.hold_days,
        .placer_id = {},
        .placer = "sluice-worker",
        .placed = now,
        .release = {},
    };
}

Status
place(catalogue::Pool& pool, const catalogue::AlarmRow& row, const policy::AccessPolicy& rules, UtcTime now) {
    auto cameras = cameras_of(pool, row.alarm.door);
    if (!cameras) return std::unexpected(cameras.error());
    if (cameras->empty()) return {};
    const catalogue::HoldRow hold = to_hold(row, std::move(*cameras), rules, now);
    const auto placed = catalogue::place_hold(pool, hold, ledger::system_actor("sluice-worker"));
    if (!placed) return std::unexpected(placed.error());
    if (*placed == catalogue::HoldPlacing::owner_ended) return {};  // and is not asked for again
    log::info("alarm_footage_held", {{"alarm", to_string(row.alarm.id)}, {"hold", to_string(hold.id)}});
    return catalogue::save_alarm_hold(pool, row.alarm.id, hold.id);
}

}  // namespace

Result<catalogue::DerivedCounts> derive_window(catalogue::Pool& pool, const Look& look, UtcTime now) {
    const TimeRange& window = look.window;
    const auto rules = load_rules(pool, now);
    if (!rules) return std::unexpected(rules.error());
    auto situation = load_inventory(pool);
    if (!situation) return std::unexpected(situation.error());
    situation->rules = {
        .after_hours_grace = rules->after_hours_grace,
        .forced_release = rules->forced_release,
        .silent_heartbeats = rules->silent_heartbeats,
    };
    auto evidence = load_evidence(pool, *situation, look.context);
    if (!evidence) return std::unexpected(evidence.error());
    if (auto loaded = load_schedules(pool, *situation, *evidence, now); !loaded)
        return std::unexpected(loaded.error());
    const catalogue::Derived derived{
        .window = window,
        .alarms = access::derive(*situation, std::move(*evidence), window, now),
        .incident_days = rules->incident_days,
        .on_call = look.on_call,
        .refutation = look.refutation,
    };
    auto counts = catalogue::save_alarms(pool, derived, now);
    if (counts && counts->raised + counts->changed + counts->refuted > 0)
        log::info(
            "alarms_derived",
            {{"from", to_rfc3339(window.from)},
             {"to", to_rfc3339(window.to)},
             {"raised", counts->raised},
             {"changed", counts->changed},
             {"refuted", counts->refuted},
             {"incidents", counts->incidents}}
        );
    return counts;
}

Status AccessKeeper::derive_batches(catalogue::Pool& pool, UtcTime now, const std::stop_token& stop) {
    const auto pending = catalogue::find_pending_derivation(pool, now);
    if (!pending) return std::unexpected(pending.error());
    if (!*pending) return {};
    for (const TimeRange& window : (*pending)->windows) {
        if (stop.stop_requested()) return {};  // the place is not saved: all of it is looked at again
        const Look look{
            .window = window,
            .context = access::context_of(window),
            .on_call = on_call_,
            .refutation = "events that came later say that there was none",
        };
        const auto counts = derive_window(pool, look, now);
        if (!counts) return std::unexpected(counts.error());
    }
    return catalogue::save_derived(pool, (*pending)->place);
}

/// A piece at a time, so that a whole year keeps nothing of today waiting.
Status AccessKeeper::derive_again(catalogue::Pool& pool, UtcTime now, const std::stop_token& stop) {
    const auto until = SteadyClock::now() + kAgainAtOnce;
    do {
        if (!again_) {
            auto marked = catalogue::load_rederivations(pool, 1);
            if (!marked) return std::unexpected(marked.error());
            if (marked->empty()) return {};
            const TimeRange& range = marked->front().range;
            again_ = {
                std::move(marked->front()),
                access::merge_windows({access::window_of(range.from, range.to, {})})
            };
        }
        const TimeRange window = again_->windows.back();
        const Look look{
            .window = window,
            .context = access::context_of(window),
            .on_call = on_call_,
            .refutation = again_->why.cause,
        };
        if (const auto counts = derive_window(pool, look, now); !counts)
            return std::unexpected(counts.error());
        again_->windows.pop_back();
        if (!again_->windows.empty()) continue;
        if (auto saved = catalogue::save_rederived(pool, again_->why.id, now); !saved) return saved;
        again_.reset();
    } while (!stop.stop_requested() && SteadyClock::now() < until);
    return {};
}

/// What became an alarm because nothing came. After a rest of the worker that of the rest too.
Status AccessKeeper::derive_now(catalogue::Pool& pool, UtcTime now) {
    if (!looked_until_)
        if (auto made = catalogue::ensure_partitions(pool, now + kPartitionsAhead); !made)
            log_and_drop(made, "the default partition takes the events meanwhile");
    const UtcTime from = looked_until_ ? std::min(*looked_until_, now) - kLiveWindow : now - 24h;
    const TimeRange window{from, now + Microseconds{1}};
    // Whole days: a clock is judged once a day.
    const UtcTime midnight = calendar::start_of(calendar::taipei_date(window.from));
    const Look look{
        .window = window,
        .context = {midnight, window.to},
        .on_call = on_call_,
        .refutation = "what is known by now says that there was none",
    };
    const auto counts = derive_window(pool, look, now);
    if (!counts) return std::unexpected(counts.error());
    looked_until_ = now;
    return {};
}

Status AccessKeeper::keep_fallback(catalogue::Pool& pool, UtcTime now) {
    const auto book = catalogue::load_fallbacks(pool);
    if (!book) return std::unexpected(book.error());
    if (book->silences.empty() && book->placed.empty()) return {};
    const auto inventory = load_inventory(pool);
    if (!inventory) return std::unexpected(inventory.error());
    const access::FallbackPlan plan = access::plan_fallback(*inventory, book->silences, book->placed, now);
    if (plan.placements.empty() && plan.ends.empty()) return {};
    if (auto done = catalogue::carry_out_fallback(pool, plan, on_call_, now); !done) return done;
    log::warn(
        "controller_fallback",
        {{"doors_manual", plan.placements.size()},
         {"doors_over", plan.ends.size()},
         {"is_person_named", !on_call_.empty()}}
    );
    return {};
}

Status AccessKeeper::hold_footage(catalogue::Pool& pool, UtcTime now) {
    const auto rules = load_rules(pool, now);
    if (!rules) return std::unexpected(rules.error());
    if (rules->hold_days == 0) return {};
    const UtcTime since = now - std::chrono::hours{24} * rules->incident_days - 24h;
    const auto alarms = catalogue::load_alarms_to_hold(pool, since, now);
    if (!alarms) return std::unexpected(alarms.error());
    for (const catalogue::AlarmRow& alarm : *alarms) {
        const auto placed = place(pool, alarm, *rules, now);
        if (!placed && placed.error().remedy() == Remedy::retry) return placed;
        if (!placed) log_and_drop(placed, "the footage of an alarm is not held; it is tried again");
    }
    return {};
}

Status AccessKeeper::forget(catalogue::Pool& pool, UtcTime now) {
    const auto rules = load_rules(pool, now);
    if (!rules) return std::unexpected(rules.error());
    // A day more than a year of leap days: the database takes no younger one.
    const UtcTime before = now - std::chrono::hours{24} * (366 * static_cast<int>(rules->keep_years) + 1);
    const auto forgotten = catalogue::forget_events(pool, before, now);
    if (!forgotten) return std::unexpected(forgotten.error());
    if (*forgotten > 0)
        log::info("access_events_forgotten", {{"events", *forgotten}, {"before", to_rfc3339(before)}});
    return {};
}

Status AccessKeeper::tick(catalogue::Pool& pool, const Clock& clock, const std::stop_token& stop) {
    const auto now = SteadyClock::now();
    if (now >= forget_at_) {
        if (auto done = forget(pool, clock.now()); !done) return done;
        forget_at_ = now + kForgetEvery;
    }
    if (auto done = derive_batches(pool, clock.now(), stop); !done) return done;
    if (auto done = derive_again(pool, clock.now(), stop); !done) return done;
    if (now >= derive_at_) {
        if (auto done = derive_now(pool, clock.now()); !done) return done;
        if (auto done = keep_fallback(pool, clock.now()); !done) return done;
        derive_at_ = SteadyClock::now() + kDeriveEvery;
    }
    if (now < hold_at_) return {};
    if (auto done = hold_footage(pool, clock.now()); !done) return done;
    hold_at_ = SteadyClock::now() + kHoldEvery;
    return {};
}

}  // namespace sluice::jobs
