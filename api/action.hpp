#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace sluice::api {

/// What can be asked of the service. Every route names one. tests/data/authorisation.csv says who may.
enum class Action : std::uint8_t {
    read_health,
    read_metrics,
    read_contract,
    open_session,
    read_session,
    close_session,

    list_cameras,
    read_camera,
    list_segments,
    read_coverage,

    read_recorders,      ///< what they tell of themselves, and the power
    read_recorder_acts,  ///< what somebody did at one

    read_clip,      ///< as a file: belongs to a copy
    read_snapshot,  ///< likewise
    play_recorded,  ///< recorded footage as a stream: belongs to a viewing
    read_live,      ///< footage of the last minutes, as it comes in
    read_media,     ///< a piece of either stream: whoever may see one of them may ask, then its time decides

    list_jobs,
    read_job,
    start_job,
    cancel_job,
    start_purge,
    read_retention,  ///< purges, certificates, forecast, planner, coverage report
    read_holds,
    change_hold,  ///< place, extend, release
    read_policy,
    propose_policy,
    adopt_policy,
    evaluate_policy,  ///< what a hypothetical case would come to
    read_ledger,      ///< checkpoint, tiles and leaves: nothing in them can be read
    cosign_ledger,
    read_records,  ///< who did what

    create_account,
    list_accounts,
    read_account,
    change_account,
    disable_account,
    depart_account,
    change_own_password,
    change_own_factor,
    create_delegation,
    revoke_delegation,
    read_delegations,
    create_live_approval,
    revoke_live_approval,
    read_live_approvals,

    create_request,
    read_request,
    change_request,
    put_attachment,
    read_attachment,
    read_screening,  ///< what footage there is, and what a grant would open
    screen_grounds,  ///< fill in the worksheet
    record_consent,  ///< and its withdrawal
    request_submit,
    request_return,
    request_resubmit,
    request_sign,
    request_accept,
    request_screen,
    request_refer,
    request_answer_not_held,
    request_opine,
    request_grant,
    request_grant_part,
    request_refuse,
    request_reopen,
    request_schedule,
    request_start,
    request_interrupt,
    request_complete,
    request_close,
    request_withdraw,
    request_appeal,
    request_remand,
    request_uphold,
    request_revoke,
    request_extend,

    read_dossier,
    export_dossier,
    destroy_dossier,  ///< its papers, once their time is over
    read_register,
    correct_register,
    open_viewing,
    escort_viewing,  ///< renew the escort's presence
    join_viewing,    ///< the viewer comes in
    end_viewing,
    read_viewing,  ///< its record, no footage
    export_copy,   ///< have a package made
    read_copy,     ///< fetch the package
    record_copy,   ///< receipt, return, destruction
    list_copies,

    read_notices,
    acknowledge_notice,
    read_calendar,
    import_calendar,
    manage_webhooks,  ///< see what could not be delivered, send it again

    // ---- the contractor
    read_contractor,  ///< its cameras and clips; of all of them also findings and slots
    announce_camera,
    send_heartbeat,
    push_clip,
    decide_contractor_camera,  ///< accept or refuse
    change_contractor_slot,
    report_incident,
    read_incidents,
    handle_incident,  ///< steps, notes, links, pointers
    read_duties,      ///< inspections, duties, repairs, follow-ups, assets, duty periods
    fill_inspection,
    close_inspections,  ///< a month of them
    do_duty,            ///< and end repairs, close follow-ups, tick checklists
    manage_duties,      ///< set them up, and open repairs and follow-ups, keep assets
    place_duty_period,
    read_doors,        ///< inventory, modes, schedules, and what is decided against them
    change_doors,      ///< the inventory
    decide_door_mode,  ///< place and end overrides
    read_door_people,  ///< rosters, cards, visitors, vehicles
    import_roster,
    apply_credential,      ///< for a card
    decide_credential,     ///< on an application
    change_credential,     ///< suspend, reactivate, expire
    register_visit,        ///< visitors and vehicle permits, in and out
    post_access_events,    ///< what controllers do
    import_access_events,  ///< hand in what a controller's program exported
    read_access,           ///< events, alarms, stream, report
    answer_alarm,          ///< acknowledge and resolve
};

/// What an action is done to.
enum class Resource : std::uint8_t {
    service,
    session,
    camera,
    footage,
    job,
    retention,
    hold,
    policy,
    ledger,
    account,
    delegation,
    live_approval,
    request,
    dossier,
    register_,  ///< "register" outside
    viewing,
    copy,
    notice,
    calendar,
    webhook,
    contractor,
    incident,
    duty,
    door,
    door_person,
    recorder,
    access,  ///< events at the doors and what follows from them
};

/// Acts for which the policy can want a second factor.
enum class SecondFactor : std::uint8_t { never, to_approve, to_export, to_escort };

struct ActionFacts {
    Action action;
    std::string_view name;
    Resource resource;
    bool is_personal = false;  ///< it matters whose the resource is
    SecondFactor second_factor = SecondFactor::never;
};

/// All of them, in the order of the enumeration.
[[nodiscard]] std::span<const ActionFacts> all_actions() noexcept;
[[nodiscard]] const ActionFacts& facts_of(Action action) noexcept;
[[nodiscard]] std::string_view to_string(Action action) noexcept;
[[nodiscard]] std::string_view to_string(Resource resource) noexcept;
[[nodiscard]] std::optional<Action> action_from_string(std::string_view name) noexcept;

}  // namespace sluice::api
