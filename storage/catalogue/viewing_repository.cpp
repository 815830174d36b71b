#include "storage/catalogue/viewing_repository.hpp"

#include "storage/catalogue/detail/load.hpp"
#include "storage/catalogue/detail/values.hpp"
#include "storage/catalogue/record_repository.hpp"

#include <utility>

namespace sluice::catalogue {

namespace {

using detail::first_of;
using detail::load;
using detail::run;
using detail::to_optional_time;
using detail::to_time;
using detail::to_uuid;

std::optional<Uuid> to_optional_uuid(const pqxx::field& field) {
    return field.is_null() ? std::nullopt : std::optional{to_uuid(field)};
}
std::optional<std::string> to_optional_text(const std::optional<Uuid>& id) {
    return id ? std::optional{to_string(*id)} : std::nullopt;
}
StreamKind to_stream(const pqxx::field& field) {
    return field.as<std::string>() == to_string(StreamKind::sub) ? StreamKind::sub : StreamKind::main;
}

constexpr const char* kAppointment = R"(
    SELECT r.id, r.state, coalesce(r.dossier_number, ''), t.id, to_us(t.from_at), to_us(t.to_at), t.kind, t.escort_id, t.escort,
           t.viewer_id, t.viewer, g.id, g.kind, to_us(g.decided_at), to_us(g.valid_to), g.is_masked,
           CASE r.state WHEN 'refused' THEN r.decision::text
               WHEN 'not_held' THEN (SELECT e.facts::text FROM request_events e WHERE e.request_id = r.id
                                     AND e.to_state = 'not_held' ORDER BY e.place DESC LIMIT 1) END
    FROM requests r
         LEFT JOIN request_slots t ON t.request_id = r.id AND t.replaced_at IS NULL
         LEFT JOIN grants g ON g.request_id = r.id AND g.revoked_at IS NULL
    WHERE r.id = $1::uuid)";

AppointmentRow to_appointment(const pqxx::row& row) {
    AppointmentRow found;
    found.request_id = to_uuid(row[0]);
    found.state = row[1].as<std::string>();
    found.dossier = row[2].as<std::string>();
    if (!row[3].is_null()) {
        found.slot_id = to_uuid(row[3]);
        found.slot = {to_time(row[4]), to_time(row[5])};
        found.slot_kind = row[6].as<std::string>();
        found.escort_id = to_uuid(row[7]);
        found.escort = row[8].as<std::string>();
        found.viewer_id = to_optional_uuid(row[9]);
        found.viewer = row[10].as<std::string>();
    }
    if (!row[11].is_null()) {
        found.grant_id = to_uuid(row[11]);
        found.grant_kind = row[12].as<std::string>();
        found.decided = to_time(row[13]);
        found.grant_to = to_time(row[14]);
        found.is_masked = row[15].as<bool>();
    }
    if (!row[16].is_null()) found.outcome = row[16].as<std::string>();
    return found;
}

constexpr const char* kFind = R"(
    SELECT s.id, s.request_id, coalesce(r.dossier_number, ''), s.grant_id, s.slot_id, to_us(t.from_at), to_us(t.to_at), s.escort_id, s.escort,
           s.viewer_id, s.viewer, to_us(s.opened_at), to_us(s.presence_to), to_us(s.joined_at), to_us(s.ended_at),
           coalesce(s.end_reason, ''), s.register_line, r.state, g.kind, to_us(g.valid_to), g.is_masked, g.revoked_at IS NOT NULL,
           t.replaced_at IS NOT NULL
    FROM viewing_sessions s JOIN requests r ON r.id = s.request_id JOIN grants g ON g.id = s.grant_id
         JOIN request_slots t ON t.id = s.slot_id
    WHERE s.id = $1::uuid)";
constexpr const char* kOfRequest = R"(
    SELECT s.id, s.request_id, coalesce(r.dossier_number, ''), s.grant_id, s.slot_id, to_us(t.from_at), to_us(t.to_at), s.escort_id, s.escort,
           s.viewer_id, s.viewer, to_us(s.opened_at), to_us(s.presence_to), to_us(s.joined_at), to_us(s.ended_at),
           coalesce(s.end_reason, ''), s.register_line, r.state, g.kind, to_us(g.valid_to), g.is_masked, g.revoked_at IS NOT NULL,
           t.replaced_at IS NOT NULL
    FROM viewing_sessions s JOIN requests r ON r.id = s.request_id JOIN grants g ON g.id = s.grant_id
         JOIN request_slots t ON t.id = s.slot_id
    WHERE s.request_id = $1::uuid AND ($2::bool OR s.ended_at IS NULL) ORDER BY s.opened_at, s.id)";

