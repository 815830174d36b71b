#include "storage/catalogue/contractor_clip_repository.hpp"

#include "storage/catalogue/detail/job_rows.hpp"
#include "storage/catalogue/detail/load.hpp"
#include "storage/catalogue/detail/values.hpp"
#include "storage/catalogue/notice_repository.hpp"
#include "storage/catalogue/record_repository.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace sluice::catalogue {
namespace {

using detail::clean_text;
using detail::execute;
using detail::first_of;
using detail::load;
using detail::run;

constexpr std::array<std::pair<ClipState, std::string_view>, 5> kStates{{
    {ClipState::receiving, "receiving"},
    {ClipState::received, "received"},
    {ClipState::imported, "imported"},
    {ClipState::quarantined, "quarantined"},
    {ClipState::abandoned, "abandoned"},
}};

// Any number, the same in every version: the room of the spool is looked at and taken by one at a time.
constexpr const char* kLockSpool = "SELECT pg_advisory_xact_lock(7235111)";
constexpr const char* kKnownId =
    "SELECT EXISTS (SELECT FROM contractor_clips WHERE principal_id = $1::uuid AND client_id = $2)";
constexpr const char* kKnownContent = R"(
    SELECT client_id FROM contractor_clips
    WHERE camera_id = $1::uuid AND sha256 = $2::bytea AND from_at = from_us($3::bigint) AND state IN ('receiving', 'received', 'imported'))";
// What was announced counts whole: the bytes are on their way.
constexpr const char* kSpoolUse =
    "SELECT coalesce(sum(bytes), 0)::bigint FROM contractor_clips WHERE spool_freed_at IS NULL";
constexpr const char* kAnnounce = R"(
    INSERT INTO contractor_clips (id, principal_id, client_id, camera_id, name, bytes, sha256, said_from, said_to, clock_offset_us,
        from_at, to_at, announced_at, changed_at)
    VALUES ($1::uuid, $2::uuid, $3, $4::uuid, $5, $6::bigint, $7::bytea, from_us($8::bigint), from_us($9::bigint), $10::bigint,
            from_us($11::bigint), from_us($12::bigint), from_us($13::bigint), from_us($13::bigint)))";
constexpr const char* kClips = R"(
    SELECT k.id, k.principal_id, k.client_id, k.camera_id, c.slug, k.name, k.bytes, k.sha256, to_us(k.said_from), to_us(k.said_to),
           k.clock_offset_us, to_us(k.from_at), to_us(k.to_at), k.state, k.received_bytes, to_us(k.announced_at), to_us(k.changed_at),
           to_us(k.received_at), to_us(k.ended_at), k.reason_code, k.reason, k.is_playable, coalesce(k.media::text, ''),
           EXISTS (SELECT FROM originals o WHERE o.id = k.id),
           (SELECT count(*) FROM imported_segments i WHERE i.clip_id = k.id),
           coalesce((SELECT o.damage FROM originals o WHERE o.id = k.id), '')
    FROM contractor_clips k JOIN contractor_cameras c ON c.id = k.camera_id
    WHERE ($1::uuid IS NULL OR k.id = $1::uuid) AND ($2::uuid IS NULL OR k.principal_id = $2::uuid)
      AND ($3::text IS NULL OR k.client_id = $3) AND ($4::text IS NULL OR k.state = $4)
      AND (k.announced_at, k.id) < (from_us($5::bigint), $6::uuid)
    ORDER BY k.announced_at DESC, k.id DESC LIMIT $7::bigint)";
constexpr const char* kTakePart =
    "SELECT take_clip_part($1::uuid, $2::bigint, $3::bigint, from_us($4::bigint))";
constexpr const char* kToFree = R"(
    SELECT id FROM contractor_clips WHERE spool_freed_at IS NULL AND ended_at IS NOT NULL ORDER BY changed_at LIMIT $1::bigint)";
constexpr const char* kFree = "SELECT free_clip($1::uuid, from_us($2::bigint))";
constexpr const char* kUntouched = R"(
    SELECT id, client_id, received_bytes, bytes FROM contractor_clips
    WHERE state = 'receiving' AND changed_at < from_us($1::bigint) ORDER BY changed_at LIMIT 100)";
