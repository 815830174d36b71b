#include "storage/catalogue/check_repository.hpp"
#include "storage/catalogue/detail/load.hpp"
#include "storage/catalogue/detail/segment_row.hpp"
#include "storage/catalogue/detail/values.hpp"

namespace sluice::catalogue {

namespace {

using detail::ArrayLiteral;
using detail::execute;
using detail::first_of;
using detail::load;
using detail::load_prepared;
using detail::to_segment;
using detail::to_uuid;

constexpr const char* kUncopied = R"(
    SELECT s.id, s.stream_id, s.run_id, s.volume_id, s.sequence, s.state, s.path, to_us(s.from_at), to_us(s.to_at), s.bytes,
           s.sha256, s.format_id, s.samples, s.key_samples, s.fragments, s.duration_runs, s.composition_runs, s.sample_bytes,
           s.ticks, s.has_composition, s.is_damaged
    FROM segments s
    WHERE s.volume_id = $1::uuid AND s.state = 'suspect'
      AND s.from_at >= from_us($2::bigint) AND s.from_at < from_us($3::bigint)
      AND NOT EXISTS (SELECT FROM segment_copies c WHERE c.segment_id = s.id)
    ORDER BY s.from_at, s.id LIMIT $4::bigint)";

constexpr const char* kMark =
    "SELECT mark_damaged($1::uuid, from_us($2::bigint), $3::bigint[], $4::bigint[], $5::text[])";
constexpr const char* kDamage = R"(
    SELECT from_byte, to_byte, what FROM segment_damage WHERE segment_id = $1::uuid ORDER BY from_byte, to_byte, what)";

constexpr const char* kSaveCopy = R"(
    INSERT INTO segment_copies (segment_id, from_at, volume_id, path, bytes, sha256, to_at, problem)
    VALUES ($1::uuid, from_us($2::bigint), $3::uuid, $4, $5::bigint, $6::bytea, from_us($7::bigint), $8)
    ON CONFLICT (segment_id) DO UPDATE SET path = excluded.path, bytes = excluded.bytes, sha256 = excluded.sha256,
        to_at = excluded.to_at, problem = excluded.problem, copied_at = excluded.copied_at)";
constexpr const char* kCopy = R"(
    SELECT segment_id, to_us(from_at), volume_id, coalesce(path, ''), bytes, sha256, to_us(to_at), problem
    FROM segment_copies WHERE segment_id = $1::uuid)";

SegmentCopy to_copy(const pqxx::row& row) {
    return {
        .segment_id = to_uuid(row[0]),
        .from = detail::to_time(row[1]),
        .volume_id = to_uuid(row[2]),
        .path = row[3].as<std::string>(),
        .bytes = row[4].as<std::uint64_t>(),
        .sha256 = detail::to_digest(row[5]),
        .to = detail::to_optional_time(row[6]),
        .problem = row[7].as<std::string>(),
    };
}

DamageKind to_kind(const pqxx::field& field) {
    const auto word = field.as<std::string>();
    for (const DamageKind kind : {DamageKind::box, DamageKind::content, DamageKind::index, DamageKind::lost})
        if (word == to_string(kind)) return kind;
    throw pqxx::conversion_error{"unknown kind of damage"};
}

Damage to_damage(const pqxx::row& row) {
    return {.from = row[0].as<std::uint64_t>(), .to = row[1].as<std::uint64_t>(), .kind = to_kind(row[2])};
}

}  // namespace

std::string_view to_string(DamageKind kind) noexcept {
    switch (kind) {
        case DamageKind::box:
            return "box";
        case DamageKind::content:
            return "content";
        case DamageKind::index:
            return "index";
        case DamageKind::lost:
            return "lost";
    }
    std::unreachable();
}

Status mark_damaged(Pool& pool, const Uuid& segment_id, UtcTime from, std::span<const Damage> damage) {
    ArrayLiteral starts;
    ArrayLiteral ends;
    ArrayLiteral kinds;
    for (const Damage& one : damage) {
        starts.add(one.from);
        ends.add(one.to);
        kinds.add(to_string(one.kind));
    }
    return execute(
        pool, kMark, to_string(segment_id), to_epoch_us(from), starts.str(), ends.str(), kinds.str()
    );
}

Result<std::vector<Damage>> load_damage(Pool& pool, const Uuid& segment_id) {
    return load(pool, to_damage, kDamage, to_string(segment_id));
}

Status save_copy(Pool& pool, const SegmentCopy& copy) {
    const auto path =
        copy.path.empty() ? std::nullopt : std::optional{detail::clean_text(copy.path.native())};
    const auto hash = copy.sha256 ? std::optional{detail::to_bytea(*copy.sha256)} : std::nullopt;
    return execute(
        pool,
        kSaveCopy,
        to_string(copy.segment_id),
        to_epoch_us(copy.from),
        to_string(copy.volume_id),
        path,
        copy.bytes,
        hash,
        detail::to_optional_us(copy.to),
        detail::clean_text(copy.problem)
    );
}

Result<std::optional<SegmentCopy>> find_copy(Pool& pool, const Uuid& segment_id) {
    return first_of(load(pool, to_copy, kCopy, to_string(segment_id)));
}

Result<std::vector<SegmentRow>>
load_uncopied(Pool& pool, const Uuid& volume_id, TimeRange range, std::size_t limit) {
    // Asked each minute, of all days: planning them takes longer than the look.
    return load_prepared(
        pool,
        to_segment,
        kUncopied,
        to_string(volume_id),
        to_epoch_us(range.from),
        to_epoch_us(range.to),
        limit
    );
}

}  // namespace sluice::catalogue
