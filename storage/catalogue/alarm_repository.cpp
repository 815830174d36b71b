#include "storage/catalogue/alarm_repository.hpp"

#include "storage/catalogue/detail/load.hpp"
#include "storage/catalogue/detail/values.hpp"
#include "storage/catalogue/record_repository.hpp"

#include <nlohmann/json.hpp>

namespace sluice::catalogue {
namespace {

using detail::execute;
using detail::first_of;
using detail::load;
using detail::run;

constexpr const char* kList = R"(
    SELECT id, place, kind, severity, is_after_hours, coalesce(door, ''), source, to_us(at), to_us(until_at), cause,
           event_ids::text[], to_us(raised_at), to_us(refuted_at), incident_id, hold_id,
           to_us(acknowledged_at), acknowledger, ack_reason, to_us(resolved_at), resolver, resolution,
           refuted_because
    FROM access_alarms
    WHERE ($1::text IS NULL OR door = $1) AND ($2::text IS NULL OR kind = $2)
      AND ($3::text IS NULL OR $3 = CASE WHEN refuted_at IS NOT NULL THEN 'refuted' WHEN resolved_at IS NOT NULL THEN 'resolved'
           WHEN acknowledged_at IS NOT NULL THEN 'acknowledged' ELSE 'open' END)
      AND ($4::bigint IS NULL OR at >= from_us($4)) AND ($5::bigint IS NULL OR at < from_us($5))
      AND ($6::bigint IS NULL OR (at, id) < (from_us($6), $7::uuid))
    ORDER BY at DESC, id DESC LIMIT $8::bigint)";
constexpr const char* kFind = R"(
    SELECT id, place, kind, severity, is_after_hours, coalesce(door, ''), source, to_us(at), to_us(until_at), cause,
           event_ids::text[], to_us(raised_at), to_us(refuted_at), incident_id, hold_id,
           to_us(acknowledged_at), acknowledger, ack_reason, to_us(resolved_at), resolver, resolution,
           refuted_because
    FROM access_alarms WHERE id = $1::uuid)";
constexpr const char* kAfter = R"(
    SELECT id, place, kind, severity, is_after_hours, coalesce(door, ''), source, to_us(at), to_us(until_at), cause,
           event_ids::text[], to_us(raised_at), to_us(refuted_at), incident_id, hold_id,
           to_us(acknowledged_at), acknowledger, ack_reason, to_us(resolved_at), resolver, resolution,
           refuted_because
    FROM access_alarms WHERE place > $1::bigint ORDER BY place LIMIT $2::bigint)";
// What still lasts is held when an hour is over, and what comes behind that with the incident, by hand.
constexpr const char* kToHold = R"(
    SELECT id, place, kind, severity, is_after_hours, coalesce(door, ''), source, to_us(at), to_us(until_at), cause,
           event_ids::text[], to_us(raised_at), to_us(refuted_at), incident_id, hold_id,
           to_us(acknowledged_at), acknowledger, ack_reason, to_us(resolved_at), resolver, resolution,
           refuted_because
    FROM access_alarms
    WHERE incident_id IS NOT NULL AND hold_id IS NULL AND refuted_at IS NULL AND door IS NOT NULL AND at >= from_us($1::bigint)
      AND EXISTS (SELECT FROM doors d JOIN door_cameras c ON c.door_id = d.id WHERE d.slug = access_alarms.door)
      AND EXISTS (SELECT FROM incidents i WHERE i.id = incident_id AND i.state NOT IN ('closed', 'false_alarm', 'exercise'))
      AND (until_at IS NOT NULL OR at < from_us($2::bigint) - interval '1 hour')
    ORDER BY at, id LIMIT 100)";
constexpr const char* kSaveHold =
    "UPDATE access_alarms SET hold_id = $2::uuid WHERE id = $1::uuid AND hold_id IS NULL";
constexpr const char* kAcknowledge = R"(
    UPDATE access_alarms SET acknowledged_at = from_us($2::bigint), acknowledger_id = $3::uuid, acknowledger = $4, ack_reason = $5
    WHERE id = $1::uuid AND acknowledged_at IS NULL RETURNING kind, coalesce(door, ''))";
constexpr const char* kResolve = R"(
    UPDATE access_alarms SET resolved_at = from_us($2::bigint), resolver_id = $3::uuid, resolver = $4, resolution = $5
    WHERE id = $1::uuid AND resolved_at IS NULL RETURNING kind, coalesce(door, ''))";
