#include "storage/catalogue/request_repository.hpp"

#include "storage/catalogue/detail/cases.hpp"
#include "storage/catalogue/detail/connection.hpp"
#include "storage/catalogue/detail/load.hpp"
#include "storage/catalogue/detail/values.hpp"
#include "storage/catalogue/record_repository.hpp"
#include "storage/release/case_json.hpp"

#include <utility>

#include <nlohmann/json.hpp>

namespace sluice::catalogue {
namespace {

using detail::run;
using release::Case;

constexpr const char* kCreate = R"(
    INSERT INTO requests (id, channel, kind, state_since, applicant_id, applicant, unit, cameras, from_at, to_at, form,
        entered_by, enterer, created_at)
    VALUES ($1::uuid, $2, $3, from_us($4::bigint), $5::uuid, $6, $7, $8::uuid[], from_us($9::bigint), from_us($10::bigint),
        $11::jsonb, $12::uuid, $13, from_us($4::bigint))
    ON CONFLICT (id) DO NOTHING)";
constexpr const char* kFirstEvent = R"(
    INSERT INTO request_events (id, request_id, at, action, from_state, to_state, part, principal_id, principal)
    VALUES (gen_random_uuid(), $1::uuid, from_us($2::bigint), 'create', NULL, 'draft', $3, $4::uuid, $5))";
constexpr const char* kChange = R"(
    UPDATE requests SET kind = $3, applicant = $4, unit = $5, cameras = $6::uuid[], from_at = from_us($7::bigint),
        to_at = from_us($8::bigint), form = $9::jsonb, revision = revision + 1
    WHERE id = $1::uuid AND revision = $2::int AND state IN ('draft', 'correction'))";

constexpr const char* kFind = R"(
    SELECT id, channel, kind, state, to_us(state_since), revision, applicant_id, applicant, unit, cameras::text[],
           to_us(from_at), to_us(to_at), form::text, entered_by, enterer, to_us(created_at), to_us(submitted_at),
           handler_id, handler, to_us(accepted_at), policy_version, dossier_number, to_us(due_at), asked_units,
           decision::text, to_us(decided_at), to_us(extended_at),
           (SELECT to_us(d.at) FROM dossier_destructions d WHERE d.dossier_number = requests.dossier_number)
    FROM requests WHERE id = $1::uuid OR dossier_number = $2)";

constexpr const char* kList = R"(
    SELECT id, channel, kind, state, to_us(state_since), applicant, unit, dossier_number, to_us(due_at), to_us(created_at)
    FROM requests
    WHERE (created_at, id) < (from_us($1::bigint), $2::uuid)
      AND ($3::text IS NULL OR state = $3) AND ($4::text IS NULL OR channel = $4)
      AND ($5::uuid IS NULL OR applicant_id = $5::uuid) AND ($6::text IS NULL OR unit = $6)
      AND ($7::uuid IS NULL OR cameras @> ARRAY[$7::uuid])
      AND ($8::uuid IS NULL OR applicant_id = $8::uuid OR entered_by = $8::uuid
           OR ($9 <> '' AND (unit = $9 OR $9 = ANY(asked_units))))
    ORDER BY created_at DESC, id DESC LIMIT $10::bigint)";

constexpr const char* kEvents = R"(
    SELECT id, to_us(at), action, from_state, to_state, part, principal, facts::text
    FROM request_events WHERE request_id = $1::uuid ORDER BY place)";

constexpr const char* kPerson = "SELECT id, name, roles FROM find_person($1, from_us($2::bigint))";

template <class T, class Value>
std::optional<T> or_none(const pqxx::field& field, Value value) {
    if (field.is_null()) return std::nullopt;
    return value(field);
}

