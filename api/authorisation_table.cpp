#include "api/authorisation_table.hpp"

#include <cstddef>

namespace sluice::api {
namespace {

/// A set of roles, relations or states.
template <class Word>
class Set {
public:
    constexpr Set() = default;
    constexpr Set(Word word)
        : bits_(1U << static_cast<unsigned>(word)) {}  // NOLINT(*-explicit-*): reads as a word
    [[nodiscard]] constexpr bool has(Word word) const { return (bits_ & Set{word}.bits_) != 0; }
    friend constexpr Set operator|(Set left, Set right) {
        left.bits_ |= right.bits_;
        return left;
    }

private:
    std::uint32_t bits_ = 0;
};
constexpr Set<Role> operator|(Role left, Role right) {
    return Set<Role>{left} | Set<Role>{right};
}
constexpr Set<State> operator|(State left, State right) {
    return Set<State>{left} | Set<State>{right};
}
constexpr Set<Relation> operator|(Relation left, Relation right) {
    return Set<Relation>{left} | Set<Relation>{right};
}

/// One sentence of the table: these roles, doing one of these things to something that stands to them so,
/// while things are so.
struct Rule {
    Set<Role> who;
    std::vector<Action> what;
    Set<Relation> whose;
    Set<State> when;
    Verdict verdict;
};

constexpr Verdict allowed(std::string_view article = {}) {
    return {.effect = Verdict::Effect::allow, .code = {}, .article = article};
}
constexpr Verdict denied(std::string_view code, std::string_view article = {}) {
    return {.effect = Verdict::Effect::deny, .code = code, .article = article};
}

using enum Role;
using enum Action;
using enum State;
constexpr auto own = Relation::own;
constexpr auto of_unit = Relation::unit;
constexpr auto other = Relation::other;

constexpr auto anyones = own | of_unit | other;
constexpr auto not_own = of_unit | other;
constexpr auto always = bootstrap | active;  ///< while the account is in order
constexpr auto with_accounts =
    Set{ungranted} | view_granted | viewing | copy_granted | masked | live_approved;
constexpr auto everybody_but_admin =
    secretariat | ethics | level1 | director | unit_head | applicant | Set{guard} | auditor | reviewer;
constexpr auto persons = everybody_but_admin | admin;
constexpr auto who_reads = secretariat | director | ethics | Set{auditor};
constexpr auto delegates = delegate_of_director | delegate_of_level1;
constexpr auto machines = operator_ | viewer | metrics | contractor | Set{door_controller};
constexpr auto whoever = persons | delegates | machines | Set{visitor};

const std::vector<Action>& footage() {
    static const std::vector<Action> actions{read_clip, read_snapshot, play_recorded, read_live, read_media};
    return actions;
}

std::vector<Action> every_action() {
    std::vector<Action> actions;
    for (const ActionFacts& facts : all_actions())
        actions.push_back(facts.action);
    return actions;
}

/// Before the first account: the machines' rule. `operator` does what isn't reserved to two persons, `viewer`
/// sees everything, articles are not enforced.
std::vector<Rule> bootstrap_rules() {
    return {
        {operator_ | viewer, footage(), anyones, bootstrap, allowed()},
        {operator_,
         {change_hold, read_records, evaluate_policy, import_calendar},
         anyones,
         bootstrap,
         allowed()},
    };
}

/// Article 7: nobody sees or takes footage whom it has not been granted. A viewing plays, a copy is a file.
std::vector<Rule> footage_rules() {
    constexpr auto see = everybody_but_admin;
    return {
        {whoever, footage(), anyones, with_accounts, denied("ART7_NOT_APPROVED", "7")},
        {see | visitor, {play_recorded, read_media}, anyones, viewing, allowed("7")},
        {see, {read_clip, read_snapshot}, anyones, copy_granted, allowed("7")},
        {see, {read_live, read_media}, anyones, live_approved, allowed("7")},
        {see | visitor,
         {play_recorded, read_media, read_clip, read_snapshot},
         anyones,
         masked,
         denied("MASK_NOT_RENDERED", "10(3)")},
        // Who configures the cameras sees nothing of them, in whatever other role.
        {admin,
         footage(),
         anyones,
         with_accounts,
         {.effect = Verdict::Effect::never, .code = "ART7_NOT_APPROVED", .article = "7"}},
    };
}

/// The service, and what is recorded, without showing it.
std::vector<Rule> service_rules() {
    return {
        {whoever | nobody, {read_health}, anyones, always, allowed()},
        {nobody, {open_session}, anyones, always, allowed()},  // with name and password
        {persons | operator_ | viewer,
         {open_session, read_session, close_session, read_contract},
         anyones,
         always,
         allowed()},
        {contractor | door_controller, {read_contract}, anyones, always, allowed()},
        {operator_ | metrics, {read_metrics}, anyones, always, allowed()},
        {persons | operator_ | viewer, {list_cameras}, anyones, always, allowed()},
        {who_reads | admin | operator_ | viewer,
         {read_camera, list_segments, read_coverage},
         own | other,
         always,
         allowed()},
        {contractor, {read_camera, list_segments, read_coverage}, own, always, allowed()},
        {who_reads | admin | operator_ | viewer, {read_recorders}, anyones, always, allowed()},
        {who_reads | operator_, {read_recorder_acts}, anyones, always, allowed()},
        {secretariat | ethics | Set{auditor} | admin | operator_,
         {list_jobs, read_job},
         anyones,
         always,
         allowed()},
        {operator_, {start_job, cancel_job}, anyones, always, allowed()},
        {secretariat | operator_, {start_purge}, anyones, always, allowed()},
        {who_reads | admin | operator_, {read_retention, read_policy}, anyones, always, allowed()},
        {who_reads | operator_, {read_holds}, anyones, always, allowed()},
        {secretariat, {change_hold}, anyones, always, allowed("7(4)")},
        {secretariat, {propose_policy}, anyones, always, allowed("12")},
        {director, {adopt_policy}, anyones, always, allowed("12")},
        {who_reads | level1 | unit_head | reviewer, {evaluate_policy}, anyones, always, allowed()},
        {persons | operator_ | viewer, {read_ledger}, anyones, always, allowed()},
        {ethics | Set{auditor} | operator_, {cosign_ledger}, anyones, always, allowed()},
        {ethics | auditor, {read_records}, anyones, always, allowed()},
    };
}

/// Accounts: kept by `admin`, who has no say over his own. Powers are lent only by who has them.
std::vector<Rule> account_rules() {
    constexpr auto self_approval = denied("SOD_SELF_APPROVAL");
    return {
        {admin, {create_account}, anyones, always, allowed("7(2)")},
        {admin, {change_account, disable_account, depart_account}, not_own, always, allowed("7(2)")},
        {admin, {change_account, disable_account, depart_account}, own, always, self_approval},
        {who_reads | admin, {list_accounts, read_account}, anyones, always, allowed()},
        {persons, {read_account}, own, always, allowed()},
        {persons, {change_own_password, change_own_factor}, anyones, always, allowed("7")},
        {director | level1, {create_delegation, revoke_delegation}, own, always, allowed()},
        {who_reads | admin | level1, {read_delegations}, anyones, always, allowed()},
        {secretariat, {create_live_approval}, not_own, always, allowed("7")},
        {secretariat, {create_live_approval}, own, always, self_approval},
        {secretariat | director, {revoke_live_approval}, anyones, always, allowed("7")},
        {who_reads, {read_live_approvals}, anyones, always, allowed()},
    };
}

/// Requests: who may take a step at all. In which state, after whom and with which papers is the life
/// cycle's.
std::vector<Rule> request_rules() {
    return {
        {applicant | secretariat, {create_request}, anyones, always, allowed("9(1)")},
        {who_reads | level1 | reviewer | delegates,
         {read_request, read_attachment},
         anyones,
         always,
         allowed()},
        {applicant | unit_head, {read_request, read_attachment}, own | of_unit, always, allowed()},
        {applicant, {change_request, put_attachment}, own, always, allowed("9(1)")},
        {secretariat, {change_request, put_attachment}, anyones, always, allowed("9(1)")},
        {applicant,
         {request_submit, request_resubmit, request_withdraw, request_appeal},
         own,
         always,
         allowed("9(1)")},
        {secretariat,
         {request_submit, request_resubmit, request_withdraw, request_appeal},
         anyones,
         always,
         allowed("9(1)")},
        {secretariat,
         {request_return,
          request_accept,
          request_screen,
          request_refer,
          request_answer_not_held,
          request_reopen,
          request_extend,
          request_schedule},
         anyones,
         always,
         allowed("9")},
        {who_reads | level1 | reviewer | delegates, {read_screening}, anyones, always, allowed("10")},
        {unit_head, {read_screening}, of_unit, always, allowed("10")},
        {secretariat, {screen_grounds, record_consent}, anyones, always, allowed("10")},
        {ethics, {request_opine}, anyones, always, allowed("9")},
        {unit_head, {request_opine}, of_unit, always, allowed("9")},
        {director, {request_remand, request_uphold, request_revoke}, anyones, always, allowed("9(2)")},
        {secretariat,
         {request_start, request_interrupt, request_complete, request_close},
         anyones,
         always,
         allowed("9(4)")},
    };
}

/// Signatures and decisions: nobody approves what he asked for himself.
std::vector<Rule> approval_rules() {
    constexpr auto self_approval = denied("SOD_SELF_APPROVAL");
    constexpr auto decide_all = director | delegate_of_director;
    constexpr auto sign_last = level1 | director | delegate_of_level1;
    const std::vector<Action> decisions{request_grant, request_grant_part, request_refuse};
    return {
        {applicant, {request_sign}, own, always, allowed("9(1)")},
        {unit_head, {request_sign}, own | of_unit, always, allowed("9(1)")},
        {secretariat | reviewer | ethics, {request_sign}, anyones, always, allowed("9(1)")},
        {sign_last, {request_sign}, not_own, always, allowed("9(1)")},
        {sign_last, {request_sign}, own, always | unverified, self_approval},
        {decide_all, decisions, not_own, always, allowed("9(2)")},
        {decide_all, decisions, own, always | unverified, self_approval},
    };
}

/// The papers of a case, viewings with an escort, and copies.
std::vector<Rule> release_rules() {
    return {
        {who_reads | delegate_of_director, {read_dossier}, anyones, always, allowed("8")},
        {secretariat, {export_dossier}, anyones, always, allowed("8")},
        {secretariat, {destroy_dossier}, anyones, always, allowed("9(4)")},
        {who_reads, {read_register, read_viewing, list_copies}, anyones, always, allowed("9(4)")},
        {secretariat,
         {correct_register, open_viewing, escort_viewing, end_viewing, export_copy, read_copy, record_copy},
         anyones,
         always,
         allowed("9(4)")},
        {everybody_but_admin | visitor, {join_viewing}, anyones, always, allowed("9(4)")},
    };
}

std::vector<Rule> house_rules() {
    return {
        {secretariat | ethics | level1 | director | unit_head | applicant | Set{auditor} | reviewer | admin,
         {read_notices, acknowledge_notice},
         anyones,
         always,
         allowed()},
        {persons | operator_, {read_calendar}, anyones, always, allowed()},
        {admin | secretariat, {import_calendar}, anyones, always, allowed()},
        {admin, {manage_webhooks}, anyones, always, allowed()},
    };
}

/// Article 5: the contractor's machine sees and says what is its own, and nothing else.
std::vector<Rule> contractor_rules() {
    return {
        {contractor, {read_contractor}, own, always, allowed("5")},
        {contractor, {announce_camera, send_heartbeat, push_clip}, anyones, always, allowed("5")},
        {who_reads | admin | operator_, {read_contractor}, anyones, always, allowed("5")},
        {secretariat | Set{admin} | operator_,
         {decide_contractor_camera, change_contractor_slot},
         anyones,
         always,
         allowed("5")},
    };
}

/// Incidents and duties: whoever sees something reports it, the secretariat handles it. Which step somebody
/// may take is the life cycle's.
std::vector<Rule> duty_rules() {
    return {
        {secretariat | ethics | level1 | director | unit_head | applicant | Set{guard} | reviewer | admin,
         {report_incident},
         anyones,
         always,
         allowed()},
        {secretariat | director, {handle_incident}, anyones, always, allowed()},
        {operator_,
         {report_incident, handle_incident, fill_inspection, do_duty, manage_duties, place_duty_period},
         anyones,
         bootstrap,
         allowed()},
        {who_reads | admin | operator_, {read_incidents}, anyones, always, allowed()},
        {who_reads | unit_head | admin | operator_, {read_duties}, anyones, always, allowed()},
        {secretariat, {fill_inspection, manage_duties}, anyones, always, allowed()},
        {unit_head | director, {close_inspections}, anyones, always, allowed()},
        {secretariat | admin, {do_duty}, anyones, always, allowed()},
        {secretariat | director, {place_duty_period}, anyones, always, allowed()},
    };
}

/// Doors: configured by `admin`, decided about by the secretariat and the director. Who comes through them is
/// known to the secretariat, and to nobody who need not know.
std::vector<Rule> door_rules() {
    return {
        {persons | operator_, {read_doors}, anyones, always, allowed()},
        {admin, {change_doors}, anyones, always, allowed()},
        {operator_, {change_doors, decide_door_mode}, anyones, bootstrap, allowed()},
        {secretariat | director, {decide_door_mode}, anyones, always, allowed()},
        {secretariat | auditor, {read_door_people}, anyones, always, allowed()},
        {secretariat, {import_roster, change_credential, register_visit}, anyones, always, allowed()},
        {secretariat | unit_head, {apply_credential}, anyones, always, allowed()},
        {secretariat, {decide_credential}, not_own, always, allowed()},
        {secretariat, {decide_credential}, own, always, denied("SOD_SELF_APPROVAL")},
    };
}

std::vector<Rule> access_rules() {
    return {
        // A signed body is as good as a token: who shows neither comes as a visitor.
        {Set{door_controller} | visitor, {post_access_events}, anyones, always, allowed()},
        {operator_,
         {post_access_events, import_access_events, read_access, answer_alarm},
         anyones,
         bootstrap,
         allowed()},
        {secretariat | admin, {import_access_events}, anyones, always, allowed()},
        {who_reads | guard, {read_access}, anyones, always, allowed()},
        {secretariat | director | guard, {answer_alarm}, anyones, always, allowed()},
    };
}

/// Where the policy wants a second factor, who would be allowed with it is told to give it.
std::vector<Rule> second_factor_rules() {
    constexpr auto missing = denied("AUTH_TOTP_REQUIRED");
    return {
        {secretariat | reviewer | ethics, {request_sign}, anyones, unverified, missing},
        {unit_head, {request_sign}, own | of_unit, unverified, missing},
        {applicant, {request_sign}, own, unverified, missing},
        {level1 | director | delegate_of_level1, {request_sign}, not_own, unverified, missing},
        {director | delegate_of_director,
         {request_grant, request_grant_part, request_refuse},
         not_own,
         unverified,
         missing},
        {secretariat,
         {export_dossier,
          export_copy,
          read_copy,
          open_viewing,
          escort_viewing,
          request_start,
          request_complete},
         anyones,
         unverified,
         missing},
    };
}

/// Above all others.
std::vector<Rule> last_rules() {
    return {
        {whoever, every_action(), anyones, departed, denied("ART7_2_DEPARTED_ACCOUNT", "7(2)")},
        {whoever | nobody, {read_health}, anyones, departed, allowed()},
    };
}

std::size_t index_of(Role role, Action action, Relation relation, State state) {
    std::size_t index = static_cast<std::size_t>(role);
    index = index * all_actions().size() + static_cast<std::size_t>(action);
    index = index * kRelationCount + static_cast<std::size_t>(relation);
    return index * kStateCount + static_cast<std::size_t>(state);
}

void apply(AuthorisationTable& table, const Rule& rule) {
    for (std::size_t r = 0; r < kRoleCount; ++r)
        for (std::size_t w = 0; w < kRelationCount; ++w)
            for (std::size_t s = 0; s < kStateCount; ++s) {
                const auto role = static_cast<Role>(r);
                const auto relation = static_cast<Relation>(w);
                const auto state = static_cast<State>(s);
                if (!rule.who.has(role) || !rule.whose.has(relation) || !rule.when.has(state)) continue;
                for (const Action action : rule.what)
                    table.set(role, action, relation, state, rule.verdict);
            }
}

AuthorisationTable make_table() {
    AuthorisationTable table;
    const auto everything = Set{bootstrap} | active | unverified | departed | with_accounts;
    apply(table, {nobody, every_action(), anyones, everything, denied("UNAUTHENTICATED")});
    for (const auto& rules :
         {bootstrap_rules(),
          footage_rules(),
          service_rules(),
          account_rules(),
          request_rules(),
          approval_rules(),
          release_rules(),
          house_rules(),
          contractor_rules(),
          duty_rules(),
          door_rules(),
          access_rules(),
          second_factor_rules(),
          last_rules()})
        for (const Rule& rule : rules)
            apply(table, rule);
    return table;
}

}  // namespace

AuthorisationTable::AuthorisationTable()
    : cells_(kRoleCount * all_actions().size() * kRelationCount * kStateCount) {}

const Verdict& AuthorisationTable::look_up(Role role, Action action, Relation relation, State state)
    const noexcept {
    return cells_[index_of(role, action, relation, state)];
}

void AuthorisationTable::set(
    Role role,
    Action action,
    Relation relation,
    State state,
    const Verdict& verdict
) {
    cells_[index_of(role, action, relation, state)] = verdict;
}

const AuthorisationTable& authorisation_table() {
    static const AuthorisationTable table = make_table();
    return table;
}

std::vector<State> states_of(Action action) {
    const ActionFacts& facts = facts_of(action);
    if (facts.resource == Resource::footage)
        return {bootstrap, departed, ungranted, view_granted, viewing, copy_granted, masked, live_approved};
    if (facts.second_factor != SecondFactor::never) return {bootstrap, active, unverified, departed};
    return {bootstrap, active, departed};
}

}  // namespace sluice::api
