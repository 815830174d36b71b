#include "storage/catalogue/purge_repository.hpp"

#include "storage/catalogue/detail/connection.hpp"
#include "storage/catalogue/detail/load.hpp"
#include "storage/catalogue/detail/values.hpp"
#include "storage/catalogue/incident_repository.hpp"
#include "storage/catalogue/record_repository.hpp"

#include <algorithm>
#include <utility>

#include <nlohmann/json.hpp>

namespace sluice::catalogue {

namespace {

using detail::ArrayLiteral;
using detail::execute;
using detail::load;
using detail::run;
using detail::to_optional_time;
using detail::to_time;
using detail::to_uuid;

// Any number, the same in every version: two purges of one database at once would only be in each other's
// way.
constexpr const char* kTryLock = "SELECT pg_try_advisory_lock(7235110)";
constexpr const char* kUnlock = "SELECT pg_advisory_unlock(7235110)";

// A record's own time is not indexed, but records are sequenced as they are filed: the newest is among the
// last ones.
constexpr const char* kFacts = R"(
    SELECT (SELECT is_confirmed FROM catalogue_state),
           to_us((SELECT max(at) FROM (
               (SELECT at FROM ledger_records WHERE leaf_index IS NOT NULL ORDER BY leaf_index DESC LIMIT 100)
               UNION ALL SELECT at FROM ledger_records WHERE leaf_index IS NULL) AS newest)),
           to_us((SELECT max(to_at) FROM coverage)),
           to_us(greatest((SELECT synchronised_at FROM clock_sightings WHERE installation_id = $1::uuid),
                          (SELECT max(r.from_at) FROM runs r JOIN streams s ON s.id = r.stream_id JOIN cameras c ON c.id = s.camera_id
                           WHERE r.clock_synchronised AND c.installation_id = $1::uuid))),
           (SELECT coalesce(extract(epoch FROM sum(to_at - from_at)) * 1000000, 0)::bigint FROM coverage),
           (SELECT coalesce(max(version), 0) FROM schema_migrations))";
constexpr const char* kSaveSighting = R"(
    INSERT INTO clock_sightings (installation_id, synchronised_at) VALUES ($1::uuid, from_us($2::bigint))
    ON CONFLICT (installation_id) DO UPDATE SET synchronised_at = excluded.synchronised_at)";

constexpr const char* kOldest =
    "SELECT to_us(least((SELECT min(from_at) FROM segments), (SELECT min(from_at) FROM originals)))";
constexpr const char* kLockHolds = "SELECT lock_holds_to_destroy()";
constexpr const char* kHolds = R"(
    SELECT h.id, to_us(h.from_at), to_us(h.to_at), h.kind IN ('judicial', 'legal'),
           ARRAY(SELECT c.camera_id::text FROM hold_cameras c WHERE c.hold_id = h.id)
    FROM holds h WHERE h.released_at IS NULL AND (h.expires_at IS NULL OR h.expires_at > from_us($1::bigint)))";

ActiveHold to_hold(const pqxx::row& row) {
    ActiveHold hold{
        .id = to_uuid(row[0]),
        .cameras = {},
        .range = {.from = to_time(row[1]), .to = to_time(row[2])},
        .passes_ceiling = row[3].as<bool>(),
    };
    for (const std::string& id : detail::to_texts(row[4])) {
        const auto camera = uuid_from_string(id);
        if (!camera) throw pqxx::conversion_error{"a camera's id"};
        hold.cameras.push_back(*camera);
    }
    return hold;
}