// The unit of the card that was shown last at the door in the ten minutes before it stayed open.
constexpr const char* kOpenDoors = R"(
    SELECT a.door, coalesce(u.unit, ''), count(*) FILTER (WHERE a.kind = 'held_open'),
           count(*) FILTER (WHERE a.kind = 'held_open' AND a.is_after_hours), count(*) FILTER (WHERE a.kind = 'after_hours_unlocked'),
           coalesce(sum(s.seconds) FILTER (WHERE a.kind = 'held_open'), 0)::bigint,
           coalesce(max(s.seconds) FILTER (WHERE a.kind = 'held_open'), 0)::bigint
    FROM access_alarms a
    CROSS JOIN LATERAL (SELECT extract(epoch FROM coalesce(a.until_at, from_us($3::bigint)) - a.at)::bigint AS seconds) s
    LEFT JOIN LATERAL (
        SELECT e.unit FROM access_events e
        WHERE e.door = a.door AND e.at <= a.at AND e.at > a.at - interval '10 minutes' AND e.code = 'access.granted'
        ORDER BY e.at DESC, e.id DESC LIMIT 1) u ON true
    WHERE a.at >= from_us($1::bigint) AND a.at < from_us($2::bigint) AND a.refuted_at IS NULL AND a.door IS NOT NULL
      AND a.kind IN ('held_open', 'after_hours_unlocked')
    GROUP BY a.door, coalesce(u.unit, '') ORDER BY a.door, coalesce(u.unit, ''))";
constexpr const char* kCountOld = R"(
    SELECT EXISTS (SELECT FROM access_events WHERE at < from_us($1::bigint)) OR
           EXISTS (SELECT FROM access_alarms WHERE at < from_us($1::bigint)
                   AND NOT (event_ids = '{}' AND until_at IS NULL AND refuted_at IS NULL)))";
constexpr const char* kForget = "SELECT forget_access_events(from_us($1::bigint), $2::uuid)";

std::string text_or_empty(const pqxx::field& field) {
    return field.is_null() ? std::string{} : field.as<std::string>();
}

std::optional<Uuid> optional_id(const pqxx::field& field) {
    return field.is_null() ? std::nullopt : std::optional{detail::to_uuid(field)};
}

std::optional<Saying> saying(const pqxx::row& row, int first) {
    if (row[first].is_null()) return std::nullopt;
    return Saying{
        .at = detail::to_time(row[first]),
        .who = text_or_empty(row[first + 1]),
        .reason = text_or_empty(row[first + 2]),
    };
}

AlarmRow to_alarm(const pqxx::row& row) {
    const auto kind = access::alarm_kind_from(row[2].as<std::string>());
    const auto severity = access::severity_from(row[3].as<std::string>());
    if (!kind || !severity) throw pqxx::conversion_error{"unknown word of an alarm"};
    AlarmRow read;
    read.alarm.id = detail::to_uuid(row[0]);
    read.place = row[1].as<std::int64_t>();
    read.alarm.kind = *kind;
    read.alarm.severity = *severity;
    read.alarm.is_after_hours = row[4].as<bool>();
    read.alarm.door = row[5].as<std::string>();
    read.alarm.source = row[6].as<std::string>();
    read.alarm.at = detail::to_time(row[7]);
    read.alarm.until = detail::to_optional_time(row[8]);
    read.alarm.cause = row[9].as<std::string>();
    for (const std::string& id : detail::to_texts(row[10]))
        read.alarm.events.push_back(uuid_from_string(id).value());
    read.raised = detail::to_time(row[11]);
    read.refuted = detail::to_optional_time(row[12]);
    read.incident_id = optional_id(row[13]);
    read.hold_id = optional_id(row[14]);
    read.acknowledgement = saying(row, 15);
    read.resolution = saying(row, 18);
    read.refutation = text_or_empty(row[21]);
    return read;
}

/// What somebody says about an alarm, with its record.
Result<bool> say(
    Pool& pool,
    const char* sql,
    const std::string& action,
    const Uuid& id,
    const std::string& reason,
    const ledger::Actor& actor,
    UtcTime now
) {
    bool is_new = false;
    const Status status = pool.with([&](Connection& connection) -> Status {
        pqxx::work transaction{connection.get()};
        const auto changed =
            run(transaction,
                sql,
                to_string(id),
                to_epoch_us(now),
                actor.id ? std::optional{to_string(*actor.id)} : std::nullopt,
                detail::clean_text(actor.name),
                detail::clean_text(reason));
        if (changed.empty()) return {};
        const nlohmann::json facts{
            {"kind", changed[0][0].as<std::string>()},
            {"door", changed[0][1].as<std::string>()},
            {"reason", reason}
        };
        const auto record = append_record(
            transaction,
            {.action = action,
             .actor = actor,
             .subject = {.kind = "alarm", .id = to_string(id)},
             .facts = facts.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)},
            now
        );
        if (!record) return std::unexpected(record.error());
        transaction.commit();
        is_new = true;
        return {};
    });
    if (!status) return std::unexpected(status.error());
    return is_new;
}

