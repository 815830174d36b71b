#include "api/acts.hpp"
#include "api/requests/detail/scene.hpp"

#include <array>

#include <nlohmann/json.hpp>

namespace sluice::api::requests {

using catalogue::TakenStep;
using nlohmann::json;
using release::Case;
using release::RequestAction;
using release::RequestState;

namespace {

std::string dump(const json& value) {
    return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

json facts_of(const Scene& scene) {
    const Try& tried = scene.tried;
    json facts = json::object();
    const auto add = [&](const char* name, const std::string& text) {
        if (!text.empty()) facts[name] = text;
    };
    add("missing", tried.attempt.listed);
    add("ground", tried.attempt.ground);
    add("reasons", tried.attempt.reasons);
    add("note", tried.note);
    add("text", tried.text);
    add("conditions", tried.conditions);
    add("document", tried.document);
    add("escort", tried.escort);
    if (scene.tried.attempt.action == RequestAction::opine) facts["stance"] = to_string(tried.attempt.stance);
    if (!tried.attempt.refusal_grounds.empty()) facts["grounds"] = tried.attempt.refusal_grounds;
    if (!tried.units.empty()) facts["units"] = tried.units;
    if (tried.attempt.is_masked) facts["masked"] = true;
    if (scene.tried.attempt.action == RequestAction::answer_not_held) facts.update(json::parse(tried.extra));
    return facts;
}

/// What is asked for, for the register.
json line_facts(const Scene& scene, const std::vector<std::string>& slugs) {
    const Case& request = scene.request;
    json facts{
        {"channel", to_string(request.channel)},
        {"kind", to_string(request.kind)},
        {"unit", request.unit},
        {"applicant", request.applicant},
        {"reason", request.form.reason},
        {"cameras", slugs},
        {"received", to_rfc3339(request.submitted.value_or(request.created))},
    };
    if (request.interval) {
        facts["from"] = to_rfc3339(request.interval->from);
        facts["to"] = to_rfc3339(request.interval->to);
    }
    return facts;
}

Uuid person_of(const Scene& scene) {
    return scene.call.principal->id;
}

/// The role of the part that is taken: who has several signs once as this, once as that. Empty: the part
/// says nothing of it.
std::string_view role_of(const Call& call, release::Part part) {
    using release::Part;
    switch (part) {
        case Part::unit_head:
        case Part::consulted:
            return "unit_head";
        case Part::reviewer:
            return "reviewer";
        case Part::level1:
            return has_role(call, "level1") ? "level1" : to_string(Role::delegate_of_level1);
        case Part::director:
            return "director";
        case Part::delegate:
            return to_string(Role::delegate_of_director);
        case Part::secretariat_head:
        case Part::handler:
        case Part::escort:
            return "secretariat";
        case Part::ethics:
            return "ethics";
        case Part::applicant:
        case Part::clock:
            return {};
    }
    return {};
}

ledger::Actor doer_in_log(const Scene& scene) {
    ledger::Actor actor = actor_of(scene.call);
    const std::string_view role = role_of(scene.call, scene.verdict.part);
    if (!role.empty()) actor.role = role;
    return actor;
}

void add_words(const Scene& scene, TakenStep& step) {
    const release::Doer doer = doer_of(scene.call);
    const std::string unit = scene.verdict.part == release::Part::consulted ? doer.unit : std::string{};
    if (step.action == RequestAction::sign) {
        const bool is_a = scene.request.state == RequestState::submitted;
        step.signature = release::Signature{
            .chain = is_a ? release::Chain::a : release::Chain::b,
            .round = is_a ? scene.request.round_a : scene.request.round_b,
            .seat = scene.verdict.part,
            .unit = unit,
            .signer_id = doer.id,
            .signer = doer.name,
            .at = step.now,
            .note = scene.tried.note,
        };
    }
    if (step.action == RequestAction::opine)
        step.opinion = release::Opinion{
            .round = scene.request.round_b,
            .part = scene.verdict.part,
            .unit = unit,
            .stance = scene.tried.attempt.stance,
            .ground = scene.tried.attempt.ground,
            .text = scene.tried.text,
            .giver_id = doer.id,
            .giver = doer.name,
            .at = step.now,
        };
    if (step.action == RequestAction::refer) step.asked_units = scene.tried.units;
}

release::Grant grant_of(const Scene& scene, const TakenStep& step) {
    return {
        .id = make_uuid_v7(step.now),
        .kind = scene.request.kind,
        .decided = step.now,
        .valid_to = step.now + std::chrono::days{scene.policy.policy.requests.grant_days},
        .is_masked = scene.tried.attempt.is_masked,
        .conditions = scene.tried.conditions,
        .decider_id = person_of(scene),
        .decider = scene.call.principal->name,
        .items = scene.tried.items,
    };
}

json items_json(const release::Grant& grant) {
    json list = json::array();
    for (const release::GrantItem& item : grant.items)
        list.push_back({
            {"camera_id", to_string(item.camera_id)},
            {"asked_from", to_rfc3339(item.asked.from)},
            {"asked_to", to_rfc3339(item.asked.to)},
            {"from", to_rfc3339(item.resolved.from)},
            {"to", to_rfc3339(item.resolved.to)},
            {"outward", item.is_outward},
        });
    return list;
}

/// Of the decision in part that an appeal has left standing: what it had refused is what the line is about.
json upheld_facts(const Case& request, json facts) {
    const json decision = json::parse(request.decision, nullptr, false);
    json upheld = json::object();
    for (const char* name : {"result", "by", "reasons"})
        if (decision.contains(name)) upheld[name] = decision[name];
    if (request.decided) upheld["decided"] = to_rfc3339(*request.decided);
    facts["upheld"] = std::move(upheld);
    if (const auto grounds = release::found_grounds(request); !grounds.empty()) facts["grounds"] = grounds;
    return facts;
}

/// Grant, decision and what the register says of the end of a case.
void add_decision(const Scene& scene, const json& facts, TakenStep& step) {
    const bool is_grant = step.action == RequestAction::grant || step.action == RequestAction::grant_part;
    if (is_grant) step.grant = grant_of(scene, step);
    if (is_grant || step.action == RequestAction::refuse) {
        json decision = facts;
        decision["result"] = to_string(step.to);
        decision["by"] = scene.call.principal->name;
        decision["part"] = to_string(scene.verdict.part);
        if (step.due) decision["until"] = to_rfc3339(*step.due);
        if (step.grant) decision["items"] = items_json(*step.grant);
        step.decision = dump(decision);
    }
    step.ends_grant = step.action == RequestAction::revoke || step.action == RequestAction::reopen ||
                      step.action == RequestAction::close || step.action == RequestAction::uphold ||
                      step.action == RequestAction::appeal;
    if (const auto entry = release::closing_entry(step.action, scene.request.appealed)) {
        const bool is_upheld = step.action == RequestAction::uphold;
        step.entry =
            catalogue::NewEntry{*entry, dump(is_upheld ? upheld_facts(scene.request, facts) : facts)};
    }
}

json slot_facts(const release::Slot& slot) {
    return {
        {"id", to_string(slot.id)},
        {"from", to_rfc3339(slot.interval.from)},
        {"to", to_rfc3339(slot.interval.to)},
        {"escort", slot.escort},
        {"viewer", slot.viewer},
    };
}

/// The appointment, and which one it replaces, in step and facts. A code for a viewer without an account:
/// told once, kept as a hash.
std::string add_slot(const Scene& scene, TakenStep& step, json& facts) {
    if (step.action != RequestAction::schedule) return {};
    const release::SlotWish& wish = *scene.tried.attempt.slot;
    catalogue::NewSlot made{
        .slot =
            {.id = make_uuid_v7(step.now),
             .interval = wish.interval,
             .kind = wish.kind,
             .escort_id = *wish.escort_id,
             .escort = scene.tried.escort,
             .viewer_id = wish.viewer_id,
             .viewer = wish.viewer},
        .code_hash = std::nullopt,
    };
    std::string code;
    if (!wish.viewer_id) {
        constexpr std::string_view kLetters = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ";  // none looks like another
        std::array<std::uint8_t, 8> random{};
        fill_random(random.data(), random.size());
        for (const std::uint8_t byte : random)
            code += kLetters[byte % kLetters.size()];
        made.code_hash = sha256(as_bytes(code));
    }
    facts["slot"] = slot_facts(made.slot);
    if (scene.request.slot) facts["replaces"] = slot_facts(*scene.request.slot);
    step.slot = std::move(made);
    return code;
}

}  // namespace

Got<TakenStep> make_step(const Scene& scene, std::string& code) {
    const Call& call = scene.call;
    const Case& request = scene.request;
    const auto due = next_due(scene);
    if (!due) return std::unexpected(due.error());
    TakenStep step;
    step.request_id = request.id;
    step.revision = request.revision;
    step.action = scene.tried.attempt.action;
    step.part = scene.verdict.part;
    step.from = request.state;
    step.to = *scene.verdict.next;
    step.actor = doer_in_log(scene);
    step.now = call.now;
    step.policy_version = request.policy_version;
    step.dossier_number = request.dossier_number;
    step.due = *due;
    step.is_extension = step.action == RequestAction::extend;
    json facts = facts_of(scene);
    if (step.is_extension) {
        facts["due_before"] = to_rfc3339(*request.due);
        facts["due"] = to_rfc3339(*step.due);
    }
    code = add_slot(scene, step, facts);
    step.facts = dump(facts);
    if (step.action == RequestAction::accept) {
        const auto slugs = slugs_of(call, request.cameras);
        if (!slugs) return std::unexpected(slugs.error());
        step.acceptance = catalogue::Acceptance{scene.policy.number, dump(line_facts(scene, *slugs))};
        step.policy_version = scene.policy.number;
    }
    add_words(scene, step);
    add_decision(scene, facts, step);
    if (const auto held = add_holds(scene, step); !held) return std::unexpected(held.error());
    if (const auto told = add_notices(scene, step); !told) return std::unexpected(told.error());
    return step;
}

}  // namespace sluice::api::requests
