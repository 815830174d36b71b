#include "storage/catalogue/own_account_repository.hpp"

#include "storage/catalogue/detail/acts.hpp"
#include "storage/catalogue/detail/connection.hpp"
#include "storage/catalogue/detail/load.hpp"
#include "storage/catalogue/detail/values.hpp"

#include <functional>

namespace sluice::catalogue {
namespace {

using detail::run;

constexpr const char* kFinish = "SELECT finish_login($1::uuid, $2::bigint)";
constexpr const char* kPassword = "SELECT change_own_password($1::uuid, $2, $3, from_us($4::bigint))";
constexpr const char* kPropose = "SELECT propose_second_factor($1::uuid, $2, $3::bytea, from_us($4::bigint))";
constexpr const char* kProposed = "SELECT proposed_second_factor($1::uuid, from_us($2::bigint))";
constexpr const char* kConfirm =
    "SELECT confirm_second_factor($1::uuid, $2::bytea, $3::bigint, from_us($4::bigint))";
constexpr const char* kRemove = "SELECT remove_second_factor($1::uuid, $2, from_us($3::bigint))";
constexpr const char* kSeal = "SELECT seal_second_factor($1::uuid, $2::bytea, $3::bytea)";

bool is_true(const pqxx::result& rows) {
    return rows[0][0].as<bool>();
}

Result<bool> change_own(
    Pool& pool,
    const OwnChange& own,
    const std::function<pqxx::result(pqxx::transaction_base&, const std::string&)>& change
) {
    return detail::carry_out(pool, own.act, own.now, [&](pqxx::transaction_base& transaction) {
        const std::string account = to_string(own.account_id);
        return is_true(run(transaction, kFinish, account, own.step)) && is_true(change(transaction, account));
    });
}

std::optional<Bytes> to_secret(const pqxx::row& row) {
    if (row[0].is_null()) return std::nullopt;
    return detail::to_bytes(row[0]);
}

}  // namespace

Result<bool> change_own_password(Pool& pool, const OwnChange& own, const std::string& new_hash) {
    return change_own(pool, own, [&](pqxx::transaction_base& transaction, const std::string& account) {
        return run(transaction, kPassword, account, own.current_hash, new_hash, to_epoch_us(own.now));
    });
}

Result<bool> propose_second_factor(Pool& pool, const OwnChange& own, const Bytes& secret) {
    return change_own(pool, own, [&](pqxx::transaction_base& transaction, const std::string& account) {
        return run(
            transaction, kPropose, account, own.current_hash, detail::to_bytea(secret), to_epoch_us(own.now)
        );
    });
}

Result<std::optional<Bytes>> find_proposed_factor(Pool& pool, const Uuid& account_id, UtcTime now) {
    const auto rows = detail::load(pool, to_secret, kProposed, to_string(account_id), to_epoch_us(now));
    if (!rows) return std::unexpected(rows.error());
    return rows->front();
}

Result<bool> confirm_second_factor(
    Pool& pool,
    const Uuid& account_id,
    const Bytes& secret,
    std::int64_t step,
    const ledger::Act& act,
    UtcTime now
) {
    return detail::carry_out(pool, act, now, [&](pqxx::transaction_base& transaction) {
        return is_true(run(
            transaction, kConfirm, to_string(account_id), detail::to_bytea(secret), step, to_epoch_us(now)
        ));
    });
}

Result<bool> remove_second_factor(Pool& pool, const OwnChange& own) {
    return change_own(pool, own, [&](pqxx::transaction_base& transaction, const std::string& account) {
        return run(transaction, kRemove, account, own.current_hash, to_epoch_us(own.now));
    });
}

Status seal_second_factor(Pool& pool, const Uuid& account_id, const Bytes& plain, const Bytes& sealed) {
    return detail::execute(
        pool, kSeal, to_string(account_id), detail::to_bytea(plain), detail::to_bytea(sealed)
    );
}

}  // namespace sluice::catalogue
