#include "storage/catalogue/copy_repository.hpp"

#include "storage/catalogue/detail/job_rows.hpp"
#include "storage/catalogue/detail/load.hpp"
#include "storage/catalogue/detail/values.hpp"
#include "storage/catalogue/record_repository.hpp"

#include <functional>
#include <utility>

namespace sluice::catalogue {

namespace {

using detail::first_of;
using detail::load;
using detail::run;
using detail::to_optional_time;
using detail::to_time;
using detail::to_uuid;

constexpr const char* kOrder = R"(
    INSERT INTO copies (id, request_id, grant_id, session_id, number, job_id, custodian_id, custodian, escort, recipient, ordered_at, due_at)
    SELECT $1::uuid, $2::uuid, $3::uuid, $4::uuid, 1 + coalesce(max(c.number), 0), $5::uuid, $6::uuid, $7, $8, $9,
           from_us($10::bigint), from_us($11::bigint)
    FROM copies c WHERE c.request_id = $2::uuid
    ON CONFLICT DO NOTHING)";

constexpr const char* kFind = R"(
    SELECT c.id, c.request_id, c.grant_id, c.session_id, c.number, c.job_id, coalesce(r.dossier_number, ''), c.custodian_id, c.custodian,
           c.escort, c.recipient, to_us(g.decided_at), to_us(c.ordered_at), to_us(c.due_at), to_us(c.failed_at), coalesce(c.failure, ''),
           to_us(c.sealed_at), to_us(c.received_at), coalesce(c.receiver_note, ''), coalesce(c.declaration, ''), to_us(c.declared_at),
           coalesce(c.declarer, ''), coalesce(c.declared_note, ''), g.revoked_at IS NOT NULL, g.is_masked, to_us(c.uncollected_at),
           p.copy_id, p.name, p.bytes, p.sha256, p.signing_key, p.manifest, p.receipt, to_us(p.recorded_from), to_us(p.sealed_at),
           to_us(p.expires_at), to_us(p.destroyed_at), coalesce(p.rule, ''), coalesce(p.certificate, '')
    FROM copies c JOIN requests r ON r.id = c.request_id JOIN grants g ON g.id = c.grant_id LEFT JOIN packages p ON p.copy_id = c.id
    WHERE c.id = $1::uuid)";
constexpr const char* kList = R"(
    SELECT c.id, c.request_id, c.grant_id, c.session_id, c.number, c.job_id, coalesce(r.dossier_number, ''), c.custodian_id, c.custodian,
           c.escort, c.recipient, to_us(g.decided_at), to_us(c.ordered_at), to_us(c.due_at), to_us(c.failed_at), coalesce(c.failure, ''),
           to_us(c.sealed_at), to_us(c.received_at), coalesce(c.receiver_note, ''), coalesce(c.declaration, ''), to_us(c.declared_at),
           coalesce(c.declarer, ''), coalesce(c.declared_note, ''), g.revoked_at IS NOT NULL, g.is_masked, to_us(c.uncollected_at),
           p.copy_id, p.name, p.bytes, p.sha256, p.signing_key, '{}', '', to_us(p.recorded_from), to_us(p.sealed_at),
           to_us(p.expires_at), to_us(p.destroyed_at), coalesce(p.rule, ''), ''
    FROM copies c JOIN requests r ON r.id = c.request_id JOIN grants g ON g.id = c.grant_id LEFT JOIN packages p ON p.copy_id = c.id
    WHERE (c.ordered_at, c.id) < (from_us($1::bigint), $2::uuid) AND ($3::uuid IS NULL OR c.request_id = $3::uuid)
      AND ($4::bigint IS NULL OR (c.received_at IS NOT NULL AND c.declared_at IS NULL AND c.due_at <= from_us($4::bigint)))
    ORDER BY c.ordered_at DESC, c.id DESC LIMIT $5::bigint)";
constexpr const char* kExpired = R"(
    SELECT p.copy_id, p.name, p.bytes, p.sha256, p.signing_key, '{}', '', to_us(p.recorded_from), to_us(p.sealed_at),
           to_us(p.expires_at), to_us(p.destroyed_at), coalesce(p.rule, ''), ''
    FROM packages p JOIN copies c ON c.id = p.copy_id
    WHERE p.destroyed_at IS NULL AND p.expires_at <= from_us($1::bigint) AND num_nonnulls(c.received_at, c.uncollected_at) = 1
    ORDER BY p.expires_at LIMIT $2::bigint)";

// The worker's job has ended otherwise than in a sealed package.
constexpr const char* kStranded = R"(
    SELECT c.id, coalesce(nullif(j.error, ''), 'the job was ' || j.state)
    FROM copies c JOIN jobs j ON j.id = c.job_id
    WHERE c.sealed_at IS NULL AND c.failed_at IS NULL AND j.state IN ('failed', 'cancelled', 'done'))";

StrandedCopy to_stranded(const pqxx::row& row) {
    return {.id = to_uuid(row[0]), .why = row[1].as<std::string>()};
}

