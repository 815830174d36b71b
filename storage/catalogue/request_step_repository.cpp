#include "storage/catalogue/request_step_repository.hpp"

#include "storage/catalogue/detail/connection.hpp"
#include "storage/catalogue/detail/holds.hpp"
#include "storage/catalogue/detail/load.hpp"
#include "storage/catalogue/detail/values.hpp"
#include "storage/catalogue/record_repository.hpp"

#include <array>

#include <nlohmann/json.hpp>

namespace sluice::catalogue {
namespace {

using detail::run;
using nlohmann::json;
using release::RequestState;

constexpr const char* kLock =
    "SELECT 1 FROM requests WHERE id = $1::uuid AND revision = $2::int AND state = $3 FOR UPDATE";
// The worker may set these alone; whoever sets more does it in a second statement.
constexpr const char* kState = R"(
    UPDATE requests SET state = $2, state_since = CASE WHEN state = $2 THEN state_since ELSE from_us($3::bigint) END,
        due_at = from_us($4::bigint), revision = revision + 1
    WHERE id = $1::uuid RETURNING revision)";
constexpr const char* kSubmitted =
    "UPDATE requests SET submitted_at = from_us($2::bigint) WHERE id = $1::uuid";
constexpr const char* kExtended = "UPDATE requests SET extended_at = from_us($2::bigint) WHERE id = $1::uuid";
constexpr const char* kAccepted = R"(
    UPDATE requests SET handler_id = $2::uuid, handler = $3, accepted_at = from_us($4::bigint), policy_version = $5::int,
        dossier_number = $6
    WHERE id = $1::uuid)";
constexpr const char* kAsked = "UPDATE requests SET asked_units = $2::text[] WHERE id = $1::uuid";
constexpr const char* kDecided =
    "UPDATE requests SET decision = $2::jsonb, decided_at = from_us($3::bigint) WHERE id = $1::uuid";
constexpr const char* kOpenDossier =
    "SELECT open_dossier($1::uuid, $2::jsonb, $3::uuid, $4, from_us($5::bigint))";
constexpr const char* kEntry =
    "SELECT add_register_entry($1, $2, $3::jsonb, $4::uuid, $5, from_us($6::bigint))";
constexpr const char* kEvent = R"(
    INSERT INTO request_events (id, request_id, at, action, from_state, to_state, part, principal_id, principal, facts)
    VALUES ($1::uuid, $2::uuid, from_us($3::bigint), $4, $5, $6, $7, $8::uuid, $9, $10::jsonb))";
constexpr const char* kSign = R"(
    INSERT INTO request_signatures (request_id, chain, round, seat, unit, signer_id, signer, signed_at, note)
    VALUES ($1::uuid, $2, $3::int, $4, $5, $6::uuid, $7, from_us($8::bigint), $9))";
constexpr const char* kOpine = R"(
    INSERT INTO request_opinions (request_id, round, part, unit, stance, ground, text, giver_id, giver, given_at)
    VALUES ($1::uuid, $2::int, $3, $4, $5, $6, $7, $8::uuid, $9, from_us($10::bigint)))";
constexpr const char* kEndGrant =
    "UPDATE grants SET revoked_at = from_us($2::bigint) WHERE request_id = $1::uuid AND revoked_at IS NULL";
constexpr const char* kGrant = R"(
    INSERT INTO grants (id, request_id, kind, decided_at, valid_to, is_masked, conditions, decider_id, decider)
    VALUES ($1::uuid, $2::uuid, $3, from_us($4::bigint), from_us($5::bigint), $6::boolean, $7, $8::uuid, $9))";
constexpr const char* kGrantItem = R"(
    INSERT INTO grant_items (grant_id, camera_id, stream, asked_from, asked_to, from_at, to_at, is_outward)
    VALUES ($1::uuid, $2::uuid, $3, from_us($4::bigint), from_us($5::bigint), from_us($6::bigint), from_us($7::bigint),
        $8::boolean))";
constexpr const char* kReplaceSlot = R"(
    UPDATE request_slots SET replaced_at = greatest(made_at, from_us($2::bigint))
    WHERE request_id = $1::uuid AND replaced_at IS NULL)";
constexpr const char* kSlot = R"(
    INSERT INTO request_slots (id, request_id, from_at, to_at, kind, escort_id, escort, viewer_id, viewer, code_sha256,
        made_by, maker, made_at)
    VALUES ($1::uuid, $2::uuid, from_us($3::bigint), from_us($4::bigint), $5, $6::uuid, $7, $8::uuid, $9, $10::bytea,
        $11::uuid, $12, from_us($13::bigint)))";
constexpr const char* kOverdue = R"(
    SELECT id FROM requests
    WHERE due_at <= from_us($1::bigint) AND state IN ('correction', 'granted', 'granted_partial', 'scheduled')
    ORDER BY due_at LIMIT $2::bigint)";

