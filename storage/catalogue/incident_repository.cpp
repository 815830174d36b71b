#include "storage/catalogue/incident_repository.hpp"

#include "storage/catalogue/detail/connection.hpp"
#include "storage/catalogue/detail/values.hpp"
#include "storage/catalogue/notice_repository.hpp"
#include "storage/catalogue/record_repository.hpp"

#include <nlohmann/json.hpp>

namespace sluice::catalogue {
namespace {

using detail::run;

// Periods that overlap count once, with the one that raises most.
constexpr const char* kRaises = R"(
    SELECT coalesce(max(raises), 0) FROM duty_periods
    WHERE from_at <= from_us($1::bigint) AND (to_at IS NULL OR to_at > from_us($1::bigint))
      AND (ended_at IS NULL OR ended_at > from_us($1::bigint)))";
constexpr const char* kRaise = R"(
    INSERT INTO incidents (id, kind, severity, opened_at, state_since, cause, subject, principal_id, principal)
    VALUES ($1::uuid, $2, $3, from_us($4::bigint), from_us($4::bigint), $5, $6::jsonb, $7::uuid, $8)
    ON CONFLICT (id) DO NOTHING)";
constexpr const char* kIsRecent = R"(
    SELECT FROM incidents WHERE kind = $1 AND cause = $2 AND opened_at > from_us($3::bigint) - interval '1 day' LIMIT 1)";

duty::Severity severity_of(pqxx::transaction_base& transaction, const NewIncident& incident) {
    if (incident.severity) return *incident.severity;
    const auto steps = run(transaction, kRaises, to_epoch_us(incident.opened))[0][0].as<unsigned>();
    return duty::raised(duty::first_severity(incident.kind), steps);
}

}  // namespace

Result<bool> raise_incident(pqxx::transaction_base& transaction, const NewIncident& incident) {
    const std::string id = to_string(incident.id);
    const std::string kind{to_string(incident.kind)};
    const std::string severity{to_string(severity_of(transaction, incident))};
    const std::string cause = detail::clean_text(incident.cause);
    const auto raised =
        run(transaction,
            kRaise,
            id,
            kind,
            severity,
            to_epoch_us(incident.opened),
            cause,
            incident.subject,
            incident.actor.id ? std::optional{to_string(*incident.actor.id)} : std::nullopt,
            detail::clean_text(incident.actor.name));
    if (raised.affected_rows() == 0) return false;
    raise_notice(
        transaction,
        {.kind = NoticeKind::incident_raised, .subject_id = incident.id, .audience = "secretariat"},
        incident.opened
    );
    const nlohmann::json facts{{"kind", kind}, {"severity", severity}, {"cause", cause}};
    const auto record = append_record(
        transaction,
        {.action = "incident.raised",
         .actor = incident.actor,
         .subject = {.kind = "incident", .id = id},
         .facts = facts.dump()},
        incident.opened
    );
    if (!record) return std::unexpected(record.error());
    return true;
}

Result<bool> raise_incident(Pool& pool, const NewIncident& incident) {
    bool is_new = false;
    const Status status = pool.with([&](Connection& connection) -> Status {
        pqxx::work transaction{connection.get()};
        const auto raised = raise_incident(transaction, incident);
        if (!raised) return std::unexpected(raised.error());
        transaction.commit();
        is_new = *raised;
        return {};
    });
    if (!status) return std::unexpected(status.error());
    return is_new;
}

Result<bool> file_storage_incident(
    Pool& pool,
    const std::string& cause,
    const std::string& subject,
    const std::string& program,
    UtcTime now
) {
    bool is_new = false;
    const Status status = pool.with([&](Connection& connection) -> Status {
        pqxx::work transaction{connection.get()};
        const std::string kind{to_string(duty::IncidentKind::storage)};
        if (!run(transaction, kIsRecent, kind, detail::clean_text(cause), to_epoch_us(now)).empty())
            return {};
        const auto raised = raise_incident(
            transaction,
            {.id = make_uuid_v7(now),
             .kind = duty::IncidentKind::storage,
             .opened = now,
             .cause = cause,
             .subject = subject,
             .actor = ledger::system_actor(program)}
        );
        if (!raised) return std::unexpected(raised.error());
        transaction.commit();
        is_new = *raised;
        return {};
    });
    if (!status) return std::unexpected(status.error());
    return is_new;
}

}  // namespace sluice::catalogue