PackageRow to_package_at(const pqxx::row& row, pqxx::row::size_type at) {
    return {
        .copy_id = to_uuid(row[at]),
        .name = row[at + 1].as<std::string>(),
        .bytes = row[at + 2].as<std::uint64_t>(),
        .sha256 = detail::to_digest(row[at + 3]).value_or(Sha256Digest{}),
        .signing_key = row[at + 4].as<std::string>(),
        .manifest = row[at + 5].as<std::string>(),
        .receipt = row[at + 6].as<std::string>(),
        .recorded_from = to_time(row[at + 7]),
        .sealed = to_time(row[at + 8]),
        .expires = to_time(row[at + 9]),
        .destroyed = to_optional_time(row[at + 10]),
        .rule = row[at + 11].as<std::string>(),
        .certificate = row[at + 12].as<std::string>(),
    };
}
PackageRow to_package(const pqxx::row& row) {
    return to_package_at(row, 0);
}

CopyRow to_copy(const pqxx::row& row) {
    CopyRow copy{
        .id = to_uuid(row[0]),
        .request_id = to_uuid(row[1]),
        .grant_id = to_uuid(row[2]),
        .session_id = to_uuid(row[3]),
        .number = row[4].as<int>(),
        .job_id = to_uuid(row[5]),
        .dossier = row[6].as<std::string>(),
        .custodian_id = to_uuid(row[7]),
        .custodian = row[8].as<std::string>(),
        .escort = row[9].as<std::string>(),
        .recipient = row[10].as<std::string>(),
        .decided = to_time(row[11]),
        .ordered = to_time(row[12]),
        .due = to_time(row[13]),
        .failed = to_optional_time(row[14]),
        .failure = row[15].as<std::string>(),
        .sealed = to_optional_time(row[16]),
        .received = to_optional_time(row[17]),
        .receiver_note = row[18].as<std::string>(),
        .uncollected = to_optional_time(row[25]),
        .declaration = row[19].as<std::string>(),
        .declared = to_optional_time(row[20]),
        .declarer = row[21].as<std::string>(),
        .declared_note = row[22].as<std::string>(),
        .is_revoked = row[23].as<bool>(),
        .is_masked = row[24].as<bool>(),
        .package = {},
    };
    if (!row[26].is_null()) copy.package = to_package_at(row, 26);
    return copy;
}

constexpr const char* kReceive = R"(
    UPDATE copies SET received_at = from_us($2::bigint), receiver_note = $3
    WHERE id = $1::uuid AND sealed_at IS NOT NULL AND received_at IS NULL AND uncollected_at IS NULL)";
constexpr const char* kDeclare = R"(
    UPDATE copies SET declaration = $2, declared_at = from_us($3::bigint), declarer_id = $4::uuid, declarer = $5, declared_note = $6
    WHERE id = $1::uuid AND received_at IS NOT NULL AND declared_at IS NULL)";
constexpr const char* kSeal =
    "UPDATE copies SET sealed_at = from_us($2::bigint) WHERE id = $1::uuid AND sealed_at IS NULL AND "
    "failed_at IS NULL";
constexpr const char* kPackage = R"(
    INSERT INTO packages (copy_id, name, bytes, sha256, signing_key, manifest, receipt, recorded_from, sealed_at, expires_at)
    VALUES ($1::uuid, $2, $3::bigint, $4::bytea, $5, $6, $7, from_us($8::bigint), from_us($9::bigint),
            from_us($10::bigint)))";
constexpr const char* kEnter = R"(
    SELECT add_register_entry(r.dossier_number, 'copy', $2::jsonb, c.custodian_id, c.custodian, from_us($3::bigint))
    FROM copies c JOIN requests r ON r.id = c.request_id WHERE c.id = $1::uuid)";
constexpr const char* kFail = R"(
    UPDATE copies SET failed_at = from_us($2::bigint), failure = $3
    WHERE id = $1::uuid AND sealed_at IS NULL AND failed_at IS NULL)";
constexpr const char* kDestroyed = R"(
    UPDATE packages SET destroyed_at = from_us($2::bigint), rule = $3, certificate = $4
    WHERE copy_id = $1::uuid AND destroyed_at IS NULL)";

/// Does `change` and appends the record in one transaction, unless it says that nothing is to be changed.
Result<std::optional<Uuid>> recorded(
    Pool& pool,
    const ledger::Act& act,
    UtcTime now,
    const std::function<Result<bool>(pqxx::work&)>& change
) {
    std::optional<Uuid> record_id;
    const Status status = pool.with([&](Connection& connection) -> Status {
        pqxx::work transaction{connection.get()};
        const auto has_changed = change(transaction);
        if (!has_changed) return std::unexpected(has_changed.error());
        if (!*has_changed) return {};
        const auto record = append_record(transaction, act, now);
        if (!record) return std::unexpected(record.error());
        transaction.commit();
        record_id = *record;
        return {};
    });
    if (!status) return std::unexpected(status.error());
    return record_id;
}