constexpr const char* kAbandon = "SELECT abandon_clip($1::uuid, from_us($2::bigint), from_us($3::bigint))";
constexpr const char* kWithoutJob = R"(
    SELECT k.id FROM contractor_clips k
    WHERE k.state = 'received'
      AND NOT EXISTS (SELECT FROM jobs j WHERE j.same_work = 'import ' || k.id::text AND j.state IN ('queued', 'running'))
    ORDER BY k.received_at LIMIT $1::bigint)";
constexpr const char* kTarget = R"(
    SELECT c.installation_id, c.recorder_id, c.id, t.id, c.slug, c.name
    FROM cameras c JOIN streams t ON t.camera_id = c.id AND t.kind = 'main' WHERE c.slug = $1 AND c.retired_at IS NULL)";
constexpr const char* kRuns =
    "SELECT import_runs($1::uuid[], $2::uuid, $3::bigint[], $4::bigint[], $5::double precision[])";
constexpr const char* kFormats =
    "SELECT import_formats($1::uuid[], $2::text[], $3::int[], $4::int[], $5::bytea[], $6::text[])";
constexpr const char* kSegments = R"(
    SELECT import_segments($1::uuid, $2::uuid, $3::uuid, $4::uuid[], $5::uuid[], $6::uuid[], $7::int[], $8::bigint[], $9::bigint[],
        $10::bigint[], $11::text[], $12::bytea[], $13::int[], $14::int[], $15::int[], $16::int[], $17::int[], $18::bigint[],
        $19::bigint[], $20::boolean[], $21::bytea[]))";
constexpr const char* kFinish =
    "SELECT finish_import($1::uuid, $2::uuid, $3::uuid, $4, $5::boolean, $6::jsonb, $7, $8, "
    "from_us($9::bigint))";
constexpr const char* kQuarantine =
    "SELECT quarantine_clip($1::uuid, $2::uuid, $3, $4, $5, from_us($6::bigint))";
constexpr const char* kQuarantined = R"(
    SELECT clip_id, volume_id, path, bytes, to_us(since) FROM quarantined_clips WHERE removed_at IS NULL ORDER BY since, clip_id)";
constexpr const char* kRemoved =
    "UPDATE quarantined_clips SET removed_at = from_us($2::bigint), rule = $3 WHERE clip_id = $1::uuid AND "
    "removed_at IS NULL";

constexpr const char* kOrigin = R"(
    SELECT p.name, c.name, c.place, to_us(c.announced_at)
    FROM contractor_clips k JOIN contractor_cameras c ON c.id = k.camera_id JOIN principals p ON p.id = k.principal_id
    WHERE k.id = $1::uuid)";
constexpr const char* kIsKnown = "SELECT EXISTS (SELECT FROM contractor_clips WHERE id = $1::uuid)";
constexpr const char* kRestoreMachine = R"(
    INSERT INTO principals (id, kind, name, roles, valid_from, valid_to)
    VALUES ($1::uuid, 'machine', $2, '{contractor}', from_us($3::bigint), from_us($4::bigint)) ON CONFLICT DO NOTHING)";
constexpr const char* kRestoreCamera = R"(
    INSERT INTO contractor_cameras (id, principal_id, slug, name, place, covers_public_area, announced_at, changed_at)
    VALUES ($1::uuid, $2::uuid, $3, $4, $5, true, from_us($6::bigint), from_us($6::bigint)) ON CONFLICT DO NOTHING)";
constexpr const char* kRestoreClip = R"(
    INSERT INTO contractor_clips (id, principal_id, client_id, camera_id, name, bytes, sha256, said_from, said_to, clock_offset_us,
        from_at, to_at, announced_at, changed_at, received_at, received_bytes, state)
    SELECT $1::uuid, $2::uuid, $3, c.id, $5, $6::bigint, $7::bytea, from_us($8::bigint), from_us($9::bigint), $10::bigint,
           from_us($11::bigint), from_us($12::bigint), from_us($13::bigint), from_us($14::bigint), from_us($15::bigint), $6::bigint,
           'received'
    FROM contractor_cameras c WHERE c.slug = $4)";
constexpr const char* kForgetOriginal = "DELETE FROM originals WHERE id = $1::uuid";

