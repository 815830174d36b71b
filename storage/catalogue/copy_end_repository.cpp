#include "storage/catalogue/copy_repository.hpp"
#include "storage/catalogue/detail/acted.hpp"
#include "storage/catalogue/detail/load.hpp"
#include "storage/catalogue/detail/values.hpp"
#include "storage/catalogue/notice_repository.hpp"
#include "storage/catalogue/request_step_repository.hpp"

/// Copies whose day is near or over: who is told, and what becomes of those that nobody collected.
namespace sluice::catalogue {
namespace {

using detail::load;
using detail::run;
using detail::to_time;
using detail::to_uuid;

// One that was told of has its notice, acknowledged or not.
constexpr std::int64_t kMostTold = 1000;
constexpr const char* kUntoldOverdue = R"(
    SELECT c.id, to_us(c.due_at) FROM copies c
    WHERE c.received_at IS NOT NULL AND c.declared_at IS NULL AND c.due_at <= from_us($1::bigint)
      AND NOT EXISTS (SELECT FROM notices n WHERE n.kind = 'copy_overdue' AND n.subject_id = c.id)
    ORDER BY c.due_at LIMIT $2::bigint)";
constexpr const char* kTellDue = R"(
    INSERT INTO notices (id, kind, subject_id, audience, due_at, days_ahead, created_at)
    SELECT gen_random_uuid(), 'copy_due', c.id, 'secretariat', c.due_at, min(d), from_us($2::bigint)
    FROM copies c CROSS JOIN unnest($1::int[]) d
    WHERE c.received_at IS NOT NULL AND c.declared_at IS NULL AND c.due_at > from_us($2::bigint)
      AND c.due_at - d * interval '1 day' <= from_us($2::bigint)
    GROUP BY c.id
    ON CONFLICT ON CONSTRAINT notices_once DO NOTHING)";
// The package may be gone since before anybody said so.
constexpr const char* kUncollected = R"(
    SELECT c.id, r.dossier_number, c.number, c.recipient, p.name, to_us(c.sealed_at), to_us(p.expires_at)
    FROM copies c JOIN packages p ON p.copy_id = c.id JOIN requests r ON r.id = c.request_id
    WHERE c.sealed_at IS NOT NULL AND c.received_at IS NULL AND c.uncollected_at IS NULL AND p.expires_at <= from_us($1::bigint)
    ORDER BY p.expires_at LIMIT $2::bigint)";
// A copy whose decision has ended waits for nobody.
constexpr const char* kTellWaiting = R"(
    INSERT INTO notices (id, kind, subject_id, audience, addressee_id, due_at, days_ahead, created_at)
    SELECT gen_random_uuid(), 'copy_waiting', c.id, t.audience, t.addressee, p.expires_at, min(d), from_us($2::bigint)
    FROM copies c JOIN packages p ON p.copy_id = c.id JOIN requests r ON r.id = c.request_id
         JOIN grants g ON g.id = c.grant_id AND g.revoked_at IS NULL
         CROSS JOIN unnest($1::int[]) d
         CROSS JOIN LATERAL (VALUES ('secretariat', NULL::uuid), ('applicant', r.applicant_id)) t (audience, addressee)
    WHERE c.sealed_at IS NOT NULL AND c.received_at IS NULL AND c.uncollected_at IS NULL AND p.expires_at > from_us($2::bigint)
      AND p.expires_at - d * interval '1 day' <= from_us($2::bigint) AND (t.audience = 'secretariat' OR t.addressee IS NOT NULL)
    GROUP BY c.id, p.expires_at, t.audience, t.addressee
    ON CONFLICT ON CONSTRAINT notices_once DO NOTHING)";
constexpr const char* kUncollect = R"(
    UPDATE copies c SET uncollected_at = from_us($2::bigint) FROM requests r
    WHERE c.id = $1::uuid AND r.id = c.request_id AND c.sealed_at IS NOT NULL AND c.received_at IS NULL AND c.uncollected_at IS NULL
    RETURNING r.dossier_number, r.applicant_id)";

UncollectedCopy to_uncollected(const pqxx::row& row) {
    return {
        .id = to_uuid(row[0]),
        .dossier = row[1].as<std::string>(),
        .number = row[2].as<int>(),
        .recipient = row[3].as<std::string>(),
        .package = row[4].as<std::string>(),
        .sealed = to_time(row[5]),
        .expired = to_time(row[6]),
    };
}

/// Notices of what comes in so many days; how many are new.
Result<std::size_t>
tell_ahead(Pool& pool, const char* sql, const std::vector<unsigned>& days_ahead, UtcTime now) {
    detail::ArrayLiteral days;
    for (const unsigned count : days_ahead)
        days.add(static_cast<std::uint64_t>(count));
    std::size_t fresh = 0;
    const Status status = pool.with([&](Connection& connection) -> Status {
        pqxx::work transaction{connection.get()};
        fresh = static_cast<std::size_t>(run(transaction, sql, days.str(), to_epoch_us(now)).affected_rows());
        transaction.commit();
        return {};
    });
    if (!status) return std::unexpected(status.error());
    return fresh;
}

}  // namespace

Result<std::size_t> tell_copies_due(Pool& pool, const std::vector<unsigned>& days_ahead, UtcTime now) {
    return tell_ahead(pool, kTellDue, days_ahead, now);
}

Result<std::size_t> tell_overdue_copies(Pool& pool, UtcTime now) {
    std::size_t fresh = 0;
    const Status status = pool.with([&](Connection& connection) -> Status {
        fresh = 0;
        pqxx::work transaction{connection.get()};
        for (const auto& row : run(transaction, kUntoldOverdue, to_epoch_us(now), kMostTold)) {
            const NewNotice notice{
                .kind = NoticeKind::copy_overdue,
                .subject_id = detail::to_uuid(row[0]),
                .audience = "secretariat",
                .due = detail::to_time(row[1]),
            };
            fresh += raise_notice(transaction, notice, now) ? 1 : 0;
        }
        transaction.commit();
        return {};
    });
    if (!status) return std::unexpected(status.error());
    return fresh;
}

Result<std::size_t> tell_waiting_copies(Pool& pool, const std::vector<unsigned>& days_ahead, UtcTime now) {
    return tell_ahead(pool, kTellWaiting, days_ahead, now);
}

Result<std::vector<UncollectedCopy>> load_uncollected_copies(Pool& pool, UtcTime now, std::size_t limit) {
    return load(pool, to_uncollected, kUncollected, to_epoch_us(now), static_cast<std::int64_t>(limit));
}

Result<bool> save_uncollected_copy(
    Pool& pool,
    const Uuid& id,
    const std::string& register_facts,
    const ledger::Act& act,
    UtcTime now
) {
    return detail::write_with_record(pool, act, now, [&](pqxx::transaction_base& transaction) {
        const pqxx::result changed = run(transaction, kUncollect, to_string(id), to_epoch_us(now));
        if (changed.empty()) return false;
        static_cast<void>(add_register_entry(
            transaction,
            changed[0][0].as<std::string>(),
            {release::Entry::uncollected, register_facts},
            act.actor,
            now
        ));
        NewNotice notice{.kind = NoticeKind::copy_uncollected, .subject_id = id, .audience = "secretariat"};
        raise_notice(transaction, notice, now);
        if (changed[0][1].is_null()) return true;
        notice.audience = "applicant";
        notice.addressee_id = to_uuid(changed[0][1]);
        raise_notice(transaction, notice, now);
        return true;
    });
}

}  // namespace sluice::catalogue