// In the order of release::RequestAction.
constexpr std::array<const char*, release::kRequestActions> kRecords{
    "request.submitted", "request.returned",  "request.resubmitted",     "request.signed",
    "request.accepted",  "request.screened",  "request.referred",        "request.answered_not_held",
    "request.opined",    "request.granted",   "request.granted_in_part", "request.refused",
    "request.reopened",  "request.scheduled", "request.started",         "request.interrupted",
    "request.completed", "request.closed",    "request.withdrawn",       "request.appealed",
    "request.remanded",  "request.upheld",    "request.revoked",         "request.extended",
    "request.lapsed",
};

std::optional<std::string> id_or_null(const std::optional<Uuid>& id) {
    return id ? std::optional{to_string(*id)} : std::nullopt;
}

/// Pre: the actor is a person (the steps that call it have no other).
std::string id_of(const TakenStep& step) {
    return to_string(step.actor.id.value());
}

/// The dossier's number, when the step opens it.
std::optional<std::string> accept(pqxx::transaction_base& transaction, const TakenStep& step) {
    const std::string& name = step.actor.name;
    const auto number = run(transaction,
                            kOpenDossier,
                            to_string(step.request_id),
                            step.acceptance->register_facts,
                            id_of(step),
                            detail::clean_text(name),
                            to_epoch_us(step.now))[0][0]
                            .as<std::string>();
    run(transaction,
        kAccepted,
        to_string(step.request_id),
        id_of(step),
        detail::clean_text(name),
        to_epoch_us(step.now),
        step.acceptance->policy_version,
        number);
    return number;
}

void add_words(pqxx::transaction_base& transaction, const TakenStep& step) {
    const std::string request = to_string(step.request_id);
    if (step.signature) {
        const release::Signature& made = *step.signature;
        run(transaction,
            kSign,
            request,
            std::string{made.chain == release::Chain::a ? "a" : "b"},
            made.round,
            std::string{to_string(made.seat)},
            detail::clean_text(made.unit),
            to_string(made.signer_id),
            detail::clean_text(made.signer),
            to_epoch_us(made.at),
            detail::clean_text(made.note));
    }
    if (step.opinion) {
        const release::Opinion& given = *step.opinion;
        run(transaction,
            kOpine,
            request,
            given.round,
            std::string{to_string(given.part)},
            detail::clean_text(given.unit),
            std::string{to_string(given.stance)},
            detail::clean_text(given.ground),
            detail::clean_text(given.text),
            to_string(given.giver_id),
            detail::clean_text(given.giver),
            to_epoch_us(given.at));
    }
    if (step.asked_units) {
        detail::ArrayLiteral units;
        for (const std::string& unit : *step.asked_units)
            units.add(std::string_view{unit});
        run(transaction, kAsked, request, units.str());
    }
    if (!step.decision.empty()) run(transaction, kDecided, request, step.decision, to_epoch_us(step.now));
}

void add_grant(pqxx::transaction_base& transaction, const TakenStep& step) {
    const std::string request = to_string(step.request_id);
    if (step.ends_grant || step.grant) run(transaction, kEndGrant, request, to_epoch_us(step.now));
    if (!step.grant) return;
    const release::Grant& grant = *step.grant;
    run(transaction,
        kGrant,
        to_string(grant.id),
        request,
        std::string{to_string(grant.kind)},
        to_epoch_us(grant.decided),
        to_epoch_us(grant.valid_to),
        grant.is_masked,
        detail::clean_text(grant.conditions),
        to_string(grant.decider_id),
        detail::clean_text(grant.decider));
    for (const release::GrantItem& item : grant.items)
        run(transaction,
            kGrantItem,
            to_string(grant.id),
            to_string(item.camera_id),
            item.stream,
            to_epoch_us(item.asked.from),
            to_epoch_us(item.asked.to),
            to_epoch_us(item.resolved.from),
            to_epoch_us(item.resolved.to),
            item.is_outward);
}

void add_slot(pqxx::transaction_base& transaction, const TakenStep& step) {
    if (!step.slot) return;
    const release::Slot& slot = step.slot->slot;
    const auto hash =
        step.slot->code_hash ? std::optional{detail::to_bytea(*step.slot->code_hash)} : std::nullopt;
    run(transaction, kReplaceSlot, to_string(step.request_id), to_epoch_us(step.now));
    run(transaction,
        kSlot,
        to_string(slot.id),
        to_string(step.request_id),
        to_epoch_us(slot.interval.from),
        to_epoch_us(slot.interval.to),
        std::string{to_string(slot.kind)},
        to_string(slot.escort_id),
        detail::clean_text(slot.escort),
        id_or_null(slot.viewer_id),
        detail::clean_text(slot.viewer),
        hash,
        id_of(step),
        detail::clean_text(step.actor.name),
        to_epoch_us(step.now));
}

