#include "storage/catalogue/alarm_call.hpp"
#include "storage/catalogue/alarm_repository.hpp"
#include "storage/catalogue/detail/load.hpp"
#include "storage/catalogue/detail/values.hpp"
#include "storage/catalogue/incident_repository.hpp"
#include "storage/catalogue/notice_repository.hpp"
#include "storage/catalogue/record_repository.hpp"

#include <map>
#include <set>

#include <nlohmann/json.hpp>

namespace sluice::catalogue {
namespace {

using access::Alarm;
using access::AlarmKind;
using detail::ArrayLiteral;
using detail::run;

constexpr const char* kTakeTurn = "SELECT FROM access_derivation FOR UPDATE";

constexpr const char* kContext = R"(
    SELECT source, event_id, code, to_us(device_time), to_us(received_at), coalesce(door, ''), direction, controller_index,
           CASE WHEN code = 'door.lock_state' THEN data ELSE '{}' END, id
    FROM access_events WHERE at >= from_us($1::bigint) AND at < from_us($2::bigint))";
// Per door the last closing and locking before the time, and the first opening and unlocking behind those;
// and the first closing and locking from the other time on.
constexpr const char* kOfDoors = R"(
    WITH edges AS (
        SELECT d.door, c.codes, c.ending,
               (SELECT max(e.at) FROM access_events e WHERE e.door = d.door AND e.at < from_us($2::bigint) AND e.code = ANY(c.codes)
                  AND (e.code <> 'door.lock_state' OR e.data ILIKE '%"locked"%') AND (e.code = 'door.closed' OR e.code = 'door.lock_state')) AS ended
        FROM unnest($1::text[]) AS d (door)
        CROSS JOIN (VALUES (ARRAY['door.opened', 'door.forced_open', 'door.closed'], 'door.closed'),
                           (ARRAY['door.lock_state'], 'door.lock_state')) AS c (codes, ending)),
    chosen AS (
        SELECT e.id, e.at FROM edges g JOIN access_events e ON e.door = g.door AND e.at = g.ended AND e.code = ANY(g.codes)
        UNION
        SELECT f.id, f.at FROM edges g CROSS JOIN LATERAL (
            SELECT e.id, e.at FROM access_events e
            WHERE e.door = g.door AND e.at >= coalesce(g.ended, '-infinity') AND e.at < from_us($2::bigint) AND e.code = ANY(g.codes)
              AND (e.code IN ('door.opened', 'door.forced_open') OR e.code = 'door.lock_state' AND e.data ILIKE '%"unlocked"%')
            ORDER BY e.at, e.source, e.controller_index, e.event_id LIMIT 1) f
        UNION
        SELECT f.id, f.at FROM edges g CROSS JOIN LATERAL (
            SELECT e.id, e.at FROM access_events e
            WHERE e.door = g.door AND e.at >= from_us($3::bigint) AND e.code = g.ending
              AND (e.code = 'door.closed' OR e.data ILIKE '%"locked"%')
            ORDER BY e.at, e.source, e.controller_index, e.event_id LIMIT 1) f)
    SELECT e.source, e.event_id, e.code, to_us(e.device_time), to_us(e.received_at), coalesce(e.door, ''), e.direction, e.controller_index,
           CASE WHEN e.code = 'door.lock_state' THEN e.data ELSE '{}' END, e.id
    FROM chosen c JOIN access_events e ON e.id = c.id AND e.at = c.at)";
constexpr const char* kOfSources = R"(
    SELECT e.source, e.event_id, e.code, to_us(e.device_time), to_us(e.received_at), coalesce(e.door, ''), e.direction, e.controller_index,
           CASE WHEN e.code = 'door.lock_state' THEN e.data ELSE '{}' END, e.id
    FROM unnest($1::text[]) AS s (source)
    CROSS JOIN LATERAL (
        (SELECT * FROM access_events b WHERE b.source = s.source AND b.at < from_us($2::bigint) ORDER BY b.at DESC, b.id LIMIT $4::bigint)
        UNION ALL
        (SELECT * FROM access_events b WHERE b.source = s.source AND b.at >= from_us($3::bigint) ORDER BY b.at, b.id LIMIT $4::bigint)) e)";

constexpr const char* kKnown = R"(
    SELECT id, kind, severity, is_after_hours, to_us(at), to_us(until_at), cause, event_ids::text[], refuted_at IS NOT NULL
    FROM access_alarms WHERE at >= from_us($1::bigint) AND at < from_us($2::bigint) OR id = ANY($3::uuid[]))";
constexpr const char* kRaise = R"(
    INSERT INTO access_alarms (id, kind, severity, is_after_hours, door, source, at, until_at, cause, event_ids, raised_at, incident_id)
    VALUES ($1::uuid, $2, $3, $4::boolean, nullif($5, ''), $6, from_us($7::bigint), from_us($8::bigint), $9, $10::uuid[],
            from_us($11::bigint), $12::uuid))";