constexpr const char* kCandidates = R"(
    SELECT s.id, s.stream_id, t.camera_id, s.volume_id, s.state, s.path, coalesce(c.path, ''), to_us(s.from_at), to_us(s.to_at),
           s.bytes + coalesce(c.bytes, 0), '', to_us(k.received_at), to_us(k.from_at), to_us(k.to_at), false
    FROM segments s JOIN streams t ON t.id = s.stream_id LEFT JOIN segment_copies c ON c.segment_id = s.id
         LEFT JOIN imported_segments i ON i.segment_id = s.id LEFT JOIN contractor_clips k ON k.id = i.clip_id
    WHERE s.from_at >= from_us($1::bigint) AND s.from_at < from_us($2::bigint) AND ($3::uuid IS NULL OR s.volume_id = $3::uuid)
      AND NOT EXISTS (SELECT FROM purge_marks m WHERE m.segment_id = s.id)
    UNION ALL
    SELECT o.id, o.stream_id, t.camera_id, o.volume_id, 'finished', o.path, '', to_us(o.from_at), to_us(o.to_at),
           o.bytes, '', to_us(o.received_at), to_us(o.from_at), to_us(o.to_at), true
    FROM originals o JOIN streams t ON t.id = o.stream_id
    WHERE o.from_at >= from_us($1::bigint) AND o.from_at < from_us($2::bigint) AND ($3::uuid IS NULL OR o.volume_id = $3::uuid)
      AND NOT EXISTS (SELECT FROM purge_marks m WHERE m.segment_id = o.id)
    ORDER BY 8, 1)";

// The span of the marks bounds the days to look at.
constexpr const char* kMarked = R"(
    WITH taken AS (
        SELECT segment_id, from_at, rule FROM purge_marks WHERE run_id = $1::uuid AND segment_id <> ALL ($2::uuid[])
        ORDER BY from_at::date, segment_id LIMIT $3::bigint
    )
    SELECT s.id, s.stream_id, t.camera_id, s.volume_id, s.state, s.path, coalesce(c.path, ''), to_us(s.from_at), to_us(s.to_at),
           s.bytes + coalesce(c.bytes, 0), m.rule, to_us(k.received_at), to_us(k.from_at), to_us(k.to_at), false
    FROM taken m JOIN segments s ON s.id = m.segment_id AND s.from_at = m.from_at JOIN streams t ON t.id = s.stream_id
         LEFT JOIN segment_copies c ON c.segment_id = s.id
         LEFT JOIN imported_segments i ON i.segment_id = s.id LEFT JOIN contractor_clips k ON k.id = i.clip_id
    WHERE s.from_at >= (SELECT min(from_at) FROM taken) AND s.from_at <= (SELECT max(from_at) FROM taken)
    UNION ALL
    SELECT o.id, o.stream_id, t.camera_id, o.volume_id, 'finished', o.path, '', to_us(o.from_at), to_us(o.to_at),
           o.bytes, m.rule, to_us(o.received_at), to_us(o.from_at), to_us(o.to_at), true
    FROM taken m JOIN originals o ON o.id = m.segment_id JOIN streams t ON t.id = o.stream_id
    ORDER BY 4, 6)";

SegmentState to_state(const pqxx::field& field) {
    const auto word = field.as<std::string>();
    for (const SegmentState state : {SegmentState::open, SegmentState::finished, SegmentState::suspect})
        if (word == to_string(state)) return state;
    throw pqxx::conversion_error{"unknown state of a segment"};
}

std::optional<ClipReceipt> to_receipt(const pqxx::row& row) {
    const auto received = to_optional_time(row[11]);
    if (!received) return std::nullopt;
    return ClipReceipt{
        .received = *received,
        .clip = {.from = to_time(row[12]), .to = to_time(row[13])},
        .is_original = row[14].as<bool>(),
    };
}

PurgeCandidate to_candidate(const pqxx::row& row) {
    return {
        .id = to_uuid(row[0]),
        .stream_id = to_uuid(row[1]),
        .camera_id = to_uuid(row[2]),
        .volume_id = to_uuid(row[3]),
        .state = to_state(row[4]),
        .path = row[5].as<std::string>(),
        .copy_path = row[6].as<std::string>(),
        .range = {.from = to_time(row[7]), .to = to_time(row[8])},
        .bytes = row[9].as<std::uint64_t>(),
        .rule = row[10].as<std::string>(),
        .receipt = to_receipt(row),
    };
}