constexpr UtcTime kFarFuture = from_epoch_us(253'402'300'799'000'000);  // end of the year 9999

ContractorClip to_clip(const pqxx::row& row) {
    const auto state = clip_state_from(row[13].as<std::string>());
    if (!state) throw pqxx::conversion_error{"unknown state of a clip"};
    return {
        .id = detail::to_uuid(row[0]),
        .principal_id = detail::to_uuid(row[1]),
        .client_id = row[2].as<std::string>(),
        .camera_id = detail::to_uuid(row[3]),
        .camera_slug = row[4].as<std::string>(),
        .name = row[5].as<std::string>(),
        .bytes = row[6].as<std::uint64_t>(),
        .sha256 = detail::to_digest(row[7]).value_or(Sha256Digest{}),
        .said = {.from = detail::to_time(row[8]), .to = detail::to_time(row[9])},
        .clock_offset = Microseconds{row[10].as<std::int64_t>()},
        .range = {.from = detail::to_time(row[11]), .to = detail::to_time(row[12])},
        .state = *state,
        .received_bytes = row[14].as<std::uint64_t>(),
        .announced = detail::to_time(row[15]),
        .changed = detail::to_time(row[16]),
        .received = detail::to_optional_time(row[17]),
        .ended = detail::to_optional_time(row[18]),
        .reason_code = row[19].as<std::string>(),
        .reason = row[20].as<std::string>(),
        .is_playable = row[21].is_null() ? std::nullopt : std::optional{row[21].as<bool>()},
        .media = row[22].as<std::string>(),
        .is_held = row[23].as<bool>(),
        .damage = row[25].as<std::string>(),
        .segments = row[24].as<std::uint64_t>(),
    };
}

struct Asked {
    std::optional<Uuid> id{};
    std::optional<Uuid> principal_id{};
    std::optional<std::string> client_id{};
    std::optional<ClipState> state{};
    ClipCursor after{.announced = kFarFuture, .id = {}};
    std::size_t limit = 1;
};

std::optional<std::string> or_null(const std::optional<Uuid>& id) {
    return id ? std::optional{to_string(*id)} : std::nullopt;
}

Result<std::vector<ContractorClip>> ask(Pool& pool, const Asked& asked) {
    return load(
        pool,
        to_clip,
        kClips,
        or_null(asked.id),
        or_null(asked.principal_id),
        asked.client_id ? std::optional{clean_text(*asked.client_id)} : std::nullopt,
        asked.state ? std::optional{std::string{to_string(*asked.state)}} : std::nullopt,
        to_epoch_us(asked.after.announced),
        to_string(asked.after.id),
        asked.limit
    );
}

Uuid to_id(const pqxx::row& row) {
    return detail::to_uuid(row[0]);
}

void save_formats(pqxx::work& transaction, const std::vector<FinishedRow>& segments) {
    detail::ArrayLiteral ids;
    detail::ArrayLiteral codecs;
    detail::ArrayLiteral widths;
    detail::ArrayLiteral heights;
    detail::ArrayLiteral configs;
    detail::ArrayLiteral strings;
    std::vector<Uuid> seen;
    for (const FinishedRow& segment : segments) {
        if (std::ranges::find(seen, segment.row.format_id) != seen.end()) continue;
        seen.push_back(segment.row.format_id);
        ids.add(segment.row.format_id);
        codecs.add(to_string(segment.format.codec));
        widths.add(std::uint64_t{segment.format.width});
        heights.add(std::uint64_t{segment.format.height});
        configs.add(ByteView{segment.format.decoder_config});
        strings.add(std::string_view{segment.format.codec_string});
    }
    run(transaction,
        kFormats,
        ids.str(),
        codecs.str(),
        widths.str(),
        heights.str(),
        configs.str(),
        strings.str());
}

void save_runs(pqxx::work& transaction, const Import& import) {
    detail::ArrayLiteral ids;
    detail::ArrayLiteral starts;
    detail::ArrayLiteral ends;
    detail::ArrayLiteral rates;
    for (const ImportedRun& one : import.runs) {
        ids.add(one.id);
        starts.add(one.range.from);
        ends.add(one.range.to);
        rates.add(one.fps);
    }
    run(transaction, kRuns, ids.str(), to_string(import.stream_id), starts.str(), ends.str(), rates.str());
}

/// Columns of rows, in the order of the statement's parameters.
struct SegmentArrays {
    detail::ArrayLiteral ids, runs, formats, sequences, starts, ends, sizes, paths, hashes, samples, keys,
        fragments, durations, compositions, sample_bytes, ticks, has_composition, indexes;

    void add(const FinishedRow& segment) {
        const SegmentRow& row = segment.row;
        ids.add(row.id);
        runs.add(row.run_id);
        formats.add(row.format_id);
        sequences.add(std::uint64_t{row.sequence});
        starts.add(row.range.from);
        ends.add(row.range.to);
        sizes.add(row.bytes);
        paths.add(std::string_view{row.path.native()});
        hashes.add(row.sha256 ? std::optional<ByteView>{*row.sha256} : std::nullopt);
        samples.add(std::uint64_t{row.sums.samples});
        keys.add(std::uint64_t{row.sums.key_samples});
        fragments.add(std::uint64_t{row.sums.fragments});
        durations.add(std::uint64_t{row.sums.duration_runs});
        compositions.add(std::uint64_t{row.sums.composition_runs});
        sample_bytes.add(row.sums.sample_bytes);
        ticks.add(row.sums.ticks);
        has_composition.add(row.sums.has_composition);
        indexes.add(ByteView{segment.index});
    }
};

void save_segments(pqxx::work& transaction, const Import& import) {
    SegmentArrays all;
    for (const FinishedRow& segment : import.segments)
        all.add(segment);
    run(transaction,
        kSegments,
        to_string(import.clip_id),
        to_string(import.stream_id),
        to_string(import.volume_id),
        all.ids.str(),
        all.runs.str(),
        all.formats.str(),
        all.sequences.str(),
        all.starts.str(),
        all.ends.str(),
        all.sizes.str(),
        all.paths.str(),
        all.hashes.str(),
        all.samples.str(),
        all.keys.str(),
        all.fragments.str(),
        all.durations.str(),
        all.compositions.str(),
        all.sample_bytes.str(),
        all.ticks.str(),
        all.has_composition.str(),
        all.indexes.str());
}

/// The last step of a clip's way into the catalogue. Pre: its row says received.
void take_in(pqxx::work& transaction, const Import& import) {
    if (!import.segments.empty()) {
        save_formats(transaction, import.segments);
        save_runs(transaction, import);
        save_segments(transaction, import);
    }
    run(transaction,
        kFinish,
        to_string(import.clip_id),
        to_string(import.stream_id),
        to_string(import.volume_id),
        clean_text(import.original.native()),
        import.is_playable,
        import.media,
        import.reason_code,
        clean_text(import.reason),
        to_epoch_us(import.now));
}

void restore_clip(pqxx::work& transaction, const RestoredClip& restored, UtcTime now) {
    const ContractorClip& clip = restored.clip;
    const std::string machine = to_string(clip.principal_id);
    const std::int64_t announced = to_epoch_us(restored.origin.camera_announced);
    // Valid once, or its acts would have no name; over, because nobody can show a credential of it any more.
    run(transaction,
        kRestoreMachine,
        machine,
        clean_text(restored.origin.machine),
        announced,
        to_epoch_us(std::max(now, restored.origin.camera_announced + Microseconds{1})));
    run(transaction,
        kRestoreCamera,
        to_string(clip.camera_id),
        machine,
        clip.camera_slug,
        clean_text(restored.origin.camera_name),
        clean_text(restored.origin.camera_place),
        announced);
    run(transaction,
        kRestoreClip,
        to_string(clip.id),
        machine,
        clip.client_id,
        clip.camera_slug,
        clean_text(clip.name),
        clip.bytes,
        detail::to_bytea(clip.sha256),
        to_epoch_us(clip.said.from),
        to_epoch_us(clip.said.to),
        std::int64_t{clip.clock_offset.count()},
        to_epoch_us(clip.range.from),
        to_epoch_us(clip.range.to),
        to_epoch_us(clip.announced),
        to_epoch_us(clip.changed),
        to_epoch_us(clip.received.value_or(clip.changed)));
}

Status commit_with(pqxx::work& transaction, const ledger::Act& act, UtcTime now) {
    if (const auto record = append_record(transaction, act, now); !record)
        return std::unexpected(record.error());
    transaction.commit();
    return {};
}

ledger::Act abandoned_act(const pqxx::row& row) {
    const std::string facts =
        R"({"received_bytes":)" + row[2].as<std::string>() + R"(,"bytes":)" + row[3].as<std::string>() + "}";
    return {
        .action = "clip.abandoned",
        .actor = ledger::system_actor("sluice-api"),
        .subject = {.kind = "contractor_clip", .id = row[0].as<std::string>()},
        .facts = facts,
    };
}

}  // namespace