Case to_case(const pqxx::row& row) {
    auto form = release::form_from_json(row[12].as<std::string>());
    if (!form) throw pqxx::conversion_error{form.error().message()};
    const auto text = [](const pqxx::field& field) { return field.as<std::string>(); };
    const auto number = [](const pqxx::field& field) { return field.as<int>(); };
    Case request;
    request.id = detail::to_uuid(row[0]);
    request.channel = detail::to_word(row[1], release::channel_from);
    request.kind = detail::to_word(row[2], release::kind_from);
    request.state = detail::to_word(row[3], release::request_state_from);
    request.since = detail::to_time(row[4]);
    request.revision = row[5].as<int>();
    request.applicant_id = or_none<Uuid>(row[6], detail::to_uuid);
    request.applicant = row[7].as<std::string>();
    request.unit = row[8].as<std::string>();
    request.cameras = detail::to_uuids(row[9]);
    if (!row[10].is_null() && !row[11].is_null())
        request.interval = TimeRange{detail::to_time(row[10]), detail::to_time(row[11])};
    request.form = std::move(*form);
    request.enterer_id = detail::to_uuid(row[13]);
    request.enterer = row[14].as<std::string>();
    request.created = detail::to_time(row[15]);
    request.submitted = detail::to_optional_time(row[16]);
    request.handler_id = or_none<Uuid>(row[17], detail::to_uuid);
    request.handler = row[18].is_null() ? std::string{} : row[18].as<std::string>();
    request.accepted = detail::to_optional_time(row[19]);
    request.policy_version = or_none<int>(row[20], number);
    request.dossier_number = or_none<std::string>(row[21], text);
    request.due = detail::to_optional_time(row[22]);
    request.asked_units = detail::to_texts(row[23]);
    request.decision = row[24].is_null() ? std::string{} : row[24].as<std::string>();
    request.decided = detail::to_optional_time(row[25]);
    request.extended = detail::to_optional_time(row[26]);
    request.papers_destroyed = detail::to_optional_time(row[27]);
    return request;
}

RequestSummary to_summary(const pqxx::row& row) {
    return {
        .id = detail::to_uuid(row[0]),
        .channel = detail::to_word(row[1], release::channel_from),
        .kind = detail::to_word(row[2], release::kind_from),
        .state = detail::to_word(row[3], release::request_state_from),
        .since = detail::to_time(row[4]),
        .applicant = row[5].as<std::string>(),
        .unit = row[6].as<std::string>(),
        .dossier_number = row[7].is_null() ? std::nullopt : std::optional{row[7].as<std::string>()},
        .due = detail::to_optional_time(row[8]),
        .created = detail::to_time(row[9]),
    };
}

RequestEvent to_event(const pqxx::row& row) {
    return {
        .id = detail::to_uuid(row[0]),
        .at = detail::to_time(row[1]),
        .action = row[2].as<std::string>(),
        .from = row[3].is_null() ? std::nullopt : std::optional{row[3].as<std::string>()},
        .to = row[4].as<std::string>(),
        .part = row[5].as<std::string>(),
        .principal = row[6].as<std::string>(),
        .facts = row[7].as<std::string>(),
    };
}

PersonRow to_person(const pqxx::row& row) {
    return {
        .id = detail::to_uuid(row[0]), .name = row[1].as<std::string>(), .roles = detail::to_texts(row[2])
    };
}

template <class T>
std::optional<std::string> text_or_null(const std::optional<T>& value) {
    if (!value) return std::nullopt;
    return std::string{to_string(*value)};
}

std::optional<std::int64_t> from_or_null(const Case& request) {
    return request.interval ? std::optional{to_epoch_us(request.interval->from)} : std::nullopt;
}
std::optional<std::int64_t> to_or_null(const Case& request) {
    return request.interval ? std::optional{to_epoch_us(request.interval->to)} : std::nullopt;
}

Result<std::optional<Case>>
find(Pool& pool, const std::optional<std::string>& id, const std::optional<std::string>& number) {
    std::optional<Case> found;
    const Status status = pool.with([&](Connection& connection) -> Status {
        // One snapshot for the case and its parts.
        pqxx::transaction<pqxx::isolation_level::repeatable_read> transaction{connection.get()};
        const pqxx::result rows = run(transaction, kFind, id, number);
        if (rows.empty()) return {};
        found = to_case(rows[0]);
        detail::load_parts(transaction, *found);
        return {};
    });
    if (!status) return std::unexpected(status.error());
    return found;
}

}  // namespace

