#include "storage/catalogue/original_repository.hpp"

#include "storage/catalogue/detail/load.hpp"
#include "storage/catalogue/detail/values.hpp"

namespace sluice::catalogue {
namespace {

using detail::clean_text;
using detail::execute;
using detail::first_of;
using detail::load;

constexpr const char* kOnVolume = R"(
    SELECT o.id, o.stream_id, o.volume_id, c.slug, o.path, to_us(o.from_at), to_us(o.to_at), to_us(o.received_at), o.bytes, o.sha256,
           o.damage, to_us(o.damaged_at)
    FROM originals o JOIN contractor_clips k ON k.id = o.id JOIN contractor_cameras c ON c.id = k.camera_id
    WHERE o.volume_id = $1::uuid AND o.from_at >= from_us($2::bigint) AND o.from_at < from_us($3::bigint)
    ORDER BY o.from_at, o.id)";
constexpr const char* kOne = R"(
    SELECT o.id, o.stream_id, o.volume_id, c.slug, o.path, to_us(o.from_at), to_us(o.to_at), to_us(o.received_at), o.bytes, o.sha256,
           o.damage, to_us(o.damaged_at)
    FROM originals o JOIN contractor_clips k ON k.id = o.id JOIN contractor_cameras c ON c.id = k.camera_id WHERE o.id = $1::uuid)";
constexpr const char* kDamaged = R"(
    SELECT o.id, o.stream_id, o.volume_id, c.slug, o.path, to_us(o.from_at), to_us(o.to_at), to_us(o.received_at), o.bytes, o.sha256,
           o.damage, to_us(o.damaged_at)
    FROM originals o JOIN contractor_clips k ON k.id = o.id JOIN contractor_cameras c ON c.id = k.camera_id
    WHERE o.damage IS NOT NULL ORDER BY o.damaged_at, o.id LIMIT $1::bigint)";
constexpr const char* kMark = "SELECT mark_original($1::uuid, $2, from_us($3::bigint))";
// A file may be longer than was said of it by the tolerance: a minute is more than any.
constexpr const char* kUnderWay = R"(
    SELECT EXISTS (SELECT FROM contractor_clips k JOIN contractor_cameras c ON c.id = k.camera_id
        WHERE c.slug = $1 AND k.state = 'received' AND k.from_at < from_us($2::bigint) + interval '1 second'
          AND k.to_at + interval '1 minute' > from_us($2::bigint)))";

std::optional<DamageKind> to_kind(const pqxx::field& field) {
    if (field.is_null()) return std::nullopt;
    const auto word = field.as<std::string>();
    for (const DamageKind kind : {DamageKind::content, DamageKind::lost})
        if (word == to_string(kind)) return kind;
    throw pqxx::conversion_error{"unknown damage of a received file"};
}

OriginalRow to_original(const pqxx::row& row) {
    return {
        .clip_id = detail::to_uuid(row[0]),
        .stream_id = detail::to_uuid(row[1]),
        .volume_id = detail::to_uuid(row[2]),
        .camera_slug = row[3].as<std::string>(),
        .path = row[4].as<std::string>(),
        .range = {.from = detail::to_time(row[5]), .to = detail::to_time(row[6])},
        .received = detail::to_time(row[7]),
        .bytes = row[8].as<std::uint64_t>(),
        .sha256 = detail::to_digest(row[9]).value_or(Sha256Digest{}),
        .damage = to_kind(row[10]),
        .damaged = detail::to_optional_time(row[11]),
    };
}

}  // namespace

Result<std::vector<OriginalRow>>
load_originals_on_volume(Pool& pool, const Uuid& volume_id, TimeRange range) {
    return load(
        pool, to_original, kOnVolume, to_string(volume_id), to_epoch_us(range.from), to_epoch_us(range.to)
    );
}

Result<std::optional<OriginalRow>> find_original(Pool& pool, const Uuid& clip_id) {
    return first_of(load(pool, to_original, kOne, to_string(clip_id)));
}

Result<std::vector<OriginalRow>> load_damaged_originals(Pool& pool, std::size_t limit) {
    return load(pool, to_original, kDamaged, limit);
}

Status mark_original(Pool& pool, const Uuid& clip_id, DamageKind kind, UtcTime now) {
    return execute(pool, kMark, to_string(clip_id), std::string{to_string(kind)}, to_epoch_us(now));
}

Result<bool> is_import_under_way(Pool& pool, const std::string& camera_slug, UtcTime at) {
    const auto from_row = [](const pqxx::row& row) { return row[0].as<bool>() ? 1 : 0; };
    const auto found =
        first_of(load<int>(pool, from_row, kUnderWay, clean_text(camera_slug), to_epoch_us(at)));
    if (!found) return std::unexpected(found.error());
    return found->value_or(0) == 1;
}

}  // namespace sluice::catalogue