Status change_holds(pqxx::transaction_base& transaction, const TakenStep& step) {
    const detail::HoldOwner owner{.kind = "request", .id = step.request_id};
    const std::string reason = kRecords.at(static_cast<std::size_t>(step.action));
    if (step.holds.releases)
        if (auto done = detail::release_holds(transaction, owner, reason, step.actor, step.now); !done)
            return done;
    if (step.holds.limits_to)
        if (auto done = detail::limit_holds(
                transaction,
                owner,
                {HoldKind::request, HoldKind::legal_case},
                *step.holds.limits_to,
                reason,
                step.actor,
                step.now
            );
            !done)
            return done;
    if (step.holds.places)
        if (auto placed = detail::place_hold(transaction, *step.holds.places, step.actor); !placed)
            return std::unexpected(placed.error());
    return {};
}

/// History and audit log say the same.
Status write_down(
    pqxx::transaction_base& transaction,
    const TakenStep& step,
    const Uuid& event_id,
    const std::optional<std::string>& dossier_number
) {
    run(transaction,
        kEvent,
        to_string(event_id),
        to_string(step.request_id),
        to_epoch_us(step.now),
        std::string{to_string(step.action)},
        std::string{to_string(step.from)},
        std::string{to_string(step.to)},
        std::string{to_string(step.part)},
        id_or_null(step.actor.id),
        detail::clean_text(step.actor.name),
        step.facts);
    json facts = json::parse(step.facts);
    facts["from"] = to_string(step.from);
    facts["to"] = to_string(step.to);
    facts["part"] = to_string(step.part);
    if (dossier_number) facts["dossier"] = *dossier_number;
    const ledger::Act act{
        .action = kRecords.at(static_cast<std::size_t>(step.action)),
        .actor = step.actor,
        .subject = {.kind = "request", .id = to_string(step.request_id)},
        .facts = facts.dump(-1, ' ', false, json::error_handler_t::replace),
        .policy_version =
            step.policy_version ? std::optional{std::to_string(*step.policy_version)} : std::nullopt,
    };
    const auto record = append_record(transaction, act, step.now);
    if (!record) return std::unexpected(record.error());
    return {};
}

}  // namespace

Result<std::optional<StepDone>> take_step(Pool& pool, const TakenStep& step) {
    std::optional<StepDone> done;
    const Status status = pool.with([&](Connection& connection) -> Status {
        pqxx::work transaction{connection.get()};
        const std::string request = to_string(step.request_id);
        if (run(transaction, kLock, request, step.revision, std::string{to_string(step.from)}).empty())
            return {};
        std::optional<std::string> number = step.dossier_number;
        if (step.acceptance) number = accept(transaction, step);
        const bool is_handed_in = step.to == RequestState::submitted && step.from != step.to;
        if (is_handed_in) run(transaction, kSubmitted, request, to_epoch_us(step.now));
        if (step.is_extension) run(transaction, kExtended, request, to_epoch_us(step.now));
        add_words(transaction, step);
        add_grant(transaction, step);
        add_slot(transaction, step);
        if (step.entry && number)
            static_cast<void>(add_register_entry(transaction, *number, *step.entry, step.actor, step.now));
        if (auto changed = change_holds(transaction, step); !changed) return changed;
        const int revision = run(transaction,
                                 kState,
                                 request,
                                 std::string{to_string(step.to)},
                                 to_epoch_us(step.now),
                                 detail::to_optional_us(step.due))[0][0]
                                 .as<int>();
        const Uuid event_id = make_uuid_v7(step.now);
        if (auto written = write_down(transaction, step, event_id, number); !written) return written;
        for (NewNotice notice : step.notices) {
            notice.act_id = event_id;
            raise_notice(transaction, notice, step.now);
        }
        if (step.also)
            if (auto also = step.also(transaction); !also) return also;
        transaction.commit();
        done = StepDone{.revision = revision, .dossier_number = number};
        return {};
    });
    if (!status) return std::unexpected(status.error());
    return done;
}

std::int64_t add_register_entry(
    pqxx::transaction_base& transaction,
    const std::string& dossier_number,
    const NewEntry& entry,
    const ledger::Actor& actor,
    UtcTime now
) {
    return run(transaction,
               kEntry,
               dossier_number,
               std::string{to_string(entry.kind)},
               entry.facts,
               id_or_null(actor.id),
               detail::clean_text(actor.name),
               to_epoch_us(now))[0][0]
        .as<std::int64_t>();
}

Result<std::vector<Uuid>> load_overdue_requests(Pool& pool, UtcTime now, std::size_t limit) {
    return detail::load(
        pool, +[](const pqxx::row& row) { return detail::to_uuid(row[0]); }, kOverdue, to_epoch_us(now), limit
    );
}

}  // namespace sluice::catalogue
