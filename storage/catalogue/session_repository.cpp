#include "storage/catalogue/session_repository.hpp"

#include "storage/catalogue/detail/connection.hpp"
#include "storage/catalogue/detail/principals.hpp"
#include "storage/catalogue/detail/values.hpp"
#include "storage/catalogue/record_repository.hpp"

namespace sluice::catalogue {

namespace {

constexpr const char* kOpen = R"(
    SELECT to_us(expires_at) FROM open_session($1::uuid, $2::bytea, $3::bytea, from_us($4::bigint), from_us($5::bigint), $6::bigint))";

constexpr const char* kFind = R"(
    SELECT id, kind, name, roles, to_us(valid_from), to_us(valid_to), has_second_factor
    FROM principal_of_session($1::bytea, from_us($2::bigint)))";

constexpr const char* kClose =
    "SELECT id, name, to_us(ended_at), end_reason FROM close_session($1::bytea, from_us($2::bigint))";
constexpr const char* kEndStale =
    "SELECT id, name, to_us(ended_at), end_reason FROM end_stale_sessions(from_us($1::bigint))";

EndedSession to_ended(const pqxx::row& row) {
    return {
        .id = detail::to_uuid(row[0]),
        .principal = row[1].as<std::string>(),
        .ended = detail::to_time(row[2]),
        .reason = row[3].as<std::string>(),
    };
}

/// One statement that changes rows and tells of them, in a transaction of its own.
template <class Use, class... Args>
Status change(Pool& pool, Use&& use, const char* sql, const Args&... args) {
    return pool.with([&](Connection& connection) -> Status {
        pqxx::work transaction{connection.get()};
        const pqxx::result rows = detail::run(transaction, sql, args...);
        transaction.commit();
        for (const auto& row : rows)
            use(row);
        return {};
    });
}

}  // namespace

Result<std::optional<UtcTime>> open_session(Pool& pool, const NewSession& session, const ledger::Act& act) {
    std::optional<UtcTime> expires;
    const Status status = pool.with([&](Connection& connection) -> Status {
        pqxx::work transaction{connection.get()};
        const pqxx::result rows = detail::run(
            transaction,
            kOpen,
            to_string(session.id),
            detail::to_bytea(session.cookie_hash),
            detail::to_bytea(session.token_hash),
            to_epoch_us(session.opened),
            to_epoch_us(session.opened + session.longest),
            Microseconds{session.idle}.count()
        );
        if (rows.empty()) return {};
        if (const auto record = append_record(transaction, act, session.opened); !record)
            return std::unexpected(record.error());
        transaction.commit();
        expires = detail::to_time(rows[0][0]);
        return {};
    });
    if (!status) return std::unexpected(status.error());
    return expires;
}

Result<std::optional<PrincipalRow>>
find_by_session(Pool& pool, const Sha256Digest& cookie_hash, UtcTime now) {
    std::optional<PrincipalRow> principal;
    const Status status = change(
        pool,
        [&](const pqxx::row& row) {
            principal = detail::to_principal(row);
            principal->has_second_factor = row[6].as<bool>();
        },
        kFind,
        detail::to_bytea(cookie_hash),
        to_epoch_us(now)
    );
    if (!status) return std::unexpected(status.error());
    return principal;
}

Result<std::optional<EndedSession>>
close_session(Pool& pool, const Sha256Digest& cookie_hash, ledger::Act act, UtcTime now) {
    std::optional<EndedSession> ended;
    const Status status = pool.with([&](Connection& connection) -> Status {
        pqxx::work transaction{connection.get()};
        const pqxx::result rows =
            detail::run(transaction, kClose, detail::to_bytea(cookie_hash), to_epoch_us(now));
        if (rows.empty()) return {};
        const EndedSession session = to_ended(rows[0]);
        act.subject = {.kind = "session", .id = to_string(session.id)};
        if (const auto record = append_record(transaction, act, now); !record)
            return std::unexpected(record.error());
        transaction.commit();
        ended = session;
        return {};
    });
    if (!status) return std::unexpected(status.error());
    return ended;
}

Result<std::vector<EndedSession>> end_stale_sessions(Pool& pool, UtcTime now) {
    std::vector<EndedSession> ended;
    const Status status = change(
        pool, [&](const pqxx::row& row) { ended.push_back(to_ended(row)); }, kEndStale, to_epoch_us(now)
    );
    if (!status) return std::unexpected(status.error());
    return ended;
}

}  // namespace sluice::catalogue
