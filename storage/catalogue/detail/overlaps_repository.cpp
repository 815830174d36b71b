#include "storage/catalogue/detail/connection.hpp"
#include "storage/catalogue/detail/overlaps.hpp"
#include "storage/catalogue/detail/values.hpp"

namespace sluice::catalogue::detail {

namespace {

// 100 ms: below it an end is the estimate of a last frame's length, above it the host's clock was set (I14).
constexpr const char* kFlag = R"(
    WITH times AS (
        SELECT id, stream_id, tstzrange(from_at, greatest(from_at, coalesce(to_at, footage_to))) AS span
        FROM runs WHERE id = ANY($1::uuid[])
    ), pairs AS (
        SELECT a.id AS one, b.id AS other
        FROM times a JOIN runs b ON b.stream_id = a.stream_id AND b.id <> a.id
         AND tstzrange(b.from_at, greatest(b.from_at, coalesce(b.to_at, b.footage_to))) && a.span
        WHERE upper(tstzrange(b.from_at, greatest(b.from_at, coalesce(b.to_at, b.footage_to))) * a.span)
            - lower(tstzrange(b.from_at, greatest(b.from_at, coalesce(b.to_at, b.footage_to))) * a.span) > interval '100 milliseconds'
    )
    UPDATE runs SET is_overlapping = true
    WHERE id IN (SELECT one FROM pairs UNION SELECT other FROM pairs) AND NOT is_overlapping)";

}  // namespace

void flag_overlaps(pqxx::work& transaction, const std::vector<Uuid>& runs) {
    if (runs.empty()) return;
    ArrayLiteral ids;
    for (const Uuid& run : runs)
        ids.add(run);
    detail::run(transaction, kFlag, ids.str());
}

}  // namespace sluice::catalogue::detail
