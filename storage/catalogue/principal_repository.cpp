#include "storage/catalogue/principal_repository.hpp"

#include "storage/catalogue/detail/connection.hpp"
#include "storage/catalogue/detail/principals.hpp"
#include "storage/catalogue/detail/values.hpp"
#include "storage/catalogue/record_repository.hpp"

#include <nlohmann/json.hpp>

namespace sluice::catalogue {

namespace {

constexpr const char* kCreate =
    "SELECT create_machine_token($1::uuid, $2, $3, $4::bytea, from_us($5::bigint))";

constexpr const char* kCreatePerson =
    "SELECT create_person_token($1::uuid, $2, $3::text[], $4::bytea, from_us($5::bigint))";

constexpr const char* kFind = R"(
    SELECT id, kind, name, roles, to_us(valid_from), to_us(valid_to)
    FROM principal_of_token($1::bytea, from_us($2::bigint)))";

PrincipalKind to_kind(const pqxx::field& field) {
    const auto word = field.as<std::string>();
    if (word == "person") return PrincipalKind::person;
    if (word == "machine") return PrincipalKind::machine;
    if (word == "system") return PrincipalKind::system;
    throw pqxx::conversion_error{"unknown kind of principal"};
}

/// That a token was made, for whom and with which roles.
Status record_token(
    pqxx::transaction_base& transaction,
    const PrincipalRow& principal,
    const ledger::Actor& maker,
    UtcTime now
) {
    const nlohmann::json facts{{"name", principal.name}, {"roles", principal.roles}};
    const auto record = append_record(
        transaction,
        {.action = "token.created",
         .actor = maker,
         .subject = {.kind = "principal", .id = to_string(principal.id)},
         .facts = facts.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)},
        now
    );
    if (!record) return std::unexpected(record.error());
    return {};
}

}  // namespace

PrincipalRow detail::to_principal(const pqxx::row& row) {
    return {
        .id = detail::to_uuid(row[0]),
        .kind = to_kind(row[1]),
        .name = row[2].as<std::string>(),
        .roles = detail::to_texts(row[3]),
        .valid_from = detail::to_time(row[4]),
        .valid_to = detail::to_optional_time(row[5]),
    };
}

Result<PrincipalRow> create_machine_token(
    Pool& pool,
    const std::string& name,
    const std::string& role,
    const Sha256Digest& token_hash,
    UtcTime now,
    const ledger::Actor& maker
) {
    PrincipalRow principal{
        .id = make_uuid_v7(now),
        .kind = PrincipalKind::machine,
        .name = detail::clean_text(name),
        .roles = {role},
        .valid_from = now,
        .valid_to = std::nullopt,
    };
    const Status status = pool.with([&](Connection& connection) -> Status {
        pqxx::work transaction{connection.get()};
        detail::run(
            transaction,
            kCreate,
            to_string(principal.id),
            principal.name,
            detail::clean_text(role),
            detail::to_bytea(token_hash),
            to_epoch_us(now)
        );
        if (auto recorded = record_token(transaction, principal, maker, now); !recorded) return recorded;
        transaction.commit();
        return {};
    });
    if (!status) return std::unexpected(status.error());
    return principal;
}

Result<std::optional<PrincipalRow>> create_person_token(
    Pool& pool,
    const std::string& name,
    const std::vector<std::string>& roles,
    const Sha256Digest& token_hash,
    UtcTime now,
    const ledger::Actor& maker
) {
    PrincipalRow person{
        .id = make_uuid_v7(now),
        .kind = PrincipalKind::person,
        .name = detail::clean_text(name),
        .roles = roles,
        .valid_from = now,
        .valid_to = std::nullopt,
    };
    detail::ArrayLiteral words;
    for (const std::string& role : roles)
        words.add(std::string_view{role});
    bool is_made = false;
    const Status status = pool.with([&](Connection& connection) -> Status {
        pqxx::work transaction{connection.get()};
        const pqxx::result rows = detail::run(
            transaction,
            kCreatePerson,
            to_string(person.id),
            person.name,
            words.str(),
            detail::to_bytea(token_hash),
            to_epoch_us(now)
        );
        is_made = !rows[0][0].is_null();
        if (!is_made) return {};
        person.id = detail::to_uuid(rows[0][0]);
        if (auto recorded = record_token(transaction, person, maker, now); !recorded) return recorded;
        transaction.commit();
        return {};
    });
    if (!status) return std::unexpected(status.error());
    return is_made ? std::optional{person} : std::nullopt;
}

Result<std::optional<PrincipalRow>> find_by_token(Pool& pool, const Sha256Digest& token_hash, UtcTime now) {
    std::optional<PrincipalRow> principal;
    const Status status = pool.with([&](Connection& connection) -> Status {
        pqxx::nontransaction session{connection.get()};
        const pqxx::result rows = detail::run(session, kFind, detail::to_bytea(token_hash), to_epoch_us(now));
        if (!rows.empty()) principal = detail::to_principal(rows[0]);
        return {};
    });
    if (!status) return std::unexpected(status.error());
    return principal;
}

}  // namespace sluice::catalogue
