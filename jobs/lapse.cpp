#include "jobs/lapse.hpp"

#include "config/base/log.hpp"
#include "storage/catalogue/policy_repository.hpp"
#include "storage/catalogue/request_repository.hpp"
#include "storage/catalogue/request_step_repository.hpp"
#include "storage/release/rules.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <optional>
#include <vector>

#include <nlohmann/json.hpp>

namespace sluice::jobs {
namespace {

using release::Case;
using release::Part;

constexpr std::size_t kMostAtOnce = 100;

/// The version of the acceptance, or the one in force.
const policy::Policy& policy_of(const policy::History& history, const Case& request, UtcTime now) {
    if (request.policy_version) {
        const auto found = std::ranges::find(history, *request.policy_version, &policy::Version::number);
        if (found != history.end()) return found->policy;
    }
    return policy::in_force(history, now).policy;
}

/// nullopt: the rules do not let the clock do it.
std::optional<catalogue::TakenStep>
clock_step(const Case& request, release::RequestAction action, const policy::Policy& policy, UtcTime now) {
    release::Attempt attempt;
    attempt.action = action;
    constexpr std::array kClock{Part::clock};
    const auto verdict =
        release::judge(request, attempt, {}, kClock, {.now = now, .policy = policy.requests});
    if (!verdict.next) return std::nullopt;
    catalogue::TakenStep step;
    step.request_id = request.id;
    step.revision = request.revision;
    step.action = action;
    step.part = Part::clock;
    step.from = request.state;
    step.to = *verdict.next;
    step.actor = ledger::system_actor("sluice-worker");
    step.now = now;
    step.policy_version = request.policy_version;
    step.dossier_number = request.dossier_number;
    return step;
}

/// Whoever asked, and the office that keeps the case: for either something has come to nothing. Nobody else
/// had anything left to do in it. `due` is the time that is over.
std::vector<catalogue::NewNotice> notices_of_lapse(const Case& request) {
    catalogue::NewNotice notice{
        .kind = catalogue::NoticeKind::lapsed,
        .subject_id = request.id,
        .audience = "secretariat",
        .due = request.due,
    };
    std::vector<catalogue::NewNotice> notices{notice};
    if (!request.applicant_id) return notices;
    notice.audience = "applicant";
    notice.addressee_id = request.applicant_id;
    notices.push_back(notice);
    return notices;
}

Result<bool> lapse(catalogue::Pool& pool, const policy::History& history, const Case& request, UtcTime now) {
    const policy::Policy& policy = policy_of(history, request, now);
    auto step = clock_step(request, release::RequestAction::lapse, policy, now);
    if (!step) return false;
    step->ends_grant = request.grant.has_value();
    if (const auto entry = release::closing_entry(step->action, request.appealed))
        step->entry = catalogue::NewEntry{*entry, "{}"};
    step->notices = notices_of_lapse(request);
    step->holds.limits_to = now + std::chrono::days{policy.requests.withdrawn_hold_days};
    const auto done = catalogue::take_step(pool, *step);
    if (!done) return std::unexpected(done.error());
    if (*done)
        log::info("request_lapsed", {{"request", to_string(request.id)}, {"from", to_string(step->from)}});
    return done->has_value();
}

}  // namespace

Result<std::size_t> lapse_requests(catalogue::Pool& pool, UtcTime now) {
    const auto overdue = catalogue::load_overdue_requests(pool, now, kMostAtOnce);
    if (!overdue) return std::unexpected(overdue.error());
    if (overdue->empty()) return 0;
    const auto history = catalogue::load_policy_history(pool);
    if (!history) return std::unexpected(history.error());
    std::size_t count = 0;
    for (const Uuid& id : *overdue) {
        const auto request = catalogue::find_request(pool, id);
        if (!request) return std::unexpected(request.error());
        if (!*request) continue;
        const auto lapsed = lapse(pool, *history, **request, now);
        if (lapsed) {
            count += *lapsed ? 1 : 0;
            continue;
        }
        if (lapsed.error().remedy() == Remedy::retry) return std::unexpected(lapsed.error());
        // One that the tables refuse is nobody else's fault: the others lapse, and what comes after is done.
        log::error("request_not_lapsed", {{"request", to_string(id)}, {"error", lapsed.error().describe()}});
    }
    return count;
}

Result<bool>
interrupt_request(catalogue::Pool& pool, const Uuid& id, const std::string& reason, UtcTime now) {
    const auto request = catalogue::find_request(pool, id);
    if (!request) return std::unexpected(request.error());
    if (!*request || (*request)->state != release::RequestState::in_session) return true;
    const auto history = catalogue::load_policy_history(pool);
    if (!history) return std::unexpected(history.error());
    auto step =
        clock_step(**request, release::RequestAction::interrupt, policy_of(*history, **request, now), now);
    if (!step) return false;
    step->facts = nlohmann::json{{"note", reason}}.dump();
    if ((*request)->grant) step->due = (*request)->grant->valid_to;
    const auto done = catalogue::take_step(pool, *step);
    if (!done) return std::unexpected(done.error());
    if (*done) log::info("request_interrupted", {{"request", to_string(id)}, {"reason", reason}});
    return done->has_value();
}

}  // namespace sluice::jobs