constexpr const char* kMark = R"(
    INSERT INTO purge_marks (segment_id, from_at, run_id, rule)
    SELECT id, from_us(us), $1::uuid, rule FROM unnest($2::uuid[], $3::bigint[], $4::text[]) AS n (id, us, rule))";
constexpr const char* kUnmark = "SELECT unmark($1::uuid, $2::uuid[], $3::bool)";
constexpr const char* kUnmarkRest =
    "SELECT unmark($1::uuid, ARRAY(SELECT segment_id FROM purge_marks WHERE run_id = $1::uuid), false)";
constexpr const char* kFinish = "SELECT finish_marked($1::uuid, $2::uuid[], from_us($3::bigint))";
constexpr const char* kDestroy =
    "SELECT destroy_marked($1::uuid, $2::uuid[], $3::bigint, from_us($4::bigint))";

template <class Row, class... Args>
std::vector<Row> read(
    pqxx::transaction_base& session,
    Row (*from_row)(const pqxx::row&),
    const char* sql,
    const Args&... args
) {
    std::vector<Row> rows;
    for (const auto& row : run(session, sql, args...))
        rows.push_back(from_row(row));
    return rows;
}

std::optional<std::string> or_null(const std::optional<Uuid>& id) {
    return id ? std::optional{to_string(*id)} : std::nullopt;
}

std::string to_array(const std::vector<Uuid>& ids) {
    ArrayLiteral array;
    for (const Uuid& id : ids)
        array.add(id);
    return array.str();
}

/// Never silent: with the mark itself.
Status file_breach(
    pqxx::transaction_base& transaction,
    const Uuid& run_id,
    std::span<const PurgeCandidate> candidates,
    std::span<const std::optional<std::string>> rules,
    const ledger::Actor& actor,
    UtcTime now
) {
    nlohmann::json ids = nlohmann::json::array();
    for (std::size_t i = 0; i < candidates.size(); ++i)
        if (rules[i] == "RET_BREACH_FLOOR") ids.push_back(to_string(candidates[i].id));
    if (ids.empty()) return {};
    const nlohmann::json subject{{"purge_run", to_string(run_id)}, {"segments", std::move(ids)}};
    const auto raised = raise_incident(
        transaction,
        {.id = make_uuid_v7(now),
         .kind = duty::IncidentKind::floor_violation,
         .opened = now,
         .cause = "the disk is full and everything else is held or gone",
         .subject = subject.dump(),
         .actor = actor}
    );
    if (!raised) return std::unexpected(raised.error());
    return {};
}

std::vector<ActiveHold> read_holds(pqxx::transaction_base& session, UtcTime now) {
    return read(session, to_hold, kHolds, to_epoch_us(now));
}

bool contains(const std::vector<Uuid>& ids, const Uuid& id) {
    return std::ranges::find(ids, id) != ids.end();
}

std::vector<PurgeCandidate> pick(std::span<const PurgeCandidate> from, const std::vector<Uuid>& ids) {
    std::vector<PurgeCandidate> picked;
    for (const PurgeCandidate& one : from)
        if (contains(ids, one.id)) picked.push_back(one);
    return picked;
}