Result<bool> create_request(Pool& pool, const Case& draft, const ledger::Act& act) {
    bool is_new = false;
    const Status status = pool.with([&](Connection& connection) -> Status {
        pqxx::work transaction{connection.get()};
        const pqxx::result made =
            run(transaction,
                kCreate,
                to_string(draft.id),
                std::string{to_string(draft.channel)},
                std::string{to_string(draft.kind)},
                to_epoch_us(draft.created),
                text_or_null(draft.applicant_id),
                detail::clean_text(draft.applicant),
                detail::clean_text(draft.unit),
                detail::to_uuid_array(draft.cameras),
                from_or_null(draft),
                to_or_null(draft),
                release::to_json(draft.form).dump(),
                to_string(draft.enterer_id),
                detail::clean_text(draft.enterer));
        if (made.affected_rows() == 0) return {};
        run(transaction,
            kFirstEvent,
            to_string(draft.id),
            to_epoch_us(draft.created),
            std::string{draft.applicant_id == draft.enterer_id ? "applicant" : "handler"},
            to_string(draft.enterer_id),
            detail::clean_text(draft.enterer));
        const auto record = append_record(transaction, act, draft.created);
        if (!record) return std::unexpected(record.error());
        transaction.commit();
        is_new = true;
        return {};
    });
    if (!status) return std::unexpected(status.error());
    return is_new;
}

Result<bool> change_request(Pool& pool, const Case& changed, const ledger::Act& act, UtcTime now) {
    bool has_changed = false;
    const Status status = pool.with([&](Connection& connection) -> Status {
        pqxx::work transaction{connection.get()};
        const pqxx::result made =
            run(transaction,
                kChange,
                to_string(changed.id),
                changed.revision,
                std::string{to_string(changed.kind)},
                detail::clean_text(changed.applicant),
                detail::clean_text(changed.unit),
                detail::to_uuid_array(changed.cameras),
                from_or_null(changed),
                to_or_null(changed),
                release::to_json(changed.form).dump());
        if (made.affected_rows() == 0) return {};
        const auto record = append_record(transaction, act, now);
        if (!record) return std::unexpected(record.error());
        transaction.commit();
        has_changed = true;
        return {};
    });
    if (!status) return std::unexpected(status.error());
    return has_changed;
}

Result<std::optional<Case>> find_request(Pool& pool, const Uuid& id) {
    return find(pool, to_string(id), std::nullopt);
}

Result<std::optional<Case>> find_request_by_dossier(Pool& pool, const std::string& number) {
    return find(pool, std::nullopt, number);
}

Result<std::vector<RequestSummary>> load_requests(
    Pool& pool,
    const RequestFilter& filter,
    const std::optional<RequestCursor>& after,
    std::size_t limit
) {
    constexpr UtcTime far_future = from_epoch_us(253'402'300'799'000'000);  // end of the year 9999
    const RequestCursor cursor = after.value_or(RequestCursor{.created = far_future, .id = Uuid{}});
    return detail::load(
        pool,
        to_summary,
        kList,
        to_epoch_us(cursor.created),
        to_string(cursor.id),
        text_or_null(filter.state),
        text_or_null(filter.channel),
        text_or_null(filter.applicant_id),
        filter.unit,
        text_or_null(filter.camera_id),
        text_or_null(filter.seen_by),
        filter.seen_by_unit,
        limit
    );
}

Result<std::vector<RequestEvent>> load_request_events(Pool& pool, const Uuid& request_id) {
    return detail::load(pool, to_event, kEvents, to_string(request_id));
}

Result<std::optional<PersonRow>> find_person(Pool& pool, const std::string& name, UtcTime now) {
    return detail::first_of(detail::load(pool, to_person, kPerson, detail::clean_text(name), to_epoch_us(now))
    );
}

}  // namespace sluice::catalogue
