
#include "storage/catalogue/incident_case_repository.hpp"

#include "storage/catalogue/detail/load.hpp"
#include "storage/catalogue/detail/values.hpp"
#include "storage/catalogue/notice_repository.hpp"

/// Reading incidents and what has gathered on them.
namespace sluice::catalogue {
namespace {

using detail::first_of;
using detail::load;
using detail::run;
using duty::IncidentState;

constexpr UtcTime kFarFuture = from_epoch_us(253'402'300'799'000'000);  // end of the year 9999

constexpr const char* kList = R"(
    SELECT id, kind, severity, state, to_us(opened_at), to_us(state_since), revision, cause, subject::text, principal
    FROM incidents
    WHERE (opened_at, id) < (from_us($1::bigint), $2::uuid) AND ($3::text IS NULL OR kind = $3)
      AND (NOT $4::boolean OR state NOT IN ('closed', 'false_alarm', 'exercise'))
    ORDER BY opened_at DESC, id DESC LIMIT $5::bigint)";
constexpr const char* kFind = R"(
    SELECT id, kind, severity, state, to_us(opened_at), to_us(state_since), revision, cause, subject::text, principal
    FROM incidents WHERE id = $1::uuid)";
constexpr const char* kRunning = R"(
    SELECT id, kind, severity, state, to_us(opened_at), to_us(state_since), revision, cause, subject::text, principal
    FROM incidents WHERE state IN ('detected', 'triaged', 'reported', 'contained') ORDER BY opened_at, id LIMIT $1::bigint)";

constexpr const char* kSteps = R"(
    SELECT to_us(at), action, from_state, to_state, part, principal_id, principal, facts::text
    FROM incident_steps WHERE incident_id = $1::uuid ORDER BY place)";
constexpr const char* kNotes =
    "SELECT to_us(at), text, principal FROM incident_notes WHERE incident_id = $1::uuid ORDER BY at, id";
constexpr const char* kLinks = R"(
    SELECT kind, target, note, to_us(at), principal FROM incident_links WHERE incident_id = $1::uuid ORDER BY at, kind, target)";
constexpr const char* kFootage = R"(
    SELECT c.slug, to_us(f.from_at), to_us(f.to_at), f.note, to_us(f.at), f.principal
    FROM incident_footage f JOIN cameras c ON c.id = f.camera_id WHERE f.incident_id = $1::uuid ORDER BY f.at, f.id)";
constexpr const char* kOpenRepairs = R"(
    SELECT count(*) FROM repairs r
    WHERE r.ended_at IS NULL AND (r.source = 'incident:' || $1::text OR EXISTS (
        SELECT FROM incident_links l WHERE l.incident_id = $1::text::uuid AND l.kind = 'repair' AND l.target = r.id::text)))";
constexpr const char* kHolds = R"(
    SELECT id FROM holds WHERE owner_kind = 'incident' AND owner_id = $1::uuid AND released_at IS NULL
      AND (expires_at IS NULL OR expires_at > from_us($2::bigint)) ORDER BY placed_at, id)";

template <class Word>
Word need_word(std::optional<Word> word) {
    if (!word) throw pqxx::conversion_error{"unknown word of an incident"};
    return *word;
}

IncidentState to_state(const pqxx::field& field) {
    return need_word(duty::incident_state_from(field.as<std::string>()));
}

IncidentRow to_incident(const pqxx::row& row) {
    return {
        .id = detail::to_uuid(row[0]),
        .kind = need_word(duty::incident_kind_from(row[1].as<std::string>())),
        .severity = need_word(duty::severity_from(row[2].as<std::string>())),
        .state = to_state(row[3]),
        .opened = detail::to_time(row[4]),
        .state_since = detail::to_time(row[5]),
        .revision = row[6].as<int>(),
        .cause = row[7].as<std::string>(),
        .subject = row[8].as<std::string>(),
        .opener = row[9].as<std::string>(),
    };
}

