#include "storage/catalogue/job_repository.hpp"

#include "storage/catalogue/detail/job_rows.hpp"
#include "storage/catalogue/detail/load.hpp"
#include "storage/catalogue/detail/values.hpp"
#include "storage/catalogue/record_repository.hpp"

#include <array>
#include <utility>

namespace sluice::catalogue {

namespace {

using detail::first_of;
using detail::load;
using detail::load_prepared;
using detail::run;

constexpr std::array kKinds{
    JobKind::check,
    JobKind::scrub,
    JobKind::copy_suspect,
    JobKind::purge,
    JobKind::export_,
    JobKind::import_,
    JobKind::configure
};
constexpr std::array
    kStates{JobState::queued, JobState::running, JobState::done, JobState::failed, JobState::cancelled};

constexpr const char* kFile = R"(
    INSERT INTO jobs (id, kind, arguments, same_work, principal_id, principal, role)
    SELECT $1::uuid, $2, $3::jsonb, $4, $5::uuid, $6, nullif($8, '')
    WHERE NOT ($7::bool AND EXISTS (SELECT FROM jobs WHERE same_work = $4 AND state = 'failed'
                                                       AND finished_at > clock_timestamp() - interval '1 day'))
    ON CONFLICT DO NOTHING)";

constexpr const char* kById = R"(
    SELECT id, kind, arguments::text, state, principal, to_us(created_at), to_us(not_before), to_us(started_at), to_us(finished_at),
           to_us(cancel_asked_at), attempts, coalesce(lease_owner, ''), to_us(lease_until), done_bytes, total_bytes, note,
           coalesce(result::text, ''), coalesce(error, ''), principal_id, coalesce(role, '')
    FROM jobs WHERE id = $1::uuid)";

constexpr const char* kSameWork = R"(
    SELECT id, kind, arguments::text, state, principal, to_us(created_at), to_us(not_before), to_us(started_at), to_us(finished_at),
           to_us(cancel_asked_at), attempts, coalesce(lease_owner, ''), to_us(lease_until), done_bytes, total_bytes, note,
           coalesce(result::text, ''), coalesce(error, ''), principal_id, coalesce(role, '')
    FROM jobs WHERE same_work = $1 AND state IN ('queued', 'running'))";

constexpr const char* kList = R"(
    SELECT id, kind, arguments::text, state, principal, to_us(created_at), to_us(not_before), to_us(started_at), to_us(finished_at),
           to_us(cancel_asked_at), attempts, coalesce(lease_owner, ''), to_us(lease_until), done_bytes, total_bytes, note,
           coalesce(result::text, ''), coalesce(error, ''), principal_id, coalesce(role, '')
    FROM jobs WHERE (created_at, id) < (from_us($1::bigint), $2::uuid)
    ORDER BY created_at DESC, id DESC LIMIT $3::bigint)";

// What another worker looks at in this moment is passed over, so two never take the same one.
constexpr const char* kClaim = R"(
    UPDATE jobs SET state = 'running', started_at = coalesce(started_at, clock_timestamp()), attempts = attempts + 1,
        lease_owner = $1, lease_until = clock_timestamp() + $3::bigint * interval '1 millisecond'
    WHERE id = (SELECT id FROM jobs
                WHERE kind = ANY($2::text[]) AND ((state = 'queued' AND not_before <= clock_timestamp())
                                               OR (state = 'running' AND lease_until <= clock_timestamp()))
                ORDER BY not_before, created_at FOR UPDATE SKIP LOCKED LIMIT 1)
    RETURNING id, kind, arguments::text, state, principal, to_us(created_at), to_us(not_before), to_us(started_at),
           to_us(finished_at), to_us(cancel_asked_at), attempts, coalesce(lease_owner, ''), to_us(lease_until), done_bytes,
           total_bytes, note, coalesce(result::text, ''), coalesce(error, ''), principal_id, coalesce(role, ''))";

