#include "api/action.hpp"

#include <algorithm>
#include <array>

namespace sluice::api {
namespace {

constexpr std::array kActions{
    ActionFacts{Action::read_health, "read_health", Resource::service},
    ActionFacts{Action::read_metrics, "read_metrics", Resource::service},
    ActionFacts{Action::read_contract, "read_contract", Resource::service},
    ActionFacts{Action::open_session, "open_session", Resource::session},
    ActionFacts{Action::read_session, "read_session", Resource::session},
    ActionFacts{Action::close_session, "close_session", Resource::session},
    ActionFacts{Action::list_cameras, "list_cameras", Resource::camera},
    ActionFacts{Action::read_camera, "read_camera", Resource::camera, true},
    ActionFacts{Action::list_segments, "list_segments", Resource::camera, true},
    ActionFacts{Action::read_coverage, "read_coverage", Resource::camera, true},
    ActionFacts{Action::read_recorders, "read_recorders", Resource::recorder},
    ActionFacts{Action::read_recorder_acts, "read_recorder_acts", Resource::recorder},
    ActionFacts{Action::read_clip, "read_clip", Resource::footage},
    ActionFacts{Action::read_snapshot, "read_snapshot", Resource::footage},
    ActionFacts{Action::play_recorded, "play_recorded", Resource::footage},
    ActionFacts{Action::read_live, "read_live", Resource::footage},
    ActionFacts{Action::read_media, "read_media", Resource::footage},
    ActionFacts{Action::list_jobs, "list_jobs", Resource::job},
    ActionFacts{Action::read_job, "read_job", Resource::job},
    ActionFacts{Action::start_job, "start_job", Resource::job},
    ActionFacts{Action::cancel_job, "cancel_job", Resource::job},
    ActionFacts{Action::start_purge, "start_purge", Resource::retention},
    ActionFacts{Action::read_retention, "read_retention", Resource::retention},
    ActionFacts{Action::read_holds, "read_holds", Resource::hold},
    ActionFacts{Action::change_hold, "change_hold", Resource::hold},
    ActionFacts{Action::read_policy, "read_policy", Resource::policy},
    ActionFacts{Action::propose_policy, "propose_policy", Resource::policy},
    ActionFacts{Action::adopt_policy, "adopt_policy", Resource::policy},
    ActionFacts{Action::evaluate_policy, "evaluate_policy", Resource::policy},
    ActionFacts{Action::read_ledger, "read_ledger", Resource::ledger},
    ActionFacts{Action::cosign_ledger, "cosign_ledger", Resource::ledger},
    ActionFacts{Action::read_records, "read_records", Resource::ledger},
    ActionFacts{Action::create_account, "create_account", Resource::account},
    ActionFacts{Action::list_accounts, "list_accounts", Resource::account},
    ActionFacts{Action::read_account, "read_account", Resource::account, true},
    ActionFacts{Action::change_account, "change_account", Resource::account, true},
    ActionFacts{Action::disable_account, "disable_account", Resource::account, true},
    ActionFacts{Action::depart_account, "depart_account", Resource::account, true},
    ActionFacts{Action::change_own_password, "change_own_password", Resource::account},
    ActionFacts{Action::change_own_factor, "change_own_factor", Resource::account},
    ActionFacts{Action::create_delegation, "create_delegation", Resource::delegation, true},
    ActionFacts{Action::revoke_delegation, "revoke_delegation", Resource::delegation, true},
    ActionFacts{Action::read_delegations, "read_delegations", Resource::delegation},
    ActionFacts{Action::create_live_approval, "create_live_approval", Resource::live_approval, true},
    ActionFacts{Action::revoke_live_approval, "revoke_live_approval", Resource::live_approval, true},
    ActionFacts{Action::read_live_approvals, "read_live_approvals", Resource::live_approval},
    ActionFacts{Action::create_request, "create_request", Resource::request},
    ActionFacts{Action::read_request, "read_request", Resource::request, true},
    ActionFacts{Action::change_request, "change_request", Resource::request, true},
    ActionFacts{Action::put_attachment, "put_attachment", Resource::request, true},
    ActionFacts{Action::read_attachment, "read_attachment", Resource::request, true},
    ActionFacts{Action::read_screening, "read_screening", Resource::request, true},
    ActionFacts{Action::screen_grounds, "screen_grounds", Resource::request, true},
    ActionFacts{Action::record_consent, "record_consent", Resource::request, true},
    ActionFacts{Action::request_submit, "request_submit", Resource::request, true},
    ActionFacts{Action::request_return, "request_return", Resource::request, true},
    ActionFacts{Action::request_resubmit, "request_resubmit", Resource::request, true},
    ActionFacts{Action::request_sign, "request_sign", Resource::request, true, SecondFactor::to_approve},
    ActionFacts{Action::request_accept, "request_accept", Resource::request, true},
    ActionFacts{Action::request_screen, "request_screen", Resource::request, true},
    ActionFacts{Action::request_refer, "request_refer", Resource::request, true},
    ActionFacts{Action::request_answer_not_held, "request_answer_not_held", Resource::request, true},
    ActionFacts{Action::request_opine, "request_opine", Resource::request, true},
    ActionFacts{Action::request_grant, "request_grant", Resource::request, true, SecondFactor::to_approve},
    ActionFacts{
        Action::request_grant_part,
        "request_grant_part",
        Resource::request,
        true,
        SecondFactor::to_approve
    },
    ActionFacts{Action::request_refuse, "request_refuse", Resource::request, true, SecondFactor::to_approve},
    ActionFacts{Action::request_reopen, "request_reopen", Resource::request, true},
    ActionFacts{Action::request_schedule, "request_schedule", Resource::request, true},
    ActionFacts{Action::request_start, "request_start", Resource::request, true, SecondFactor::to_escort},
    ActionFacts{Action::request_interrupt, "request_interrupt", Resource::request, true},
    ActionFacts{
        Action::request_complete,
        "request_complete",
        Resource::request,
        true,
        SecondFactor::to_escort
    },
    ActionFacts{Action::request_close, "request_close", Resource::request, true},
    ActionFacts{Action::request_withdraw, "request_withdraw", Resource::request, true},
    ActionFacts{Action::request_appeal, "request_appeal", Resource::request, true},
    ActionFacts{Action::request_remand, "request_remand", Resource::request, true},
    ActionFacts{Action::request_uphold, "request_uphold", Resource::request, true},
    ActionFacts{Action::request_revoke, "request_revoke", Resource::request, true},
    ActionFacts{Action::request_extend, "request_extend", Resource::request, true},
    ActionFacts{Action::read_dossier, "read_dossier", Resource::dossier},
    ActionFacts{Action::export_dossier, "export_dossier", Resource::dossier, false, SecondFactor::to_export},
    ActionFacts{Action::destroy_dossier, "destroy_dossier", Resource::dossier},
    ActionFacts{Action::read_register, "read_register", Resource::register_},
    ActionFacts{Action::correct_register, "correct_register", Resource::register_},
    ActionFacts{Action::open_viewing, "open_viewing", Resource::viewing, false, SecondFactor::to_escort},
    ActionFacts{Action::escort_viewing, "escort_viewing", Resource::viewing, false, SecondFactor::to_escort},
    ActionFacts{Action::join_viewing, "join_viewing", Resource::viewing},
    ActionFacts{Action::end_viewing, "end_viewing", Resource::viewing},
    ActionFacts{Action::read_viewing, "read_viewing", Resource::viewing},
    ActionFacts{Action::export_copy, "export_copy", Resource::copy, false, SecondFactor::to_export},
    ActionFacts{Action::read_copy, "read_copy", Resource::copy, false, SecondFactor::to_export},
    ActionFacts{Action::record_copy, "record_copy", Resource::copy},
    ActionFacts{Action::list_copies, "list_copies", Resource::copy},
    ActionFacts{Action::read_notices, "read_notices", Resource::notice},
    ActionFacts{Action::acknowledge_notice, "acknowledge_notice", Resource::notice},
    ActionFacts{Action::read_calendar, "read_calendar", Resource::calendar},
    ActionFacts{Action::import_calendar, "import_calendar", Resource::calendar},
    ActionFacts{Action::manage_webhooks, "manage_webhooks", Resource::webhook},
    ActionFacts{Action::read_contractor, "read_contractor", Resource::contractor, true},
    ActionFacts{Action::announce_camera, "announce_camera", Resource::contractor},
    ActionFacts{Action::send_heartbeat, "send_heartbeat", Resource::contractor},
    ActionFacts{Action::push_clip, "push_clip", Resource::contractor},
    ActionFacts{Action::decide_contractor_camera, "decide_contractor_camera", Resource::contractor},
    ActionFacts{Action::change_contractor_slot, "change_contractor_slot", Resource::contractor},
    ActionFacts{Action::report_incident, "report_incident", Resource::incident},
    ActionFacts{Action::read_incidents, "read_incidents", Resource::incident},
    ActionFacts{Action::handle_incident, "handle_incident", Resource::incident},
    ActionFacts{Action::read_duties, "read_duties", Resource::duty},
    ActionFacts{Action::fill_inspection, "fill_inspection", Resource::duty},
    ActionFacts{Action::close_inspections, "close_inspections", Resource::duty},
    ActionFacts{Action::do_duty, "do_duty", Resource::duty},
    ActionFacts{Action::manage_duties, "manage_duties", Resource::duty},
    ActionFacts{Action::place_duty_period, "place_duty_period", Resource::duty},
    ActionFacts{Action::read_doors, "read_doors", Resource::door},
    ActionFacts{Action::change_doors, "change_doors", Resource::door},
    ActionFacts{Action::decide_door_mode, "decide_door_mode", Resource::door},
    ActionFacts{Action::read_door_people, "read_door_people", Resource::door_person},
    ActionFacts{Action::import_roster, "import_roster", Resource::door_person},
    ActionFacts{Action::apply_credential, "apply_credential", Resource::door_person},
    ActionFacts{Action::decide_credential, "decide_credential", Resource::door_person, true},
    ActionFacts{Action::change_credential, "change_credential", Resource::door_person},
    ActionFacts{Action::register_visit, "register_visit", Resource::door_person},
    ActionFacts{Action::post_access_events, "post_access_events", Resource::access},
    ActionFacts{Action::import_access_events, "import_access_events", Resource::access},
    ActionFacts{Action::read_access, "read_access", Resource::access},
    ActionFacts{Action::answer_alarm, "answer_alarm", Resource::access},
};

constexpr bool is_in_order() {
    for (std::size_t i = 0; i < kActions.size(); ++i)
        if (static_cast<std::size_t>(kActions[i].action) != i) return false;
    return kActions.back().action == Action::answer_alarm;
}
static_assert(is_in_order(), "one line for each action, as they are enumerated");

constexpr std::array<std::string_view, 27> kResources{
    "service",  "session", "camera",  "footage",     "job",           "retention", "hold",
    "policy",   "ledger",  "account", "delegation",  "live_approval", "request",   "dossier",
    "register", "viewing", "copy",    "notice",      "calendar",      "webhook",   "contractor",
    "incident", "duty",    "door",    "door_person", "recorder",      "access",
};
static_assert(kResources.size() == static_cast<std::size_t>(Resource::access) + 1);

}  // namespace

std::span<const ActionFacts> all_actions() noexcept {
    return kActions;
}

const ActionFacts& facts_of(Action action) noexcept {
    return kActions[static_cast<std::size_t>(action)];
}

std::string_view to_string(Action action) noexcept {
    return facts_of(action).name;
}

std::string_view to_string(Resource resource) noexcept {
    return kResources[static_cast<std::size_t>(resource)];
}

std::optional<Action> action_from_string(std::string_view name) noexcept {
    const auto found = std::ranges::find(kActions, name, &ActionFacts::name);
    return found == kActions.end() ? std::nullopt : std::optional{found->action};
}

}  // namespace sluice::api