IncidentStep to_step(const pqxx::row& row) {
    return {
        .at = detail::to_time(row[0]),
        .action = row[1].as<std::string>(),
        .from = to_state(row[2]),
        .to = to_state(row[3]),
        .part = row[4].as<std::string>(),
        .principal_id = detail::to_uuid(row[5]),
        .principal = row[6].as<std::string>(),
        .facts = row[7].as<std::string>(),
    };
}

IncidentNote to_note(const pqxx::row& row) {
    return {
        .at = detail::to_time(row[0]), .text = row[1].as<std::string>(), .author = row[2].as<std::string>()
    };
}

IncidentLink to_link(const pqxx::row& row) {
    return {
        .kind = row[0].as<std::string>(),
        .target = row[1].as<std::string>(),
        .note = row[2].as<std::string>(),
        .at = detail::to_time(row[3]),
        .linker = row[4].as<std::string>(),
    };
}

IncidentFootage to_footage(const pqxx::row& row) {
    return {
        .camera = row[0].as<std::string>(),
        .range = {.from = detail::to_time(row[1]), .to = detail::to_time(row[2])},
        .note = row[3].as<std::string>(),
        .at = detail::to_time(row[4]),
        .adder = row[5].as<std::string>(),
    };
}

template <class Row, class... Args>
void read(
    pqxx::transaction_base& session,
    std::vector<Row>& into,
    Row (*from_row)(const pqxx::row&),
    const char* sql,
    const Args&... args
) {
    for (const auto& row : run(session, sql, args...))
        into.push_back(from_row(row));
}

Uuid first_id(const pqxx::row& row) {
    return detail::to_uuid(row[0]);
}

}  // namespace

Result<std::vector<IncidentRow>> load_incidents(
    Pool& pool,
    const IncidentFilter& filter,
    std::optional<IncidentCursor> after,
    std::size_t limit
) {
    const IncidentCursor cursor = after.value_or(IncidentCursor{.opened = kFarFuture, .id = Uuid{}});
    const std::string kind{filter.kind ? to_string(*filter.kind) : std::string_view{}};
    return load<IncidentRow>(
        pool,
        to_incident,
        kList,
        to_epoch_us(cursor.opened),
        to_string(cursor.id),
        filter.kind ? std::optional{kind} : std::nullopt,
        filter.is_open,
        limit
    );
}

Result<std::optional<IncidentRow>> find_incident(Pool& pool, const Uuid& id) {
    return first_of(load<IncidentRow>(pool, to_incident, kFind, to_string(id)));
}

Result<std::vector<IncidentRow>> load_running_incidents(Pool& pool, std::size_t limit) {
    return load<IncidentRow>(pool, to_incident, kRunning, limit);
}

Result<std::size_t> tell_late_incident(
    Pool& pool,
    const Uuid& id,
    const std::vector<std::string>& audiences,
    UtcTime due,
    UtcTime now
) {
    std::size_t told = 0;
    const Status status = pool.with([&](Connection& connection) -> Status {
        pqxx::work transaction{connection.get()};
        for (const std::string& audience : audiences)
            if (raise_notice(
                    transaction,
                    {.kind = NoticeKind::incident_due, .subject_id = id, .audience = audience, .due = due},
                    now
                ))
                ++told;
        transaction.commit();
        return {};
    });
    if (!status) return std::unexpected(status.error());
    return told;
}

Result<IncidentParts> load_incident_parts(Pool& pool, const Uuid& id, UtcTime now) {
    IncidentParts parts;
    const Status status = pool.with([&](Connection& connection) -> Status {
        pqxx::read_transaction session{connection.get()};
        const std::string key = to_string(id);
        read(session, parts.steps, to_step, kSteps, key);
        read(session, parts.notes, to_note, kNotes, key);
        read(session, parts.links, to_link, kLinks, key);
        read(session, parts.footage, to_footage, kFootage, key);
        read(session, parts.holds, first_id, kHolds, key, to_epoch_us(now));
        parts.open_repairs = run(session, kOpenRepairs, key)[0][0].as<std::size_t>();
        return {};
    });
    if (!status) return std::unexpected(status.error());
    return parts;
}

}  // namespace sluice::catalogue