ViewingRow to_viewing(const pqxx::row& row) {
    return {
        .id = to_uuid(row[0]),
        .request_id = to_uuid(row[1]),
        .dossier = row[2].as<std::string>(),
        .grant_id = to_uuid(row[3]),
        .slot_id = to_uuid(row[4]),
        .slot = {to_time(row[5]), to_time(row[6])},
        .escort_id = to_uuid(row[7]),
        .escort = row[8].as<std::string>(),
        .viewer_id = to_optional_uuid(row[9]),
        .viewer = row[10].as<std::string>(),
        .opened = to_time(row[11]),
        .presence_to = to_time(row[12]),
        .joined = to_optional_time(row[13]),
        .ended = to_optional_time(row[14]),
        .end_reason = row[15].as<std::string>(),
        .register_line = row[16].is_null() ? std::nullopt : std::optional{row[16].as<std::int64_t>()},
        .request_state = row[17].as<std::string>(),
        .grant_kind = row[18].as<std::string>(),
        .grant_to = to_time(row[19]),
        .is_masked = row[20].as<bool>(),
        .is_revoked = row[21].as<bool>(),
        .is_replaced = row[22].as<bool>(),
    };
}

constexpr const char* kItems = R"(
    SELECT i.camera_id, c.slug, c.name, i.stream, to_us(i.asked_from), to_us(i.asked_to), to_us(i.from_at), to_us(i.to_at), i.is_outward
    FROM grant_items i JOIN cameras c ON c.id = i.camera_id WHERE i.grant_id = $1::uuid
    ORDER BY c.slug, i.stream, i.from_at)";

GrantItem to_item(const pqxx::row& row) {
    return {
        .camera_id = to_uuid(row[0]),
        .camera_slug = row[1].as<std::string>(),
        .camera_name = row[2].as<std::string>(),
        .stream = to_stream(row[3]),
        .asked = {to_time(row[4]), to_time(row[5])},
        .granted = {to_time(row[6]), to_time(row[7])},
        .is_outward = row[8].as<bool>(),
    };
}

constexpr const char* kOpen = R"(
    INSERT INTO viewing_sessions (id, request_id, grant_id, slot_id, escort_id, escort, viewer_id, viewer, opened_at, presence_to)
    VALUES ($1::uuid, $2::uuid, $3::uuid, $4::uuid, $5::uuid, $6, $7::uuid, $8, from_us($9::bigint), from_us($10::bigint))
    ON CONFLICT DO NOTHING)";
constexpr const char* kRenew = R"(
    UPDATE viewing_sessions SET presence_to = greatest(presence_to, from_us($2::bigint))
    WHERE id = $1::uuid AND ended_at IS NULL)";

constexpr const char* kTry = R"(
    UPDATE request_slots SET tries = tries + 1 WHERE id = $1::uuid AND code_sha256 IS NOT NULL AND tries < $2::int
    RETURNING code_sha256)";
constexpr const char* kJoin = R"(
    UPDATE viewing_sessions SET joined_at = from_us($2::bigint), token_sha256 = $3::bytea
    WHERE id = $1::uuid AND joined_at IS NULL AND ended_at IS NULL)";
constexpr const char* kViewer = R"(
    SELECT s.viewer_id FROM viewing_sessions s LEFT JOIN principals p ON p.id = s.viewer_id
    WHERE s.id = $1::uuid AND s.token_sha256 = $2::bytea AND (s.viewer_id IS NULL
        OR (p.valid_from <= from_us($3::bigint) AND (p.valid_to IS NULL OR from_us($3::bigint) < p.valid_to))))";

SessionViewer to_viewer(const pqxx::row& row) {
    return {.account_id = to_optional_uuid(row[0])};
}

// A joined session waits for its start in `scheduled`; back in it later, the escort has interrupted it.
// Another appointment has another session.
constexpr const char* kOverdue = R"(
    SELECT o.id, o.request_id, CASE WHEN o.has_moved THEN 'request_moved' WHEN o.slot_to <= from_us($2::bigint) THEN 'slot_over' ELSE 'presence_lost' END
    FROM (SELECT s.id, s.request_id, s.opened_at, s.presence_to, t.to_at AS slot_to,
                 t.replaced_at IS NOT NULL OR CASE WHEN s.joined_at IS NULL THEN r.state <> 'scheduled'
                      ELSE r.state <> 'in_session' AND (r.state <> 'scheduled' OR r.state_since > s.joined_at) END AS has_moved
          FROM viewing_sessions s JOIN requests r ON r.id = s.request_id JOIN request_slots t ON t.id = s.slot_id
          WHERE s.ended_at IS NULL) o
    WHERE o.has_moved OR o.presence_to <= from_us($1::bigint) OR o.slot_to <= from_us($2::bigint)
    ORDER BY o.opened_at)";