constexpr const char* kChange = R"(
    UPDATE access_alarms SET severity = $2, is_after_hours = $3::boolean, until_at = from_us($4::bigint), cause = $5,
           event_ids = $6::uuid[], refuted_at = NULL, refuted_because = NULL, incident_id = coalesce(incident_id, $7::uuid),
           at = from_us($8::bigint)
    WHERE id = $1::uuid)";
constexpr const char* kRefute = R"(
    UPDATE access_alarms SET refuted_at = from_us($2::bigint), refuted_because = $3 WHERE id = ANY($1::uuid[]))";
// Whoever works on its incident reads it there.
constexpr const char* kNoteRefutation = R"(
    INSERT INTO incident_notes (id, incident_id, at, text, principal)
    SELECT gen_random_uuid(), a.incident_id, from_us($2::bigint), 'the alarm does not hold: ' || $3::text, 'sluice-worker'
    FROM access_alarms a JOIN incidents i ON i.id = a.incident_id
    WHERE a.id = ANY($1::uuid[]) AND i.state NOT IN ('closed', 'false_alarm', 'exercise'))";

struct Found {
    Uuid id;
    access::Event event;
};

Found to_event(const pqxx::row& row) {
    Found found{.id = detail::to_uuid(row[9]), .event = {}};
    found.event.source = row[0].as<std::string>();
    found.event.id = row[1].as<std::string>();
    found.event.code = row[2].as<std::string>();
    found.event.device_time = detail::to_optional_time(row[3]);
    found.event.received = detail::to_time(row[4]);
    found.event.door = row[5].as<std::string>();
    found.event.direction =
        access::direction_from(row[6].as<std::string>()).value_or(access::Direction::unknown);
    if (!row[7].is_null()) found.event.index = row[7].as<std::uint64_t>();
    found.event.data = row[8].as<std::string>();
    return found;
}

std::string texts(const std::vector<std::string>& values) {
    ArrayLiteral list;
    for (const std::string& value : values)
        list.add(std::string_view{value});
    return list.str();
}

std::string ids(const std::vector<Uuid>& values) {
    ArrayLiteral list;
    for (const Uuid& value : values)
        list.add(value);
    return list.str();
}

access::KnownAlarm to_known(const pqxx::row& row) {
    access::KnownAlarm known;
    const auto kind = access::alarm_kind_from(row[1].as<std::string>());
    const auto severity = access::severity_from(row[2].as<std::string>());
    if (!kind || !severity) throw pqxx::conversion_error{"unknown word of an alarm"};
    known.alarm.id = detail::to_uuid(row[0]);
    known.alarm.kind = *kind;
    known.alarm.severity = *severity;
    known.alarm.is_after_hours = row[3].as<bool>();
    known.alarm.at = detail::to_time(row[4]);
    known.alarm.until = detail::to_optional_time(row[5]);
    known.alarm.cause = row[6].as<std::string>();
    for (const std::string& id : detail::to_texts(row[7]))
        known.alarm.events.push_back(uuid_from_string(id).value());
    known.is_refuted = row[8].as<bool>();
    return known;
}

/// Calls whom the alarm calls; the id of its incident, for the row. That is the alarm's: called again it is
/// the same, so an alarm that weighs more than before calls those that it did not call then.
Result<std::optional<std::string>> raise_for(
    pqxx::transaction_base& transaction,
    const Alarm& alarm,
    const Derived& derived,
    UtcTime now,
    DerivedCounts& counts
) {
    const AlarmCall call = call_of(alarm, derived.incident_days, now);
    if (call.has_notice)
        raise_notice(
            transaction,
            {.kind = NoticeKind::door_alarm, .subject_id = alarm.id, .audience = "secretariat"},
            now
        );
    if (!call.incident) return std::optional<std::string>{};
    nlohmann::json subject{
        {"alarm", to_string(alarm.id)},
        {"kind", access::to_string(alarm.kind)},
        {"at", to_rfc3339(alarm.at)},
        {"source", alarm.source},
    };
    if (!alarm.door.empty()) subject["door"] = alarm.door;
    std::string cause = alarm.cause;
    // A controller that says nothing leaves its doors to people.
    if (alarm.kind == AlarmKind::controller_silent) {
        subject["fallback"] = {{"mode", "manual"}, {"person", nullptr}};
        if (!derived.on_call.empty())
            subject["fallback"]["person"] = derived.on_call;
        else
            cause += "; nobody is named to stand at its doors";
    }
    const auto raised = raise_incident(
        transaction,
        {.id = alarm.id,
         .kind = *call.incident,
         .opened = now,
         .cause = cause,
         .subject = subject.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace),
         .actor = ledger::system_actor("sluice-worker")}
    );
    if (!raised) return std::unexpected(raised.error());
    counts.incidents += *raised ? 1 : 0;
    return std::optional{to_string(alarm.id)};
}

std::vector<std::string> names(const std::vector<Alarm>& alarms) {
    std::vector<std::string> list;
    for (const Alarm& alarm : alarms)
        list.push_back(to_string(alarm.id));
    return list;
}

