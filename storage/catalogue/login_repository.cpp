#include "storage/catalogue/login_repository.hpp"

#include "storage/catalogue/detail/connection.hpp"
#include "storage/catalogue/detail/values.hpp"
#include "storage/catalogue/record_repository.hpp"

namespace sluice::catalogue {
namespace {

using detail::run;

constexpr const char* kBegin = R"(
    SELECT id, hash, secret, to_us(set_at), is_initial, is_departed, older_hashes
    FROM begin_login($1, from_us($2::bigint), $3::int, $4::bigint, $5::int))";

LoginRow from_row(const pqxx::row& row) {
    LoginRow login{
        .account_id = detail::to_uuid(row[0]),
        .hash = row[1].as<std::string>(),
        .totp_secret = std::nullopt,
        .password_set = detail::to_time(row[3]),
        .is_initial = row[4].as<bool>(),
        .is_departed = row[5].as<bool>(),
        .older_hashes = detail::to_texts(row[6]),
    };
    if (!row[2].is_null()) login.totp_secret = detail::to_bytes(row[2]);
    return login;
}

constexpr const char* kFinish = "SELECT finish_login($1::uuid, $2::bigint)";
constexpr const char* kChange = "SELECT change_password($1::uuid, $2, $3, from_us($4::bigint))";
constexpr const char* kOpen = R"(
    SELECT to_us(expires_at), name, roles
    FROM open_password_session($1::uuid, $2::bytea, $3::uuid, $4::boolean, from_us($5::bigint), from_us($6::bigint), $7::bigint))";

bool is_true(const pqxx::result& rows) {
    return rows[0][0].as<bool>();
}

}  // namespace

Result<std::optional<LoginRow>>
begin_login(Pool& pool, const std::string& name_key, const LoginLimits& limits, UtcTime now) {
    std::optional<LoginRow> login;
    const Status status = pool.with([&](Connection& connection) -> Status {
        pqxx::work transaction{connection.get()};
        const pqxx::result rows =
            run(transaction,
                kBegin,
                name_key,
                to_epoch_us(now),
                limits.most_failures,
                Microseconds{limits.lock}.count(),
                limits.history);
        // Committed before anything is checked: an attempt that is broken off has failed.
        transaction.commit();
        if (!rows.empty()) login = from_row(rows[0]);
        return {};
    });
    if (!status) return std::unexpected(status.error());
    return login;
}

Status forgive_attempt(Pool& pool, const Uuid& account_id) {
    return pool.with([&](Connection& connection) -> Status {
        pqxx::work transaction{connection.get()};
        run(transaction, kFinish, to_string(account_id), std::optional<std::int64_t>{});
        transaction.commit();
        return {};
    });
}

Result<std::optional<OpenedSession>>
open_password_session(Pool& pool, const PasswordSession& session, ledger::Act act, UtcTime now) {
    std::optional<OpenedSession> opened;
    const std::string account = to_string(session.account_id);
    const Status status = pool.with([&](Connection& connection) -> Status {
        pqxx::work transaction{connection.get()};
        if (!is_true(run(transaction, kFinish, account, session.totp_step))) return {};
        if (session.new_hash &&
            !is_true(
                run(transaction, kChange, account, session.current_hash, session.new_hash, to_epoch_us(now))
            ))
            return {};
        const pqxx::result rows =
            run(transaction,
                kOpen,
                to_string(session.id),
                detail::to_bytea(session.cookie_hash),
                account,
                session.totp_step.has_value(),
                to_epoch_us(now),
                to_epoch_us(now + session.longest),
                Microseconds{session.idle}.count());
        if (rows.empty()) return {};
        OpenedSession made{
            .expires = detail::to_time(rows[0][0]),
            .name = rows[0][1].as<std::string>(),
            .roles = detail::to_texts(rows[0][2]),
        };
        act.actor = {.id = session.account_id, .name = made.name, .role = made.roles.front()};
        if (const auto record = append_record(transaction, act, now); !record)
            return std::unexpected(record.error());
        transaction.commit();
        opened = std::move(made);
        return {};
    });
    if (!status) return std::unexpected(status.error());
    return opened;
}

}  // namespace sluice::catalogue