OverdueViewing to_overdue(const pqxx::row& row) {
    return {.id = to_uuid(row[0]), .request_id = to_uuid(row[1]), .reason = row[2].as<std::string>()};
}

/// Runs a statement and appends the record when it changed something. nullopt: it did not.
template <class... Args>
Result<std::optional<Uuid>>
change_recorded(Pool& pool, const ledger::Act& act, UtcTime now, const char* sql, const Args&... args) {
    std::optional<Uuid> record_id;
    const Status status = pool.with([&](Connection& connection) -> Status {
        pqxx::work transaction{connection.get()};
        if (run(transaction, sql, args...).affected_rows() == 0) return {};
        const auto record = append_record(transaction, act, now);
        if (!record) return std::unexpected(record.error());
        transaction.commit();
        record_id = *record;
        return {};
    });
    if (!status) return std::unexpected(status.error());
    return record_id;
}

}  // namespace

Result<std::optional<AppointmentRow>> find_appointment(Pool& pool, const Uuid& request_id) {
    return first_of(load(pool, to_appointment, kAppointment, to_string(request_id)));
}

Result<std::optional<ViewingRow>> find_viewing(Pool& pool, const Uuid& id) {
    return first_of(load(pool, to_viewing, kFind, to_string(id)));
}

Result<std::optional<ViewingRow>> find_open_viewing(Pool& pool, const Uuid& request_id) {
    return first_of(load(pool, to_viewing, kOfRequest, to_string(request_id), false));
}

Result<std::vector<ViewingRow>> load_viewings(Pool& pool, const Uuid& request_id) {
    return load(pool, to_viewing, kOfRequest, to_string(request_id), true);
}

Result<std::vector<GrantItem>> load_grant_items(Pool& pool, const Uuid& grant_id) {
    return load(pool, to_item, kItems, to_string(grant_id));
}

Result<std::optional<Uuid>> open_viewing(Pool& pool, const NewViewing& viewing, const ledger::Act& act) {
    const AppointmentRow& slot = viewing.appointment;
    return change_recorded(
        pool,
        act,
        viewing.opened,
        kOpen,
        to_string(viewing.id),
        to_string(slot.request_id),
        to_string(slot.grant_id),
        to_string(slot.slot_id),
        to_string(slot.escort_id),
        detail::clean_text(slot.escort),
        to_optional_text(slot.viewer_id),
        detail::clean_text(slot.viewer),
        to_epoch_us(viewing.opened),
        to_epoch_us(viewing.presence_to)
    );
}

Result<bool> renew_presence(Pool& pool, const Uuid& id, UtcTime presence_to) {
    bool is_renewed = false;
    const Status status = pool.with([&](Connection& connection) -> Status {
        pqxx::work transaction{connection.get()};
        is_renewed = run(transaction, kRenew, to_string(id), to_epoch_us(presence_to)).affected_rows() > 0;
        transaction.commit();
        return {};
    });
    if (!status) return std::unexpected(status.error());
    return is_renewed;
}

Result<std::optional<Sha256Digest>> try_code(Pool& pool, const Uuid& slot_id, unsigned most) {
    std::optional<Sha256Digest> code;
    const Status status = pool.with([&](Connection& connection) -> Status {
        pqxx::work transaction{connection.get()};
        const pqxx::result found = run(transaction, kTry, to_string(slot_id), most);
        if (!found.empty()) code = detail::to_digest(found[0][0]);
        transaction.commit();
        return {};
    });
    if (!status) return std::unexpected(status.error());
    return code;
}

Result<std::optional<Uuid>>
join_viewing(Pool& pool, const Uuid& id, const Sha256Digest& token, const ledger::Act& act, UtcTime now) {
    return change_recorded(pool, act, now, kJoin, to_string(id), to_epoch_us(now), detail::to_bytea(token));
}

Result<std::optional<SessionViewer>>
find_viewer(Pool& pool, const Uuid& id, const Sha256Digest& token, UtcTime now) {
    return first_of(load(pool, to_viewer, kViewer, to_string(id), detail::to_bytea(token), to_epoch_us(now)));
}

Result<std::vector<OverdueViewing>> load_overdue_viewings(Pool& pool, UtcTime presence_before, UtcTime now) {
    return load(pool, to_overdue, kOverdue, to_epoch_us(presence_before), to_epoch_us(now));
}

}  // namespace sluice::catalogue
