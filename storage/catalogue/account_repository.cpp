#include "storage/catalogue/account_repository.hpp"

#include "storage/catalogue/detail/connection.hpp"
#include "storage/catalogue/detail/load.hpp"
#include "storage/catalogue/detail/principals.hpp"
#include "storage/catalogue/detail/values.hpp"
#include "storage/catalogue/record_repository.hpp"

#include <utility>

namespace sluice::catalogue {
namespace {

using detail::run;

constexpr const char* kCreate = R"(
    SELECT create_account($1::uuid, $2, $3, $4, $5::text[], $6, $7::uuid[], from_us($8::bigint), from_us($9::bigint), $10,
        $11::date, $12, from_us($13::bigint)))";

constexpr const char* kFind = R"(
    SELECT p.id, p.kind, p.name, p.roles, to_us(p.valid_from), to_us(p.valid_to), a.unit, a.cameras::text[],
           a.acknowledged_document, a.acknowledged_on::text, to_us(a.created_at), to_us(a.disabled_at),
           coalesce(a.disable_reason, ''), to_us(a.departed_at), coalesce(a.departure_document, ''),
           coalesce(a.departure_on::text, ''), a.revision
    FROM accounts a JOIN principals p ON p.id = a.id WHERE a.id = $1::uuid)";
constexpr const char* kFindByKey = R"(
    SELECT p.id, p.kind, p.name, p.roles, to_us(p.valid_from), to_us(p.valid_to), a.unit, a.cameras::text[],
           a.acknowledged_document, a.acknowledged_on::text, to_us(a.created_at), to_us(a.disabled_at),
           coalesce(a.disable_reason, ''), to_us(a.departed_at), coalesce(a.departure_document, ''),
           coalesce(a.departure_on::text, ''), a.revision
    FROM accounts a JOIN principals p ON p.id = a.id WHERE a.name_key = $1)";
constexpr const char* kList = R"(
    SELECT p.id, p.kind, p.name, p.roles, to_us(p.valid_from), to_us(p.valid_to), a.unit, a.cameras::text[],
           a.acknowledged_document, a.acknowledged_on::text, to_us(a.created_at), to_us(a.disabled_at),
           coalesce(a.disable_reason, ''), to_us(a.departed_at), coalesce(a.departure_document, ''),
           coalesce(a.departure_on::text, ''), a.revision
    FROM accounts a JOIN principals p ON p.id = a.id
    WHERE $1::uuid IS NULL OR a.id > $1::uuid ORDER BY a.id LIMIT $2::bigint)";

AccountRow from_row(const pqxx::row& row) {
    PrincipalRow principal = detail::to_principal(row);
    AccountRow account{
        .id = principal.id,
        .kind = principal.kind,
        .name = std::move(principal.name),
        .roles = std::move(principal.roles),
        .unit = row[6].as<std::string>(),
        .cameras = {},
        .valid_from = principal.valid_from,
        .valid_to = principal.valid_to,
        .acknowledgement = {row[8].as<std::string>(), row[9].as<std::string>()},
        .created = detail::to_time(row[10]),
        .disabled = detail::to_optional_time(row[11]),
        .disable_reason = row[12].as<std::string>(),
        .departed = detail::to_optional_time(row[13]),
        .departure = {row[14].as<std::string>(), row[15].as<std::string>()},
        .revision = row[16].as<int>(),
    };
    for (const std::string& text : detail::to_texts(row[7]))
        if (const auto id = uuid_from_string(text)) account.cameras.push_back(*id);
    return account;
}

constexpr const char* kHeads = R"(
    SELECT a.id FROM accounts a JOIN principals p ON p.id = a.id
    WHERE a.unit = $1 AND 'unit_head' = ANY(p.roles) AND a.departed_at IS NULL AND a.disabled_at IS NULL
      AND p.valid_from <= from_us($2::bigint) AND (p.valid_to IS NULL OR from_us($2::bigint) < p.valid_to)
    ORDER BY a.id)";
constexpr const char* kChange =
    "SELECT change_account($1::uuid, $2::int, $3::text[], $4, $5::uuid[], from_us($6::bigint))";
constexpr const char* kDisable = "SELECT disable_account($1::uuid, $2, from_us($3::bigint))";
constexpr const char* kDepart = "SELECT depart_account($1::uuid, $2, $3::date, from_us($4::bigint))";
constexpr const char* kReset = "SELECT reset_password($1::uuid, $2, from_us($3::bigint))";
constexpr const char* kFactor = "SELECT set_second_factor($1::uuid, $2::bytea, from_us($3::bigint))";
constexpr const char* kToken = "SELECT create_account_token($1::uuid, $2::bytea, from_us($3::bigint), NULL)";

std::string to_array(const std::vector<std::string>& words) {
    detail::ArrayLiteral array;
    for (const std::string& word : words)
        array.add(std::string_view{word});
    return array.str();
}

std::string to_array(const std::vector<Uuid>& ids) {
    detail::ArrayLiteral array;
    for (const Uuid& id : ids)
        array.add(id);
    return array.str();
}