std::string_view to_string(ClipState state) noexcept {
    return std::ranges::find(kStates, state, &std::pair<ClipState, std::string_view>::first)->second;
}

std::optional<ClipState> clip_state_from(std::string_view word) noexcept {
    const auto* const found =
        std::ranges::find(kStates, word, &std::pair<ClipState, std::string_view>::second);
    if (found == kStates.end()) return std::nullopt;
    return found->first;
}

Result<Admitted> announce_clip(Pool& pool, const ContractorClip& clip, std::uint64_t spool_bytes) {
    Admitted admitted;
    const Status status = pool.with([&](Connection& connection) -> Status {
        pqxx::work transaction{connection.get()};
        run(transaction, kLockSpool);
        const std::string principal = to_string(clip.principal_id);
        const std::string digest = detail::to_bytea(clip.sha256);
        if (run(transaction, kKnownId, principal, clip.client_id)[0][0].as<bool>()) {
            admitted.how = Admission::known_id;
            return {};
        }
        const auto same =
            run(transaction, kKnownContent, to_string(clip.camera_id), digest, to_epoch_us(clip.range.from));
        if (!same.empty()) {
            admitted = {.how = Admission::known_content, .client_id = same[0][0].as<std::string>()};
            return {};
        }
        if (run(transaction, kSpoolUse)[0][0].as<std::uint64_t>() + clip.bytes > spool_bytes) {
            admitted.how = Admission::spool_full;
            return {};
        }
        run(transaction,
            kAnnounce,
            to_string(clip.id),
            principal,
            clip.client_id,
            to_string(clip.camera_id),
            clean_text(clip.name),
            clip.bytes,
            digest,
            to_epoch_us(clip.said.from),
            to_epoch_us(clip.said.to),
            std::int64_t{clip.clock_offset.count()},
            to_epoch_us(clip.range.from),
            to_epoch_us(clip.range.to),
            to_epoch_us(clip.announced));
        transaction.commit();
        return {};
    });
    if (!status) return std::unexpected(status.error());
    return admitted;
}

