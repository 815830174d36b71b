#include "storage/catalogue/dossier_repository.hpp"

#include "storage/catalogue/detail/cases.hpp"
#include "storage/catalogue/detail/connection.hpp"
#include "storage/catalogue/detail/load.hpp"
#include "storage/catalogue/detail/values.hpp"
#include "storage/catalogue/record_repository.hpp"

#include <limits>

namespace sluice::catalogue {
namespace {

using detail::run;

constexpr const char* kList = R"(
    SELECT d.number, d.year, d.serial, d.request_id, r.state, to_us(r.state_since), to_us(d.opened_at), to_us(e.at)
    FROM dossiers d JOIN requests r ON r.id = d.request_id LEFT JOIN dossier_destructions e ON e.dossier_number = d.number
    WHERE (d.year, d.serial) < ($1::int, $2::int)
      AND ($3::bigint IS NULL OR (r.state = 'closed' AND r.state_since <= from_us($3::bigint) AND e.at IS NULL))
    ORDER BY d.year DESC, d.serial DESC LIMIT $4::bigint)";

DossierRow to_dossier(const pqxx::row& row) {
    return {
        .number = row[0].as<std::string>(),
        .year = row[1].as<int>(),
        .serial = row[2].as<int>(),
        .request_id = detail::to_uuid(row[3]),
        .state = detail::to_word(row[4], release::request_state_from),
        .since = detail::to_time(row[5]),
        .opened = detail::to_time(row[6]),
        .papers_destroyed = detail::to_optional_time(row[7]),
    };
}

constexpr const char* kDestroyed = R"(
    INSERT INTO dossier_destructions (dossier_number, at, principal_id, principal, document, reason, papers)
    VALUES ($1, from_us($2::bigint), $3::uuid, $4, $5, $6, $7::jsonb) ON CONFLICT DO NOTHING)";

}  // namespace

Result<std::vector<DossierRow>> load_dossiers(
    Pool& pool,
    const DossierFilter& filter,
    const std::optional<DossierCursor>& after,
    std::size_t limit
) {
    constexpr int far = std::numeric_limits<int>::max();
    const DossierCursor cursor = after.value_or(DossierCursor{.year = far, .serial = far});
    return detail::load(
        pool,
        to_dossier,
        kList,
        cursor.year,
        cursor.serial,
        detail::to_optional_us(filter.closed_before),
        limit
    );
}

Result<bool> save_dossier_destruction(
    Pool& pool,
    const DossierDestruction& destruction,
    const ledger::Act& act,
    UtcTime now
) {
    bool is_new = false;
    const Status status = pool.with([&](Connection& connection) -> Status {
        pqxx::work transaction{connection.get()};
        const auto saved =
            run(transaction,
                kDestroyed,
                destruction.number,
                to_epoch_us(now),
                to_string(destruction.principal_id),
                detail::clean_text(destruction.principal),
                detail::clean_text(destruction.document),
                detail::clean_text(destruction.reason),
                destruction.papers);
        if (saved.affected_rows() == 0) return {};
        if (const auto record = append_record(transaction, act, now); !record)
            return std::unexpected(record.error());
        transaction.commit();
        is_new = true;
        return {};
    });
    if (!status) return std::unexpected(status.error());
    return is_new;
}

}  // namespace sluice::catalogue