Result<bool> has_record(Result<std::optional<Uuid>> done) {
    if (!done) return std::unexpected(std::move(done.error()));
    return done->has_value();
}

}  // namespace

Result<std::optional<Uuid>>
order_copy(Pool& pool, const NewCopy& copy, const NewJob& job, const ledger::Act& act) {
    return recorded(pool, act, copy.ordered, [&](pqxx::work& transaction) -> Result<bool> {
        if (!detail::insert_job(transaction, job)) return false;
        return run(transaction,
                   kOrder,
                   to_string(copy.id),
                   to_string(copy.request_id),
                   to_string(copy.grant_id),
                   to_string(copy.session_id),
                   to_string(job.id),
                   to_string(copy.custodian_id),
                   detail::clean_text(copy.custodian),
                   detail::clean_text(copy.escort),
                   detail::clean_text(copy.recipient),
                   to_epoch_us(copy.ordered),
                   to_epoch_us(copy.due))
                   .affected_rows() > 0;
    });
}

Result<std::optional<CopyRow>> find_handed_copy(Pool& pool, const Uuid& id) {
    return first_of(load(pool, to_copy, kFind, to_string(id)));
}

Result<std::vector<CopyRow>>
load_copies(Pool& pool, const CopyFilter& filter, std::optional<CopyCursor> after, std::size_t limit) {
    constexpr UtcTime far_future = from_epoch_us(253'402'300'799'000'000);  // end of the year 9999
    const CopyCursor cursor = after.value_or(CopyCursor{.ordered = far_future, .id = Uuid{}});
    const auto request = filter.request_id ? std::optional{to_string(*filter.request_id)} : std::nullopt;
    return load(
        pool,
        to_copy,
        kList,
        to_epoch_us(cursor.ordered),
        to_string(cursor.id),
        request,
        detail::to_optional_us(filter.overdue_at),
        static_cast<std::int64_t>(limit)
    );
}

Result<bool>
declare_copy(Pool& pool, const CopyDeclaration& declaration, const ledger::Act& act, UtcTime now) {
    return has_record(recorded(pool, act, now, [&](pqxx::work& transaction) -> Result<bool> {
        const std::string id = to_string(declaration.id);
        const std::string note = detail::clean_text(declaration.note);
        if (declaration.what == "received")
            return run(transaction, kReceive, id, to_epoch_us(now), note).affected_rows() > 0;
        return run(transaction,
                   kDeclare,
                   id,
                   declaration.what,
                   to_epoch_us(now),
                   to_string(declaration.declarer_id),
                   detail::clean_text(declaration.declarer),
                   note)
                   .affected_rows() > 0;
    }));
}

Result<bool>
seal_copy(Pool& pool, const PackageRow& package, const std::string& register_facts, const ledger::Act& act) {
    return has_record(recorded(pool, act, package.sealed, [&](pqxx::work& transaction) -> Result<bool> {
        const std::string id = to_string(package.copy_id);
        if (run(transaction, kSeal, id, to_epoch_us(package.sealed)).affected_rows() == 0) return false;
        run(transaction,
            kPackage,
            id,
            package.name,
            package.bytes,
            detail::to_bytea(package.sha256),
            package.signing_key,
            package.manifest,
            package.receipt,
            to_epoch_us(package.recorded_from),
            to_epoch_us(package.sealed),
            to_epoch_us(package.expires));
        run(transaction, kEnter, id, register_facts, to_epoch_us(package.sealed));
        return true;
    }));
}

Result<bool>
fail_copy(Pool& pool, const Uuid& id, const std::string& why, const ledger::Act& act, UtcTime now) {
    return has_record(recorded(pool, act, now, [&](pqxx::work& transaction) -> Result<bool> {
        return run(transaction, kFail, to_string(id), to_epoch_us(now), detail::clean_text(why))
                   .affected_rows() > 0;
    }));
}

Result<std::vector<StrandedCopy>> load_stranded_copies(Pool& pool) {
    return load(pool, to_stranded, kStranded);
}

Result<bool> has_packages(Pool& pool) {
    const auto rows = load(
        pool, +[](const pqxx::row& row) { return row[0].as<bool>(); }, "SELECT EXISTS (SELECT FROM packages)"
    );
    if (!rows) return std::unexpected(rows.error());
    return rows->front();
}

Result<std::vector<PackageRow>> load_expired_packages(Pool& pool, UtcTime now, std::size_t limit) {
    return load(pool, to_package, kExpired, to_epoch_us(now), static_cast<std::int64_t>(limit));
}

Result<bool> save_destroyed_package(
    Pool& pool,
    const Uuid& copy_id,
    const std::string& rule,
    const std::string& certificate,
    const ledger::Act& act,
    UtcTime now
) {
    return has_record(recorded(pool, act, now, [&](pqxx::work& transaction) -> Result<bool> {
        return run(transaction, kDestroyed, to_string(copy_id), to_epoch_us(now), rule, certificate)
                   .affected_rows() > 0;
    }));
}

}  // namespace sluice::catalogue