Result<std::optional<ContractorClip>>
find_contractor_clip(Pool& pool, const Uuid& principal_id, const std::string& client_id) {
    return first_of(ask(pool, {.principal_id = principal_id, .client_id = client_id}));
}

Result<std::optional<ContractorClip>> get_contractor_clip(Pool& pool, const Uuid& id) {
    return first_of(ask(pool, {.id = id}));
}

Result<std::vector<ContractorClip>> load_contractor_clips(
    Pool& pool,
    const ClipFilter& filter,
    const std::optional<ClipCursor>& after,
    std::size_t limit
) {
    Asked asked{.principal_id = filter.principal_id, .state = filter.state, .limit = limit};
    if (after) asked.after = *after;
    return ask(pool, asked);
}

Result<bool> save_part(Pool& pool, const ReceivedPart& part, const ledger::Act* receipt, const NewJob* job) {
    bool is_taken = false;
    const Status status = pool.with([&](Connection& connection) -> Status {
        pqxx::work transaction{connection.get()};
        is_taken =
            run(transaction, kTakePart, to_string(part.clip_id), part.began, part.upto, to_epoch_us(part.now)
            )[0][0]
                .as<bool>();
        if (!is_taken) return {};
        if (job != nullptr) static_cast<void>(detail::insert_job(transaction, *job));
        if (receipt != nullptr) return commit_with(transaction, *receipt, part.now);
        transaction.commit();
        return {};
    });
    if (!status) return std::unexpected(status.error());
    return is_taken;
}

Result<std::vector<Uuid>> load_clips_to_free(Pool& pool, std::size_t limit) {
    return load(pool, to_id, kToFree, limit);
}

Status free_clip(Pool& pool, const Uuid& id, UtcTime now) {
    return execute(pool, kFree, to_string(id), to_epoch_us(now));
}

Result<std::size_t> abandon_clips(Pool& pool, UtcTime untouched_since, UtcTime now) {
    std::size_t abandoned = 0;
    const Status status = pool.with([&](Connection& connection) -> Status {
        pqxx::work transaction{connection.get()};
        for (const auto& row : run(transaction, kUntouched, to_epoch_us(untouched_since))) {
            const bool is_done = run(transaction,
                                     kAbandon,
                                     row[0].as<std::string>(),
                                     to_epoch_us(untouched_since),
                                     to_epoch_us(now))[0][0]
                                     .as<bool>();
            if (!is_done) continue;
            if (const auto record = append_record(transaction, abandoned_act(row), now); !record)
                return std::unexpected(record.error());
            ++abandoned;
        }
        transaction.commit();
        return {};
    });
    if (!status) return std::unexpected(status.error());
    return abandoned;
}

