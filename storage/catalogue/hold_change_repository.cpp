// Holds that change with what they belong to: with a step of a case, with the end of an incident.
#include "storage/catalogue/detail/acted.hpp"
#include "storage/catalogue/detail/connection.hpp"
#include "storage/catalogue/detail/holds.hpp"
#include "storage/catalogue/detail/values.hpp"
#include "storage/catalogue/hold_acts.hpp"
#include "storage/catalogue/record_repository.hpp"

namespace sluice::catalogue::detail {
namespace {

constexpr const char* kPlace = R"(
    INSERT INTO holds (id, kind, from_at, to_at, reason, owner_kind, owner_id, owner, legal_basis, custodian, review_at,
        expires_at, placed_by, placer, placed_at)
    VALUES ($1::uuid, $2, from_us($3::bigint), from_us($4::bigint), $5, $6, $7::uuid, $8, $9, $10, from_us($11::bigint),
        from_us($12::bigint), nullif($13::uuid, '00000000-0000-0000-0000-000000000000'), $14, from_us($15::bigint))
    ON CONFLICT (id) DO NOTHING)";
constexpr const char* kPlaceCameras =
    "INSERT INTO hold_cameras (hold_id, camera_id) SELECT $1::uuid, unnest($2::uuid[])";
constexpr const char* kSlugs = "SELECT slug FROM cameras WHERE id = ANY ($1::uuid[]) ORDER BY id";

constexpr const char* kRelease = R"(
    UPDATE holds SET released_by = $3::uuid, releaser = $4, released_at = from_us($5::bigint), release_reason = $6,
        revision = revision + 1
    WHERE owner_kind = $1 AND owner_id = $2::uuid AND released_at IS NULL
    RETURNING id, kind)";
constexpr const char* kLimit = R"(
    UPDATE holds h SET expires_at = greatest(from_us($4::bigint), h.placed_at + interval '1 microsecond'), revision = h.revision + 1
    FROM (SELECT id, expires_at FROM holds
          WHERE owner_kind = $1 AND owner_id = $2::uuid AND kind = ANY ($3::text[]) AND released_at IS NULL
            AND expires_at > from_us($4::bigint)
          FOR UPDATE) AS was
    WHERE h.id = was.id
    RETURNING h.id, to_us(was.expires_at), to_us(h.expires_at))";

Status record(pqxx::transaction_base& transaction, const ledger::Act& act, UtcTime now) {
    const auto recorded = append_record(transaction, act, now);
    if (!recorded) return std::unexpected(recorded.error());
    return {};
}

}  // namespace

Result<bool>
place_hold(pqxx::transaction_base& transaction, const HoldRow& hold, const ledger::Actor& actor) {
    const pqxx::result placed =
        run(transaction,
            kPlace,
            to_string(hold.id),
            std::string{to_string(hold.kind)},
            to_epoch_us(hold.range.from),
            to_epoch_us(hold.range.to),
            clean_text(hold.reason),
            hold.owner_kind,
            to_string(hold.owner_id),
            clean_text(hold.owner),
            clean_text(hold.legal_basis),
            clean_text(hold.custodian),
            to_optional_us(hold.review),
            to_optional_us(hold.expires),
            to_string(hold.placer_id),
            clean_text(hold.placer),
            to_epoch_us(hold.placed));
    if (placed.affected_rows() == 0) return false;
    ArrayLiteral cameras;
    for (const Uuid& camera : hold.cameras)
        cameras.add(camera);
    run(transaction, kPlaceCameras, to_string(hold.id), cameras.str());
    HoldRow named = hold;
    named.camera_slugs.clear();
    for (const auto& row : run(transaction, kSlugs, cameras.str()))
        named.camera_slugs.push_back(row[0].as<std::string>());
    if (auto recorded = record(transaction, hold_placed(named, actor), hold.placed); !recorded)
        return std::unexpected(recorded.error());
    return true;
}

Status release_holds(
    pqxx::transaction_base& transaction,
    const HoldOwner& owner,
    const std::string& reason,
    const ledger::Actor& actor,
    UtcTime now
) {
    const pqxx::result released =
        run(transaction,
            kRelease,
            owner.kind,
            to_string(owner.id),
            id_of(actor),
            clean_text(actor.name),
            to_epoch_us(now),
            reason);
    for (const auto& row : released) {
        const auto kind = hold_kind_from(row[1].as<std::string>());
        if (!kind) throw pqxx::conversion_error{"unknown kind of hold"};
        if (auto recorded = record(transaction, hold_released(to_uuid(row[0]), *kind, reason, actor), now);
            !recorded)
            return recorded;
    }
    return {};
}

Status limit_holds(
    pqxx::transaction_base& transaction,
    const HoldOwner& owner,
    const std::vector<HoldKind>& kinds,
    UtcTime end,
    const std::string& reason,
    const ledger::Actor& actor,
    UtcTime now
) {
    ArrayLiteral words;
    for (const HoldKind kind : kinds)
        words.add(to_string(kind));
    for (const auto& row :
         run(transaction, kLimit, owner.kind, to_string(owner.id), words.str(), to_epoch_us(end))) {
        const auto act =
            hold_limited(to_uuid(row[0]), to_optional_time(row[1]), to_time(row[2]), reason, actor);
        if (auto recorded = record(transaction, act, now); !recorded) return recorded;
    }
    return {};
}

}  // namespace sluice::catalogue::detail