/// A function that says whether it changed something, and the record if it did.
template <class... Args>
Result<bool> act_if(Pool& pool, const ledger::Act& act, UtcTime now, const char* sql, const Args&... args) {
    bool is_done = false;
    const Status status = pool.with([&](Connection& connection) -> Status {
        pqxx::work transaction{connection.get()};
        const pqxx::result rows = run(transaction, sql, args...);
        // NULL: a function without an answer, which always does what it says.
        is_done = rows[0][0].is_null() || rows[0][0].as<std::string>() != "f";
        if (!is_done) return {};
        if (const auto record = append_record(transaction, act, now); !record)
            return std::unexpected(record.error());
        transaction.commit();
        return {};
    });
    if (!status) return std::unexpected(status.error());
    return is_done;
}

Status to_status(const Result<bool>& done) {
    if (!done) return std::unexpected(done.error());
    return {};
}

}  // namespace

Result<std::optional<Uuid>> create_account(Pool& pool, const NewAccount& made, ledger::Act act) {
    const AccountRow& account = made.account;
    std::optional<Uuid> id;
    const Status status = pool.with([&](Connection& connection) -> Status {
        pqxx::work transaction{connection.get()};
        const pqxx::result rows =
            run(transaction,
                kCreate,
                to_string(account.id),
                account.kind == PrincipalKind::person ? "person" : "machine",
                detail::clean_text(account.name),
                made.name_key,
                to_array(account.roles),
                detail::clean_text(account.unit),
                to_array(account.cameras),
                to_epoch_us(account.valid_from),
                detail::to_optional_us(account.valid_to),
                detail::clean_text(account.acknowledgement.document),
                account.acknowledgement.date,
                made.password_hash,
                to_epoch_us(account.created));
        if (rows[0][0].is_null()) return {};
        const Uuid made_id = detail::to_uuid(rows[0][0]);
        act.subject = {.kind = "account", .id = to_string(made_id)};
        if (const auto record = append_record(transaction, act, account.created); !record)
            return std::unexpected(record.error());
        transaction.commit();
        id = made_id;
        return {};
    });
    if (!status) return std::unexpected(status.error());
    return id;
}

Result<std::optional<AccountRow>> find_account(Pool& pool, const Uuid& id) {
    return detail::first_of(detail::load(pool, from_row, kFind, to_string(id)));
}

Result<std::optional<AccountRow>> find_account_by_key(Pool& pool, const std::string& name_key) {
    return detail::first_of(detail::load(pool, from_row, kFindByKey, name_key));
}

Result<std::vector<AccountRow>>
load_accounts(Pool& pool, const std::optional<Uuid>& after, std::size_t limit) {
    const auto place = after ? std::optional{to_string(*after)} : std::nullopt;
    return detail::load(pool, from_row, kList, place, limit);
}

Result<std::vector<Uuid>> load_unit_heads(Pool& pool, const std::string& unit, UtcTime now) {
    return detail::load(
        pool,
        +[](const pqxx::row& row) { return detail::to_uuid(row[0]); },
        kHeads,
        detail::clean_text(unit),
        to_epoch_us(now)
    );
}

Result<bool> change_account(Pool& pool, const AccountRow& changed, const ledger::Act& act, UtcTime now) {
    return act_if(
        pool,
        act,
        now,
        kChange,
        to_string(changed.id),
        changed.revision,
        to_array(changed.roles),
        detail::clean_text(changed.unit),
        to_array(changed.cameras),
        detail::to_optional_us(changed.valid_to)
    );
}

Result<bool>
disable_account(Pool& pool, const Uuid& id, const std::string& reason, const ledger::Act& act, UtcTime now) {
    return act_if(pool, act, now, kDisable, to_string(id), detail::clean_text(reason), to_epoch_us(now));
}

Result<bool>
depart_account(Pool& pool, const Uuid& id, const Paper& paper, const ledger::Act& act, UtcTime now) {
    return act_if(
        pool,
        act,
        now,
        kDepart,
        to_string(id),
        detail::clean_text(paper.document),
        paper.date,
        to_epoch_us(now)
    );
}

Status
reset_password(Pool& pool, const Uuid& id, const std::string& hash, const ledger::Act& act, UtcTime now) {
    return to_status(act_if(pool, act, now, kReset, to_string(id), hash, to_epoch_us(now)));
}

Status set_second_factor(
    Pool& pool,
    const Uuid& id,
    const std::optional<Bytes>& secret,
    const ledger::Act& act,
    UtcTime now
) {
    const auto bytes = secret ? std::optional{detail::to_bytea(*secret)} : std::nullopt;
    return to_status(act_if(pool, act, now, kFactor, to_string(id), bytes, to_epoch_us(now)));
}

Status create_account_token(
    Pool& pool,
    const Uuid& id,
    const Sha256Digest& token_hash,
    const ledger::Act& act,
    UtcTime now
) {
    return to_status(
        act_if(pool, act, now, kToken, to_string(id), detail::to_bytea(token_hash), to_epoch_us(now))
    );
}

}  // namespace sluice::catalogue