Result<std::vector<Uuid>> load_clips_without_job(Pool& pool, std::size_t limit) {
    return load(pool, to_id, kWithoutJob, limit);
}

Result<std::optional<ImportTarget>> find_import_target(Pool& pool, const std::string& slug) {
    const auto from_row = [](const pqxx::row& row) {
        return ImportTarget{
            .installation_id = detail::to_uuid(row[0]),
            .recorder_id = detail::to_uuid(row[1]),
            .camera_id = detail::to_uuid(row[2]),
            .stream_id = detail::to_uuid(row[3]),
            .camera_slug = row[4].as<std::string>(),
            .camera_name = row[5].as<std::string>(),
        };
    };
    return first_of(load<ImportTarget>(pool, from_row, kTarget, clean_text(slug)));
}

Result<ClipOrigin> get_clip_origin(Pool& pool, const Uuid& clip_id) {
    const auto from_row = [](const pqxx::row& row) {
        return ClipOrigin{
            .machine = row[0].as<std::string>(),
            .camera_name = row[1].as<std::string>(),
            .camera_place = row[2].as<std::string>(),
            .camera_announced = detail::to_time(row[3]),
        };
    };
    auto found = first_of(load<ClipOrigin>(pool, from_row, kOrigin, to_string(clip_id)));
    if (!found) return std::unexpected(found.error());
    if (!*found) return failure(Remedy::refuse, "clip " + to_string(clip_id) + " has no row");
    return std::move(**found);
}

Status save_import(Pool& pool, const Import& import, const ledger::Act& act) {
    return pool.with([&](Connection& connection) -> Status {
        pqxx::work transaction{connection.get()};
        take_in(transaction, import);
        return commit_with(transaction, act, import.now);
    });
}

Result<bool> restore_import(Pool& pool, const RestoredClip& restored, const Import& import, UtcTime now) {
    bool is_new = false;
    const Status status = pool.with([&](Connection& connection) -> Status {
        pqxx::work transaction{connection.get()};
        const std::string id = to_string(restored.clip.id);
        is_new = !run(transaction, kIsKnown, id)[0][0].as<bool>();
        if (!is_new) return {};
        restore_clip(transaction, restored, now);
        take_in(transaction, import);
        if (!restored.has_original) run(transaction, kForgetOriginal, id);
        transaction.commit();
        return {};
    });
    if (!status) return std::unexpected(status.error());
    return is_new;
}

Status save_quarantine(Pool& pool, const Quarantine& quarantine, const ledger::Act& act) {
    return pool.with([&](Connection& connection) -> Status {
        pqxx::work transaction{connection.get()};
        run(transaction,
            kQuarantine,
            to_string(quarantine.clip_id),
            to_string(quarantine.volume_id),
            clean_text(quarantine.path.native()),
            quarantine.reason_code,
            clean_text(quarantine.reason),
            to_epoch_us(quarantine.now));
        raise_notice(
            transaction,
            {.kind = NoticeKind::contractor_clip, .subject_id = quarantine.clip_id, .audience = "secretariat"
            },
            quarantine.now
        );
        return commit_with(transaction, act, quarantine.now);
    });
}

Result<std::vector<QuarantinedClip>> load_quarantine(Pool& pool) {
    const auto from_row = [](const pqxx::row& row) {
        return QuarantinedClip{
            .clip_id = detail::to_uuid(row[0]),
            .volume_id = detail::to_uuid(row[1]),
            .path = row[2].as<std::string>(),
            .bytes = row[3].as<std::uint64_t>(),
            .since = detail::to_time(row[4]),
        };
    };
    return load<QuarantinedClip>(pool, from_row, kQuarantined);
}

Status save_quarantine_removal(
    Pool& pool,
    const Uuid& clip_id,
    const std::string& rule,
    const ledger::Act& act,
    UtcTime now
) {
    return pool.with([&](Connection& connection) -> Status {
        pqxx::work transaction{connection.get()};
        run(transaction, kRemoved, to_string(clip_id), to_epoch_us(now), rule);
        return commit_with(transaction, act, now);
    });
}

}  // namespace sluice::catalogue
