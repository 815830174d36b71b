#include "storage/catalogue/detail/acted.hpp"
#include "storage/catalogue/detail/connection.hpp"
#include "storage/catalogue/detail/holds.hpp"
#include "storage/catalogue/detail/values.hpp"
#include "storage/catalogue/incident_case_repository.hpp"
#include "storage/catalogue/record_repository.hpp"

#include <utility>

#include <nlohmann/json.hpp>

/// What is done about incidents.
namespace sluice::catalogue {
namespace {

using detail::id_of;
using detail::run;
using detail::write_with_record;
using nlohmann::json;

constexpr const char* kMove = R"(
    UPDATE incidents SET state = $3, state_since = from_us($4::bigint), severity = coalesce($5::text, severity), revision = revision + 1
    WHERE id = $1::uuid AND revision = $2::int)";
constexpr const char* kStep = R"(
    INSERT INTO incident_steps (id, incident_id, at, action, from_state, to_state, part, principal_id, principal, facts)
    VALUES ($1::uuid, $2::uuid, from_us($3::bigint), $4, $5, $6, $7, $8::uuid, $9, $10::jsonb))";
constexpr const char* kNote = R"(
    INSERT INTO incident_notes (id, incident_id, at, text, principal_id, principal)
    VALUES ($1::uuid, $2::uuid, from_us($3::bigint), $4, $5::uuid, $6))";
constexpr const char* kLink = R"(
    INSERT INTO incident_links (incident_id, kind, target, note, at, principal_id, principal)
    VALUES ($1::uuid, $2, $3, $4, from_us($5::bigint), $6::uuid, $7) ON CONFLICT DO NOTHING)";
constexpr const char* kFootage = R"(
    INSERT INTO incident_footage (id, incident_id, camera_id, from_at, to_at, note, at, principal_id, principal)
    VALUES ($1::uuid, $2::uuid, $3::uuid, from_us($4::bigint), from_us($5::bigint), $6, from_us($7::bigint), $8::uuid, $9)
    ON CONFLICT DO NOTHING)";

ledger::Act to_act(const Uuid& id, std::string action, const ledger::Actor& actor, const json& facts) {
    return {
        .action = std::move(action),
        .actor = actor,
        .subject = {.kind = "incident", .id = to_string(id)},
        .facts = facts.dump(-1, ' ', false, json::error_handler_t::replace),
    };
}

/// Its own holds end with it.
Status end_holds(pqxx::transaction_base& transaction, const TakenIncidentStep& taken, UtcTime now) {
    if (!duty::is_end(taken.to)) return {};
    return detail::limit_holds(
        transaction,
        {.kind = "incident", .id = taken.id},
        {HoldKind::incident},
        now,
        "incident." + taken.action,
        taken.actor,
        now
    );
}

}  // namespace

Result<bool> take_incident_step(Pool& pool, const TakenIncidentStep& taken, UtcTime now) {
    const std::string id = to_string(taken.id);
    const std::string from{to_string(taken.from)};
    const std::string to{to_string(taken.to)};
    const std::string severity{taken.severity ? to_string(*taken.severity) : std::string_view{}};
    const ledger::Act act = to_act(
        taken.id, "incident.step_taken", taken.actor, {{"step", taken.action}, {"from", from}, {"to", to}}
    );
    bool is_taken = false;
    const Status status = pool.with([&](Connection& connection) -> Status {
        pqxx::work transaction{connection.get()};
        const auto moved =
            run(transaction,
                kMove,
                id,
                taken.revision,
                to,
                to_epoch_us(now),
                taken.severity ? std::optional{severity} : std::nullopt);
        if (moved.affected_rows() == 0) return {};
        run(transaction,
            kStep,
            to_string(make_uuid_v7(now)),
            id,
            to_epoch_us(now),
            taken.action,
            from,
            to,
            taken.part,
            id_of(taken.actor),
            detail::clean_text(taken.actor.name),
            taken.facts);
        if (auto ended = end_holds(transaction, taken, now); !ended) return ended;
        if (const auto record = append_record(transaction, act, now); !record)
            return std::unexpected(record.error());
        transaction.commit();
        is_taken = true;
        return {};
    });
    if (!status) return std::unexpected(status.error());
    return is_taken;
}

Status add_incident_note(
    Pool& pool,
    const Uuid& id,
    const std::string& text,
    const ledger::Actor& actor,
    UtcTime now
) {
    const std::string note = to_string(make_uuid_v7(now));
    const auto added = write_with_record(
        pool,
        to_act(id, "incident.noted", actor, {{"note", note}}),
        now,
        [&](pqxx::transaction_base& transaction) {
            run(transaction,
                kNote,
                note,
                to_string(id),
                to_epoch_us(now),
                detail::clean_text(text),
                id_of(actor),
                detail::clean_text(actor.name));
            return true;
        }
    );
    if (!added) return std::unexpected(added.error());
    return {};
}

bool link_incident(
    pqxx::transaction_base& transaction,
    const Uuid& id,
    const IncidentLink& link,
    const ledger::Actor& actor
) {
    return run(transaction,
               kLink,
               to_string(id),
               link.kind,
               detail::clean_text(link.target),
               detail::clean_text(link.note),
               to_epoch_us(link.at),
               id_of(actor),
               detail::clean_text(actor.name))
               .affected_rows() > 0;
}

Result<bool> add_incident_link(
    Pool& pool,
    const Uuid& id,
    const IncidentLink& link,
    const ledger::Actor& actor,
    UtcTime now
) {
    return write_with_record(
        pool,
        to_act(id, "incident.linked", actor, {{"kind", link.kind}, {"target", link.target}}),
        now,
        [&](pqxx::transaction_base& transaction) { return link_incident(transaction, id, link, actor); }
    );
}

Result<bool> add_incident_footage(
    Pool& pool,
    const Uuid& id,
    const Uuid& camera_id,
    const IncidentFootage& footage,
    const ledger::Actor& actor,
    UtcTime now
) {
    return write_with_record(
        pool,
        to_act(
            id,
            "incident.footage_pointed",
            actor,
            {{"camera", footage.camera},
             {"from", to_rfc3339(footage.range.from)},
             {"to", to_rfc3339(footage.range.to)}}
        ),
        now,
        [&](pqxx::transaction_base& transaction) {
            return run(transaction,
                       kFootage,
                       to_string(make_uuid_v7(now)),
                       to_string(id),
                       to_string(camera_id),
                       to_epoch_us(footage.range.from),
                       to_epoch_us(footage.range.to),
                       detail::clean_text(footage.note),
                       to_epoch_us(now),
                       id_of(actor),
                       detail::clean_text(actor.name))
                       .affected_rows() > 0;
        }
    );
}

}  // namespace sluice::catalogue