/// What an earlier attempt has unlinked and a hold touches by now: nothing is left to keep, and it is said.
Status finish(
    pqxx::transaction_base& transaction,
    const Uuid& run_id,
    const std::vector<PurgeCandidate>& gone,
    std::span<const ActiveHold> holds,
    const DestroySteps& steps,
    UtcTime now
) {
    if (gone.empty()) return {};
    Batch batch;
    Sha256 hash;
    std::vector<Uuid> ids;
    nlohmann::json subject{
        {"purge_run", to_string(run_id)},
        {"segments", nlohmann::json::array()},
        {"holds", nlohmann::json::array()}
    };
    for (const PurgeCandidate& one : gone) {
        ids.push_back(one.id);
        hash.update(one.id.bytes);
        ++batch.segments;
        batch.bytes += one.bytes;
        subject["segments"].push_back(to_string(one.id));
    }
    batch.digest = hash.digest();
    for (const ActiveHold& hold : holds)
        if (std::ranges::any_of(gone, [&](const PurgeCandidate& one) {
                return contains(hold.cameras, one.camera_id) && hold.range.overlaps(one.range);
            }))
            subject["holds"].push_back(to_string(hold.id));
    const ledger::Act act = steps.make_act(batch);
    const auto raised = raise_incident(
        transaction,
        {.id = make_uuid_v7(now),
         .kind = duty::IncidentKind::storage,
         .opened = now,
         .cause = "a purge that was interrupted had destroyed footage before it was held",
         .subject = subject.dump(),
         .actor = act.actor}
    );
    if (!raised) return std::unexpected(raised.error());
    run(transaction, kFinish, to_string(run_id), to_array(ids), to_epoch_us(now));
    if (const auto record = append_record(transaction, act, now); !record)
        return std::unexpected(record.error());
    return {};
}

/// Marks what the judge lets go, and counts it.
Batch mark(
    pqxx::transaction_base& transaction,
    const Uuid& run_id,
    std::span<const PurgeCandidate> candidates,
    std::span<const std::optional<std::string>> rules
) {
    Batch batch;
    ArrayLiteral ids;
    ArrayLiteral starts;
    ArrayLiteral words;
    Sha256 hash;
    for (std::size_t i = 0; i < candidates.size(); ++i) {
        if (!rules[i]) continue;
        ids.add(candidates[i].id);
        starts.add(candidates[i].range.from);
        words.add(std::string_view{*rules[i]});
        hash.update(candidates[i].id.bytes);
        ++batch.segments;
        batch.bytes += candidates[i].bytes;
    }
    batch.digest = hash.digest();
    if (batch.segments > 0) run(transaction, kMark, to_string(run_id), ids.str(), starts.str(), words.str());
    return batch;
}

}  // namespace

Status with_purge_lock(Pool& pool, const std::function<Status()>& use) {
    return pool.with([&](Connection& connection) -> Status {
        {
            pqxx::nontransaction session{connection.get()};
            if (!run(session, kTryLock)[0][0].as<bool>())
                return failure(Remedy::refuse, "another purge is running", "PURGE_RUNNING");
        }
        const Status done = use();
        // On a connection that broke meanwhile this throws, and the lock went with it.
        pqxx::nontransaction session{connection.get()};
        run(session, kUnlock);
        return done;
    });
}

Result<PurgeFacts> load_purge_facts(Pool& pool, const Uuid& installation_id) {
    const auto from_row = [](const pqxx::row& row) {
        return PurgeFacts{
            .is_confirmed = row[0].as<bool>(),
            .newest_record = to_optional_time(row[1]),
            .newest_footage = to_optional_time(row[2]),
            .last_synchronised = to_optional_time(row[3]),
            .footage = Microseconds{row[4].as<std::int64_t>()},
            .schema = row[5].as<int>(),
        };
    };
    auto facts = load<PurgeFacts>(pool, from_row, kFacts, to_string(installation_id));
    if (!facts) return std::unexpected(facts.error());
    return facts->front();
}

Status save_clock_sighting(Pool& pool, const Uuid& installation_id, UtcTime now) {
    return execute(pool, kSaveSighting, to_string(installation_id), to_epoch_us(now));
}

Result<std::optional<UtcTime>> find_oldest_segment(Pool& pool) {
    const auto from_row = [](const pqxx::row& row) { return to_optional_time(row[0]); };
    const auto oldest = load<std::optional<UtcTime>>(pool, from_row, kOldest);
    if (!oldest) return std::unexpected(oldest.error());
    return oldest->front();
}

