#include "api/requests/detail/scene.hpp"
#include "storage/catalogue/account_repository.hpp"
#include "storage/retention/rules.hpp"

#include <algorithm>
#include <array>
#include <chrono>

namespace sluice::api::requests {

using catalogue::TakenStep;
using release::Case;
using release::RequestAction;
using release::RequestState;

namespace {

// After the last day of a period: whoever files on that day, and whoever enters it.
constexpr std::chrono::days kMargin{7};

/// Whoever asked is told of these.
constexpr std::array kToldDecisions{
    RequestAction::grant,
    RequestAction::grant_part,
    RequestAction::refuse,
    RequestAction::answer_not_held,
    RequestAction::revoke,
};

catalogue::HoldRow hold_of(const Scene& scene, const TakenStep& step, catalogue::HoldKind kind) {
    const Case& request = scene.request;
    catalogue::HoldRow hold;
    hold.id = make_uuid_v7(step.now);
    hold.kind = kind;
    hold.range = *request.interval;
    hold.cameras = request.cameras;
    hold.reason = "request " + to_string(request.id);
    hold.owner_kind = "request";
    hold.owner_id = request.id;
    hold.owner = request.applicant;
    hold.placer_id = scene.call.principal->id;
    hold.placer = scene.call.principal->name;
    hold.placed = step.now;
    return hold;
}

/// Article 7(5): only a statute or case number passes the ceiling. Until an appeal has its number its hold
/// ends there; nullopt: that day has come, and the footage has to be gone.
std::optional<catalogue::HoldRow> appeal_hold(const Scene& scene, const TakenStep& step) {
    if (!scene.tried.document.empty()) {
        auto hold = hold_of(scene, step, catalogue::HoldKind::legal);
        hold.legal_basis = scene.tried.document;
        return hold;
    }
    auto hold = hold_of(scene, step, catalogue::HoldKind::legal_case);
    hold.expires =
        retention::destroy_by(hold.range.from, static_cast<int>(scene.policy.policy.ceiling_years));
    if (*hold.expires <= step.now) return std::nullopt;
    return hold;
}

/// Counted from the last day of the time that there was.
Got<std::optional<UtcTime>> extended(const Scene& scene) {
    const auto& due = scene.request.due;
    if (!due) return std::unexpected(problem(500, "INTERNAL_ERROR", "The case has no day for its decision."));
    const auto time = release::decision_time(scene.request.form.basis, scene.policy.policy.deadlines);
    const auto later = due_after(scene.call, *due - Microseconds{1}, time.extension_days);
    if (!later) return std::unexpected(later.error());
    return *later;
}

struct AskedHeads {
    std::vector<Uuid> ids;
    bool has_headless =
        false;  ///< a unit that nobody can answer for yet: whoever asked it has to see to that
};
Got<AskedHeads> heads_of_asked(const Scene& scene) {
    AskedHeads heads;
    for (const std::string& unit : scene.tried.units) {
        const auto found =
            catalogue::load_unit_heads(scene.call.services.database.pool(), unit, scene.call.now);
        if (!found) return std::unexpected(to_problem(found.error()));
        heads.has_headless |= found->empty();
        heads.ids.insert(heads.ids.end(), found->begin(), found->end());
    }
    return heads;
}

}  // namespace

Got<void> add_holds(const Scene& scene, TakenStep& step) {
    using catalogue::HoldKind;
    const policy::RequestPolicy& policy = scene.policy.policy.requests;
    const UtcTime now = step.now;
    const auto replace = [&](HoldKind kind, UtcTime end) {
        step.holds = {.releases = true, .limits_to = {}, .places = hold_of(scene, step, kind)};
        step.holds.places->expires = end;
    };
    // By the office calendar, as the period for the remedy itself.
    const auto remedy = [&]() -> Got<UtcTime> {
        const auto last = due_after(scene.call, now, scene.policy.policy.deadlines.remedy_days);
        if (!last) return last;
        return *last + kMargin;
    };
    switch (step.action) {
        case RequestAction::submit:
        case RequestAction::resubmit:
            replace(HoldKind::request, now + std::chrono::days{policy.hold_days});
            return {};
        case RequestAction::grant:
        case RequestAction::grant_part:
        case RequestAction::refuse: {
            const auto end = remedy();
            if (!end) return std::unexpected(end.error());
            replace(HoldKind::legal_case, step.grant ? std::max(step.grant->valid_to + kMargin, *end) : *end);
            return {};
        }
        case RequestAction::revoke: {
            const auto end = remedy();
            if (!end) return std::unexpected(end.error());
            step.holds.limits_to = *end;
            return {};
        }
        case RequestAction::withdraw:
            step.holds.limits_to = now + std::chrono::days{policy.withdrawn_hold_days};
            return {};
        case RequestAction::answer_not_held:
        case RequestAction::uphold:
            step.holds.releases = true;
            return {};
        case RequestAction::close:
            // A withdrawn or lapsed request's hold runs out by itself.
            step.holds.releases = step.from != RequestState::withdrawn && step.from != RequestState::lapsed;
            return {};
        case RequestAction::appeal:
            step.holds.places = appeal_hold(scene, step);
            return {};
        default:
            return {};
    }
}

Got<std::optional<UtcTime>> next_due(const Scene& scene) {
    const policy::Deadlines& days = scene.policy.policy.deadlines;
    const auto time = release::decision_time(scene.request.form.basis, days);
    const auto after = [&](unsigned count) -> Got<std::optional<UtcTime>> {
        const auto due = due_after(scene.call, scene.call.now, count);
        if (!due) return std::unexpected(due.error());
        return *due;
    };
    switch (scene.tried.attempt.action) {
        case RequestAction::return_:
            return after(days.correction_days);
        case RequestAction::reopen:
            // Before the decision the time for it runs on.
            if (scene.request.state == RequestState::deciding) return scene.request.due;
            return after(time.days);
        case RequestAction::accept:
        case RequestAction::remand:
            return after(time.days);
        case RequestAction::extend:
            return extended(scene);
        case RequestAction::refuse:
        case RequestAction::answer_not_held:
            return after(days.remedy_days);
        case RequestAction::grant:
        case RequestAction::grant_part:
            return scene.call.now + std::chrono::days{scene.policy.policy.requests.grant_days};
        case RequestAction::schedule:
        case RequestAction::start:
        case RequestAction::interrupt:
            return scene.request.grant ? std::optional{scene.request.grant->valid_to} : std::nullopt;
        case RequestAction::sign:
        case RequestAction::screen:
        case RequestAction::refer:
        case RequestAction::opine:
            return scene.request.due;
        default:
            return std::nullopt;
    }
}

Got<void> add_notices(const Scene& scene, TakenStep& step) {
    const auto tell = [&](catalogue::NoticeKind kind, const char* role, std::optional<Uuid> addressee = {}) {
        step.notices.push_back({
            .kind = kind,
            .subject_id = step.request_id,
            .audience = role,
            .addressee_id = addressee,
            .due = step.due,
        });
    };
    using enum catalogue::NoticeKind;
    const bool is_changed = step.from != step.to;
    if (is_changed && step.to == RequestState::submitted) tell(submitted, "secretariat");
    const auto& applicant = scene.request.applicant_id;
    if (step.action == RequestAction::return_)
        tell(correction_due, applicant ? "applicant" : "secretariat", applicant);
    if (is_changed && step.to == RequestState::countersigning) {
        tell(countersign_wanted, "ethics");
        const auto heads = heads_of_asked(scene);
        if (!heads) return std::unexpected(heads.error());
        for (const Uuid& head : heads->ids)
            tell(countersign_wanted, "unit_head", head);
        if (heads->has_headless) tell(countersign_wanted, "secretariat");
    }
    if (std::ranges::find(kToldDecisions, step.action) != kToldDecisions.end())
        tell(decision, applicant ? "applicant" : "secretariat", applicant);
    if (step.action == RequestAction::extend)
        tell(catalogue::NoticeKind::extended, applicant ? "applicant" : "secretariat", applicant);
    // What was decided is taken back, perhaps out of a session that is going on.
    if (step.action == RequestAction::reopen && step.from != RequestState::deciding) {
        tell(consent_withdrawn, "secretariat");
        if (applicant) tell(consent_withdrawn, "applicant", applicant);
    }
    // The ethics office is told of a judicial request, and not asked.
    if (step.action == RequestAction::refer && step.to == RequestState::deciding) tell(submitted, "ethics");
    return {};
}

}  // namespace sluice::api::requests