constexpr const char* kRenew = R"(
    UPDATE jobs SET lease_until = clock_timestamp() + $3::bigint * interval '1 millisecond', done_bytes = $4::bigint,
        total_bytes = $5::bigint, note = $6
    WHERE id = $1::uuid AND state = 'running' AND lease_owner = $2
    RETURNING cancel_asked_at IS NOT NULL)";

constexpr const char* kRelease = R"(
    UPDATE jobs SET state = $3, lease_owner = NULL, lease_until = NULL,
        finished_at = CASE WHEN $3 = 'queued' THEN NULL ELSE clock_timestamp() END,
        not_before = CASE WHEN $3 = 'queued' THEN clock_timestamp() + $4::bigint * interval '1 millisecond' ELSE not_before END,
        attempts = attempts - $5::int, result = $6::jsonb, error = $7
    WHERE id = $1::uuid AND state = 'running' AND lease_owner = $2)";

constexpr const char* kCancel = "SELECT cancel_job($1::uuid)";

template <class Word, std::size_t Count>
Word to_word(const pqxx::field& field, const std::array<Word, Count>& words) {
    const auto text = field.as<std::string>();
    for (const Word word : words)
        if (text == to_string(word)) return word;
    throw pqxx::conversion_error{"unknown word of a job"};
}

JobRow to_job(const pqxx::row& row) {
    return {
        .id = detail::to_uuid(row[0]),
        .kind = to_word(row[1], kKinds),
        .arguments = row[2].as<std::string>(),
        .state = to_word(row[3], kStates),
        .principal = row[4].as<std::string>(),
        .created = detail::to_time(row[5]),
        .not_before = detail::to_time(row[6]),
        .started = detail::to_optional_time(row[7]),
        .finished = detail::to_optional_time(row[8]),
        .cancel_asked = detail::to_optional_time(row[9]),
        .attempts = row[10].as<unsigned>(),
        .lease_owner = row[11].as<std::string>(),
        .lease_until = detail::to_optional_time(row[12]),
        .done_bytes = row[13].as<std::uint64_t>(),
        .total_bytes = row[14].as<std::uint64_t>(),
        .note = row[15].as<std::string>(),
        .result = row[16].as<std::string>(),
        .error = row[17].as<std::string>(),
        .principal_id = row[18].is_null() ? std::nullopt : std::optional{detail::to_uuid(row[18])},
        .role = row[19].as<std::string>(),
    };
}

/// How many rows a statement changed.
template <class... Args>
Result<bool> change(Pool& pool, const char* sql, const Args&... args) {
    bool has_changed = false;
    const Status status = pool.with([&](Connection& connection) -> Status {
        pqxx::work transaction{connection.get()};
        has_changed = run(transaction, sql, args...).affected_rows() > 0;
        transaction.commit();
        return {};
    });
    if (!status) return std::unexpected(status.error());
    return has_changed;
}

/// Commits what has changed, with the record of who wanted it.
Status conclude(pqxx::work& transaction, bool has_changed, const JobAct& act, bool& is_done) {
    if (has_changed && act)
        if (const auto record = append_record(transaction, *act, RealClock{}.now()); !record)
            return std::unexpected(record.error());
    transaction.commit();
    is_done = has_changed;
    return {};
}

std::optional<std::string> or_null(const std::string& text) {
    return text.empty() ? std::nullopt : std::optional{detail::clean_text(text)};
}

}  // namespace

std::string_view to_string(JobKind kind) noexcept {
    switch (kind) {
        case JobKind::check:
            return "check";
        case JobKind::scrub:
            return "scrub";
        case JobKind::copy_suspect:
            return "copy_suspect";
        case JobKind::purge:
            return "purge";
        case JobKind::export_:
            return "export";
        case JobKind::import_:
            return "import";
        case JobKind::configure:
            return "configure";
    }
    std::unreachable();
}

std::optional<JobKind> job_kind_from(std::string_view word) noexcept {
    for (const JobKind kind : kKinds)
        if (word == to_string(kind)) return kind;
    return std::nullopt;
}

std::string_view to_string(JobState state) noexcept {
    switch (state) {
        case JobState::queued:
            return "queued";
        case JobState::running:
            return "running";
        case JobState::done:
            return "done";
        case JobState::failed:
            return "failed";
        case JobState::cancelled:
            return "cancelled";
    }
    std::unreachable();
}