Result<std::vector<ActiveHold>> load_active_holds(Pool& pool, UtcTime now) {
    return load(pool, to_hold, kHolds, to_epoch_us(now));
}

Result<std::vector<PurgeCandidate>>
load_purge_candidates(Pool& pool, TimeRange began, std::optional<Uuid> volume_id) {
    return load(
        pool, to_candidate, kCandidates, to_epoch_us(began.from), to_epoch_us(began.to), or_null(volume_id)
    );
}

Result<Batch> mark_batch(
    Pool& pool,
    const Uuid& run_id,
    const MarkScope& scope,
    const Judge& judge,
    const std::function<ledger::Act(const Batch&)>& make_act
) {
    Batch batch;
    const Status status = pool.with([&](Connection& connection) -> Status {
        pqxx::work transaction{connection.get()};
        run(transaction, kLockHolds);
        const auto holds = read_holds(transaction, scope.now);
        const auto candidates = read(
            transaction,
            to_candidate,
            kCandidates,
            to_epoch_us(scope.began.from),
            to_epoch_us(scope.began.to),
            or_null(scope.volume_id)
        );
        const auto rules = judge(candidates, holds);
        batch = mark(transaction, run_id, candidates, rules);
        if (batch.segments == 0) return {};
        const ledger::Act act = make_act(batch);
        if (auto filed = file_breach(transaction, run_id, candidates, rules, act.actor, scope.now); !filed)
            return filed;
        const auto record = append_record(transaction, act, scope.now);
        if (!record) return std::unexpected(record.error());
        transaction.commit();
        batch.record = *record;
        return {};
    });
    if (!status) return std::unexpected(status.error());
    return batch;
}

Result<std::vector<PurgeCandidate>>
load_marked(Pool& pool, const Uuid& run_id, const std::vector<Uuid>& without, std::size_t limit) {
    return load(pool, to_candidate, kMarked, to_string(run_id), to_array(without), limit);
}

Result<Destroyed> destroy_batch(
    Pool& pool,
    const Uuid& run_id,
    std::span<const PurgeCandidate> marked,
    UtcTime now,
    const DestroySteps& steps
) {
    Destroyed destroyed;
    const Status status = pool.with([&](Connection& connection) -> Status {
        pqxx::work transaction{connection.get()};
        run(transaction, kLockHolds);
        const auto holds = read_holds(transaction, now);
        const auto due = steps.is_due(marked, holds);
        std::vector<PurgeCandidate> going;
        std::vector<PurgeCandidate> held;
        for (std::size_t i = 0; i < marked.size(); ++i)
            (due[i] ? going : held).push_back(marked[i]);
        const Gone gone = held.empty() ? Gone{} : steps.find_gone(held);
        if (auto finished = finish(transaction, run_id, pick(held, gone.gone), holds, steps, now); !finished)
            return finished;
        std::vector<Uuid> kept;
        for (const PurgeCandidate& one : held)
            if (!contains(gone.gone, one.id) && !contains(gone.unsure, one.id)) kept.push_back(one.id);
        if (!kept.empty()) run(transaction, kUnmark, to_string(run_id), to_array(kept), true);
        destroyed = {.segments = gone.gone.size(), .kept = kept.size()};
        if (!going.empty()) {
            const Unlinked unlinked = steps.unlink(going);
            if (!unlinked.gone.empty())
                run(transaction,
                    kDestroy,
                    to_string(run_id),
                    to_array(unlinked.gone),
                    unlinked.missing,
                    to_epoch_us(now));
            destroyed.segments += unlinked.gone.size();
        }
        transaction.commit();
        return {};
    });
    if (!status) return std::unexpected(status.error());
    return destroyed;
}

Status unmark_rest(Pool& pool, const Uuid& run_id) {
    return execute(pool, kUnmarkRest, to_string(run_id));
}

}  // namespace sluice::catalogue