OpenDoorLine to_line(const pqxx::row& row) {
    return {
        .door = row[0].as<std::string>(),
        .unit = row[1].as<std::string>(),
        .held_open = row[2].as<std::uint64_t>(),
        .after_hours = row[3].as<std::uint64_t>(),
        .unlocked = row[4].as<std::uint64_t>(),
        .open_seconds = row[5].as<std::uint64_t>(),
        .longest_seconds = row[6].as<std::uint64_t>(),
    };
}

}  // namespace

std::string_view state_of(const AlarmRow& alarm) noexcept {
    if (alarm.refuted) return "refuted";
    if (alarm.resolution) return "resolved";
    return alarm.acknowledgement ? "acknowledged" : "open";
}

Result<std::vector<AlarmRow>>
load_alarms(Pool& pool, const AlarmFilter& filter, std::optional<AlarmCursor> after, std::size_t limit) {
    return load<AlarmRow>(
        pool,
        to_alarm,
        kList,
        filter.door,
        filter.kind,
        filter.state,
        detail::to_optional_us(filter.from),
        detail::to_optional_us(filter.to),
        after ? std::optional{to_epoch_us(after->at)} : std::nullopt,
        after ? std::optional{to_string(after->id)} : std::nullopt,
        limit
    );
}

Result<std::optional<AlarmRow>> find_alarm(Pool& pool, const Uuid& id) {
    return first_of(load<AlarmRow>(pool, to_alarm, kFind, to_string(id)));
}

Result<std::vector<AlarmRow>> load_alarms_after(Pool& pool, std::int64_t place, std::size_t limit) {
    return load<AlarmRow>(pool, to_alarm, kAfter, place, limit);
}

Result<bool> acknowledge_alarm(
    Pool& pool,
    const Uuid& id,
    const std::string& reason,
    const ledger::Actor& actor,
    UtcTime now
) {
    return say(pool, kAcknowledge, "alarm.acknowledged", id, reason, actor, now);
}

Result<bool> resolve_alarm(
    Pool& pool,
    const Uuid& id,
    const std::string& reason,
    const ledger::Actor& actor,
    UtcTime now
) {
    return say(pool, kResolve, "alarm.resolved", id, reason, actor, now);
}

Result<std::vector<AlarmRow>> load_alarms_to_hold(Pool& pool, UtcTime since, UtcTime now) {
    return load<AlarmRow>(pool, to_alarm, kToHold, to_epoch_us(since), to_epoch_us(now));
}

Status save_alarm_hold(Pool& pool, const Uuid& id, const Uuid& hold_id) {
    return execute(pool, kSaveHold, to_string(id), to_string(hold_id));
}

Result<std::vector<OpenDoorLine>> load_open_doors(Pool& pool, const TimeRange& range, UtcTime now) {
    return load<OpenDoorLine>(
        pool, to_line, kOpenDoors, to_epoch_us(range.from), to_epoch_us(range.to), to_epoch_us(now)
    );
}

Result<std::uint64_t> forget_events(Pool& pool, UtcTime before, UtcTime now) {
    std::uint64_t count = 0;
    const Status status = pool.with([&](Connection& connection) -> Status {
        pqxx::work transaction{connection.get()};
        if (!run(transaction, kCountOld, to_epoch_us(before))[0][0].as<bool>()) return {};
        const auto record = append_record(
            transaction,
            {.action = "access.forgotten",
             .actor = ledger::system_actor("sluice-worker"),
             .subject = {.kind = "access_events", .id = to_utc_day(before)},
             .facts = nlohmann::json{{"before", to_rfc3339(before)}}.dump()},
            now
        );
        if (!record) return std::unexpected(record.error());
        count = run(transaction, kForget, to_epoch_us(before), to_string(*record))[0][0].as<std::uint64_t>();
        transaction.commit();
        return {};
    });
    if (!status) return std::unexpected(status.error());
    return count;
}

}  // namespace sluice::catalogue