bool detail::insert_job(pqxx::transaction_base& transaction, const NewJob& job) {
    const auto principal = job.principal_id ? std::optional{to_string(*job.principal_id)} : std::nullopt;
    const pqxx::result filed =
        run(transaction,
            kFile,
            to_string(job.id),
            std::string{to_string(job.kind)},
            job.arguments,
            detail::clean_text(job.same_work),
            principal,
            detail::clean_text(job.principal),
            job.waits_after_failure,
            job.role);
    return filed.affected_rows() > 0;
}

Result<bool> file_job(Pool& pool, const NewJob& job, const JobAct& act) {
    bool is_filed = false;
    const Status status = pool.with([&](Connection& connection) -> Status {
        pqxx::work transaction{connection.get()};
        const bool is_new = detail::insert_job(transaction, job);
        return conclude(transaction, is_new, act, is_filed);
    });
    if (!status) return std::unexpected(status.error());
    return is_filed;
}

Result<std::optional<JobRow>> find_job(Pool& pool, const Uuid& id) {
    return first_of(load(pool, to_job, kById, to_string(id)));
}

Result<std::optional<JobRow>> find_same_work(Pool& pool, const std::string& same_work) {
    return first_of(load(pool, to_job, kSameWork, detail::clean_text(same_work)));
}

Result<std::vector<JobRow>> load_jobs(Pool& pool, std::optional<JobCursor> after, std::size_t limit) {
    constexpr UtcTime far_future = from_epoch_us(253'402'300'799'000'000);  // end of the year 9999
    const JobCursor cursor = after.value_or(JobCursor{.created = far_future, .id = Uuid{}});
    return load(pool, to_job, kList, to_epoch_us(cursor.created), to_string(cursor.id), limit);
}

Result<bool> cancel_job(Pool& pool, const Uuid& id, const JobAct& act) {
    bool is_cancelled = false;
    const Status status = pool.with([&](Connection& connection) -> Status {
        pqxx::work transaction{connection.get()};
        const bool has_changed = run(transaction, kCancel, to_string(id))[0][0].as<bool>();
        return conclude(transaction, has_changed, act, is_cancelled);
    });
    if (!status) return std::unexpected(status.error());
    return is_cancelled;
}

Result<std::optional<JobRow>> claim_job(
    Pool& pool,
    const std::string& owner,
    std::span<const JobKind> kinds,
    std::chrono::milliseconds lease
) {
    detail::ArrayLiteral words;
    for (const JobKind kind : kinds)
        words.add(to_string(kind));
    return first_of(load_prepared(
        pool, to_job, kClaim, detail::clean_text(owner), words.str(), std::int64_t{lease.count()}
    ));
}

Result<Lease> renew_lease(
    Pool& pool,
    const Uuid& id,
    const std::string& owner,
    std::chrono::milliseconds lease,
    const JobProgress& progress
) {
    Lease found = Lease::lost;
    const Status status = pool.with([&](Connection& connection) -> Status {
        pqxx::work transaction{connection.get()};
        const pqxx::result rows =
            run(transaction,
                kRenew,
                to_string(id),
                detail::clean_text(owner),
                std::int64_t{lease.count()},
                progress.done_bytes,
                progress.total_bytes,
                detail::clean_text(progress.note));
        if (!rows.empty()) found = rows[0][0].as<bool>() ? Lease::held_cancel_asked : Lease::held;
        transaction.commit();
        return {};
    });
    if (!status) return std::unexpected(status.error());
    return found;
}

Result<bool> release_job(Pool& pool, const Uuid& id, const std::string& owner, const JobOutcome& outcome) {
    return change(
        pool,
        kRelease,
        to_string(id),
        detail::clean_text(owner),
        std::string{to_string(outcome.state)},
        std::int64_t{outcome.retry_after.count()},
        outcome.counts_attempt ? 0 : 1,
        or_null(outcome.result),
        or_null(outcome.error)
    );
}

}  // namespace sluice::catalogue
