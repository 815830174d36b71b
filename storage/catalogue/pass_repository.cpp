#include "storage/catalogue/pass_repository.hpp"

#include "storage/catalogue/detail/acts.hpp"
#include "storage/catalogue/detail/load.hpp"
#include "storage/catalogue/detail/values.hpp"

namespace sluice::catalogue {
namespace {

using detail::clean_text;
using detail::run;

constexpr const char* kCreateVisitor = R"(
    INSERT INTO visitors (id, name, organisation, purpose, voucher, valid_from, valid_to, registrar_id, registrar, created_at)
    VALUES ($1::uuid, $2, $3, $4, $5, from_us($6::bigint), from_us($7::bigint), $8::uuid, $9, from_us($10::bigint))
    ON CONFLICT (id) DO NOTHING)";
constexpr const char* kCreatePermit = R"(
    INSERT INTO vehicle_permits (id, plate, holder, purpose, voucher, valid_from, valid_to, registrar_id, registrar, created_at)
    VALUES ($1::uuid, $2, $3, $4, $5, from_us($6::bigint), from_us($7::bigint), $8::uuid, $9, from_us($10::bigint))
    ON CONFLICT (id) DO NOTHING)";
constexpr const char* kVisitors = R"(
    SELECT id, name, organisation, purpose, voucher, to_us(valid_from), to_us(valid_to), to_us(in_at), to_us(out_at), NULL::bigint, '',
           registrar_id, registrar, to_us(created_at), revision
    FROM visitors
    WHERE ($1::uuid IS NULL OR id = $1::uuid) AND (NOT $2::boolean OR (in_at IS NOT NULL AND out_at IS NULL))
      AND ($3::uuid IS NULL OR (created_at, id) < (SELECT b.created_at, b.id FROM visitors b WHERE b.id = $3::uuid))
    ORDER BY created_at DESC, id DESC LIMIT $4::bigint)";
constexpr const char* kPermits = R"(
    SELECT id, plate, holder, purpose, voucher, to_us(valid_from), to_us(valid_to), to_us(in_at), to_us(out_at), to_us(revoked_at),
           coalesce(revoke_reason, ''), registrar_id, registrar, to_us(created_at), revision
    FROM vehicle_permits
    WHERE ($1::uuid IS NULL OR id = $1::uuid) AND (NOT $2::boolean OR (in_at IS NOT NULL AND out_at IS NULL))
      AND ($3::uuid IS NULL OR (created_at, id) < (SELECT b.created_at, b.id FROM vehicle_permits b WHERE b.id = $3::uuid))
    ORDER BY created_at DESC, id DESC LIMIT $4::bigint)";
constexpr const char* kChangeVisitor = R"(
    UPDATE visitors SET in_at = from_us($3::bigint), out_at = from_us($4::bigint), revision = revision + 1
    WHERE id = $1::uuid AND revision = $2::int)";
constexpr const char* kChangePermit = R"(
    UPDATE vehicle_permits SET in_at = from_us($3::bigint), out_at = from_us($4::bigint), revoked_at = from_us($5::bigint),
        revoke_reason = nullif($6, ''), revision = revision + 1
    WHERE id = $1::uuid AND revision = $2::int)";

PassRow to_pass(const pqxx::row& row) {
    return {
        .id = detail::to_uuid(row[0]),
        .subject = row[1].as<std::string>(),
        .holder = row[2].as<std::string>(),
        .purpose = row[3].as<std::string>(),
        .voucher = row[4].as<std::string>(),
        .valid = {detail::to_time(row[5]), detail::to_time(row[6])},
        .in = detail::to_optional_time(row[7]),
        .out = detail::to_optional_time(row[8]),
        .revoked = detail::to_optional_time(row[9]),
        .revoke_reason = row[10].as<std::string>(),
        .registrar_id = detail::to_uuid(row[11]),
        .registrar = row[12].as<std::string>(),
        .created = detail::to_time(row[13]),
        .revision = row[14].as<int>(),
    };
}

const char* rows_of(PassKind kind) noexcept {
    return kind == PassKind::visitor ? kVisitors : kPermits;
}

}  // namespace

Result<Creation> create_pass(Pool& pool, PassKind kind, const PassRow& row, const ledger::Act& act) {
    const auto made = detail::carry_out(pool, act, row.created, [&](pqxx::transaction_base& transaction) {
        const auto rows =
            run(transaction,
                kind == PassKind::visitor ? kCreateVisitor : kCreatePermit,
                to_string(row.id),
                clean_text(row.subject),
                clean_text(row.holder),
                clean_text(row.purpose),
                clean_text(row.voucher),
                to_epoch_us(row.valid.from),
                to_epoch_us(row.valid.to),
                to_string(row.registrar_id),
                clean_text(row.registrar),
                to_epoch_us(row.created));
        return rows.affected_rows() == 1;
    });
    if (!made) return std::unexpected(made.error());
    return *made ? Creation::made : Creation::is_there;
}

Result<std::optional<PassRow>> find_pass(Pool& pool, PassKind kind, const Uuid& id) {
    return detail::first_of(
        detail::load(pool, to_pass, rows_of(kind), to_string(id), false, std::optional<std::string>{}, 1)
    );
}

Result<std::vector<PassRow>> load_passes(
    Pool& pool,
    PassKind kind,
    bool only_inside,
    const std::optional<Uuid>& before,
    std::size_t limit
) {
    const auto place = before ? std::optional{to_string(*before)} : std::nullopt;
    return detail::load(
        pool, to_pass, rows_of(kind), std::optional<std::string>{}, only_inside, place, limit
    );
}

Result<bool> change_pass(Pool& pool, PassKind kind, const PassRow& row, const ledger::Act& act, UtcTime now) {
    return detail::carry_out(pool, act, now, [&](pqxx::transaction_base& transaction) {
        const auto in = detail::to_optional_us(row.in);
        const auto out = detail::to_optional_us(row.out);
        const pqxx::result rows =
            kind == PassKind::visitor
                ? run(transaction, kChangeVisitor, to_string(row.id), row.revision, in, out)
                : run(transaction,
                      kChangePermit,
                      to_string(row.id),
                      row.revision,
                      in,
                      out,
                      detail::to_optional_us(row.revoked),
                      clean_text(row.revoke_reason));
        return rows.affected_rows() == 1;
    });
}

}  // namespace sluice::catalogue