Status write_record(
    pqxx::transaction_base& transaction,
    const Derived& derived,
    const access::BookChanges& changes,
    UtcTime now
) {
    std::vector<std::string> refuted;
    for (const Uuid& id : changes.refuted)
        refuted.push_back(to_string(id));
    const nlohmann::json facts{
        {"from", to_rfc3339(derived.window.from)},
        {"to", to_rfc3339(derived.window.to)},
        {"raised", names(changes.raised)},
        {"restored", names(changes.restored)},
        {"changed", names(changes.changed)},
        {"refuted", refuted},
        {"refutation", refuted.empty() ? nlohmann::json(nullptr) : nlohmann::json(derived.refutation)},
    };
    const auto record = append_record(
        transaction,
        {.action = "access.alarms_derived",
         .actor = ledger::system_actor("sluice-worker"),
         .subject = {.kind = "access_alarms", .id = to_rfc3339(derived.window.from)},
         .facts = facts.dump()},
        now
    );
    if (!record) return std::unexpected(record.error());
    return {};
}

Status write_alarms(
    pqxx::transaction_base& transaction,
    const Derived& derived,
    const access::BookChanges& changes,
    UtcTime now,
    DerivedCounts& counts
) {
    for (const Alarm& alarm : changes.raised) {
        const auto incident = raise_for(transaction, alarm, derived, now, counts);
        if (!incident) return std::unexpected(incident.error());
        run(transaction,
            kRaise,
            to_string(alarm.id),
            std::string{to_string(alarm.kind)},
            std::string{to_string(alarm.severity)},
            alarm.is_after_hours,
            detail::clean_text(alarm.door),
            detail::clean_text(alarm.source),
            to_epoch_us(alarm.at),
            detail::to_optional_us(alarm.until),
            detail::clean_text(alarm.cause),
            ids(alarm.events),
            to_epoch_us(now),
            *incident);
    }
    for (const auto* list : {&changes.changed, &changes.restored})
        for (const Alarm& alarm : *list) {
            const auto incident = raise_for(transaction, alarm, derived, now, counts);
            if (!incident) return std::unexpected(incident.error());
            run(transaction,
                kChange,
                to_string(alarm.id),
                std::string{to_string(alarm.severity)},
                alarm.is_after_hours,
                detail::to_optional_us(alarm.until),
                detail::clean_text(alarm.cause),
                ids(alarm.events),
                *incident,
                to_epoch_us(alarm.at));
        }
    if (changes.refuted.empty()) return {};
    for (const char* sql : {kRefute, kNoteRefutation})
        run(transaction, sql, ids(changes.refuted), to_epoch_us(now), derived.refutation);
    return {};
}

}  // namespace

Result<access::Evidence> load_evidence(
    Pool& pool,
    const TimeRange& context,
    const std::vector<std::string>& doors,
    const std::vector<std::string>& sources
) {
    access::Evidence evidence{.events = {}, .covers = context};
    const Status status = pool.with([&](Connection& connection) -> Status {
        // One snapshot: what comes meanwhile has a batch of its own and is looked at then.
        pqxx::transaction<pqxx::isolation_level::repeatable_read, pqxx::readwrite_policy::read_only> session{
            connection.get()
        };
        std::map<Uuid, access::Event> events;
        const auto take = [&](const pqxx::result& rows) {
            for (const auto& row : rows) {
                Found found = to_event(row);
                events.emplace(found.id, std::move(found.event));
            }
        };
        const auto from = to_epoch_us(context.from);
        const auto to = to_epoch_us(context.to);
        take(run(session, kContext, from, to));
        take(run(session, kOfDoors, texts(doors), from, to));
        take(run(session, kOfSources, texts(sources), from, to, access::kNeighbours));
        for (auto& [id, event] : events)
            evidence.events.push_back(std::move(event));
        return {};
    });
    if (!status) return std::unexpected(status.error());
    return evidence;
}

Result<DerivedCounts> save_alarms(Pool& pool, const Derived& derived, UtcTime now) {
    DerivedCounts counts;
    const Status status = pool.with([&](Connection& connection) -> Status {
        pqxx::work transaction{connection.get()};
        run(transaction, kTakeTurn);
        std::vector<access::KnownAlarm> known;
        std::vector<Uuid> wanted;
        for (const Alarm& alarm : derived.alarms)
            wanted.push_back(alarm.id);
        for (const auto& row :
             run(transaction,
                 kKnown,
                 to_epoch_us(derived.window.from),
                 to_epoch_us(derived.window.to),
                 ids(wanted)))
            known.push_back(to_known(row));
        const access::BookChanges changes = access::reconcile(known, derived.alarms, derived.window);
        if (changes.are_none()) return {};
        if (auto written = write_record(transaction, derived, changes, now); !written) return written;
        if (auto written = write_alarms(transaction, derived, changes, now, counts); !written) return written;
        transaction.commit();
        counts.raised = changes.raised.size();
        counts.changed = changes.changed.size() + changes.restored.size();
        counts.refuted = changes.refuted.size();
        return {};
    });
    if (!status) return std::unexpected(status.error());
    return counts;
}

}  // namespace sluice::catalogue
