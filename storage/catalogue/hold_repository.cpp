#include "storage/catalogue/hold_repository.hpp"

#include "storage/catalogue/detail/holds.hpp"
#include "storage/catalogue/detail/load.hpp"
#include "storage/catalogue/detail/values.hpp"
#include "storage/catalogue/record_repository.hpp"

#include <array>
#include <utility>

namespace sluice::catalogue {
namespace {

using detail::load;
using detail::run;

constexpr std::array kKinds{
    HoldKind::flag,
    HoldKind::request,
    HoldKind::legal_case,
    HoldKind::special,
    HoldKind::incident,
    HoldKind::duty_period,
    HoldKind::judicial,
    HoldKind::legal
};

constexpr const char* kLockIncident = "SELECT lock_running_incident($1::uuid)";
constexpr const char* kFind = R"(
    SELECT id, kind, to_us(from_at), to_us(to_at), reason, owner_kind, owner_id, owner, legal_basis, custodian,
           to_us(review_at), to_us(expires_at), placed_by, placer, to_us(placed_at), releaser, to_us(released_at),
           release_reason, revision, ARRAY(SELECT camera_id::text FROM hold_cameras WHERE hold_id = holds.id ORDER BY camera_id),
           ARRAY(SELECT c.slug FROM hold_cameras h JOIN cameras c ON c.id = h.camera_id WHERE h.hold_id = holds.id ORDER BY c.id)
    FROM holds WHERE id = $1::uuid)";

constexpr const char* kList = R"(
    SELECT id, kind, to_us(from_at), to_us(to_at), reason, owner_kind, owner_id, owner, legal_basis, custodian,
           to_us(review_at), to_us(expires_at), placed_by, placer, to_us(placed_at), releaser, to_us(released_at),
           release_reason, revision, ARRAY(SELECT camera_id::text FROM hold_cameras WHERE hold_id = holds.id ORDER BY camera_id),
           ARRAY(SELECT c.slug FROM hold_cameras h JOIN cameras c ON c.id = h.camera_id WHERE h.hold_id = holds.id ORDER BY c.id)
    FROM holds
    WHERE (placed_at, id) < (from_us($1::bigint), $2::uuid)
      AND ($3::uuid IS NULL OR id IN (SELECT hold_id FROM hold_cameras WHERE camera_id = $3::uuid))
      AND ($4::bigint IS NULL OR tstzrange(from_at, to_at) && tstzrange(from_us($4::bigint), from_us($5::bigint)))
      AND ($6::bigint IS NULL OR (released_at IS NULL AND (expires_at IS NULL OR expires_at > from_us($6::bigint))))
    ORDER BY placed_at DESC, id DESC LIMIT $7::bigint)";

constexpr const char* kExtend = R"(
    UPDATE holds SET expires_at = from_us($3::bigint), review_at = from_us($4::bigint), revision = revision + 1
    WHERE id = $1::uuid AND revision = $2::int AND released_at IS NULL)";
constexpr const char* kRelease = R"(
    UPDATE holds SET released_by = $3::uuid, releaser = $4, released_at = from_us($5::bigint), release_reason = $6,
        revision = revision + 1
    WHERE id = $1::uuid AND revision = $2::int AND released_at IS NULL)";

// A segment is at most a day long: one that reaches into the interval began at most a day before it.
constexpr const char* kImpact = R"(
    SELECT count(*), coalesce(sum(s.bytes), 0)::bigint, to_us(min(s.from_at)),
           coalesce(extract(epoch FROM sum(s.to_at - s.from_at) FILTER (WHERE t.kind = 'main')) * 1000000, 0)::bigint
    FROM streams t JOIN segments s ON s.stream_id = t.id
    WHERE t.camera_id = ANY($1::uuid[]) AND s.from_at < from_us($3::bigint)
      AND s.from_at > from_us($2::bigint) - interval '24 hours' AND s.to_at > from_us($2::bigint))";
constexpr const char* kDestroyed = R"(
    SELECT count(*) FROM streams t JOIN tombstones d ON d.stream_id = t.id
    WHERE t.camera_id = ANY($1::uuid[]) AND d.from_at < from_us($3::bigint) AND d.to_at > from_us($2::bigint))";

// Only the nearest of the days that have come: whoever is told "7 days" need not read "30 days" beside it.
constexpr const char* kNotices = R"(
    INSERT INTO notices (id, kind, subject_id, audience, due_at, days_ahead, created_at)
    SELECT gen_random_uuid(), 'hold_expiry', h.id, 'secretariat', h.expires_at, min(d), from_us($2::bigint)
    FROM holds h CROSS JOIN unnest($1::int[]) d
    WHERE h.released_at IS NULL AND h.expires_at > from_us($2::bigint)
      AND h.expires_at - d * interval '1 day' <= from_us($2::bigint)
    GROUP BY h.id
    ON CONFLICT ON CONSTRAINT notices_once DO NOTHING)";

std::optional<std::int64_t> or_null(const std::optional<UtcTime>& time) {
    return time ? std::optional{to_epoch_us(*time)} : std::nullopt;
}

template <class Values>
std::string to_array(const Values& values) {
    detail::ArrayLiteral array;
    for (const auto& value : values)
        array.add(value);
    return array.str();
}

HoldRow to_hold(const pqxx::row& row) {
    const auto kind = hold_kind_from(row[1].as<std::string>());
    if (!kind) throw pqxx::conversion_error{"unknown kind of hold"};
    HoldRow hold{
        .id = detail::to_uuid(row[0]),
        .kind = *kind,
        .range = {detail::to_time(row[2]), detail::to_time(row[3])},
        .cameras = {},
        .reason = row[4].as<std::string>(),
        .owner_kind = row[5].as<std::string>(),
        .owner_id = detail::to_uuid(row[6]),
        .owner = row[7].as<std::string>(),
        .legal_basis = row[8].as<std::string>(),
        .custodian = row[9].as<std::string>(),
        .review = detail::to_optional_time(row[10]),
        .expires = detail::to_optional_time(row[11]),
        .placer_id = row[12].is_null() ? Uuid{} : detail::to_uuid(row[12]),
        .placer = row[13].as<std::string>(),
        .placed = detail::to_time(row[14]),
        .release = std::nullopt,
        .revision = row[18].as<int>(),
    };
    if (!row[16].is_null())
        hold.release =
            Release{row[15].as<std::string>(), detail::to_time(row[16]), row[17].as<std::string>()};
    for (const std::string& id : detail::to_texts(row[19])) {
        const auto camera = uuid_from_string(id);
        if (!camera) throw pqxx::conversion_error{"a camera's id"};
        hold.cameras.push_back(*camera);
    }
    hold.camera_slugs = detail::to_texts(row[20]);
    return hold;
}

/// A change and its record, or neither. False: the statement found no row.
template <class... Args>
Result<bool> change(Pool& pool, const ledger::Act& act, UtcTime now, const char* sql, const Args&... args) {
    bool has_changed = false;
    const Status status = pool.with([&](Connection& connection) -> Status {
        pqxx::work transaction{connection.get()};
        if (run(transaction, sql, args...).affected_rows() == 0) return {};
        const auto record = append_record(transaction, act, now);
        if (!record) return std::unexpected(record.error());
        transaction.commit();
        has_changed = true;
        return {};
    });
    if (!status) return std::unexpected(status.error());
    return has_changed;
}

}  // namespace

std::string_view to_string(HoldKind kind) noexcept {
    switch (kind) {
        case HoldKind::flag:
            return "flag";
        case HoldKind::request:
            return "request";
        case HoldKind::legal_case:
            return "case";
        case HoldKind::special:
            return "special";
        case HoldKind::incident:
            return "incident";
        case HoldKind::duty_period:
            return "duty_period";
        case HoldKind::judicial:
            return "judicial";
        case HoldKind::legal:
            return "legal";
    }
    std::unreachable();
}

std::optional<HoldKind> hold_kind_from(std::string_view word) noexcept {
    for (const HoldKind kind : kKinds)
        if (word == to_string(kind)) return kind;
    return std::nullopt;
}

std::string_view to_string(HoldState state) noexcept {
    switch (state) {
        case HoldState::active:
            return "active";
        case HoldState::released:
            return "released";
        case HoldState::expired:
            return "expired";
    }
    std::unreachable();
}

HoldState state_at(const HoldRow& hold, UtcTime now) noexcept {
    if (hold.release) return HoldState::released;
    return hold.expires && *hold.expires <= now ? HoldState::expired : HoldState::active;
}

Result<HoldPlacing> place_hold(Pool& pool, const HoldRow& hold, const ledger::Actor& actor) {
    HoldPlacing placing = HoldPlacing::placed;
    const Status status = pool.with([&](Connection& connection) -> Status {
        pqxx::work transaction{connection.get()};
        // Before the hold: whoever ends the incident locks in this order, too.
        if (hold.kind == HoldKind::incident &&
            !run(transaction, kLockIncident, to_string(hold.owner_id))[0][0].as<bool>()) {
            placing = HoldPlacing::owner_ended;
            return {};
        }
        const auto placed = detail::place_hold(transaction, hold, actor);
        if (!placed) return std::unexpected(placed.error());
        if (!*placed) {
            placing = HoldPlacing::is_there;
            return {};
        }
        transaction.commit();
        return {};
    });
    if (!status) return std::unexpected(status.error());
    return placing;
}

Result<std::optional<HoldRow>> find_hold(Pool& pool, const Uuid& id) {
    auto holds = load(pool, to_hold, kFind, to_string(id));
    if (!holds) return std::unexpected(holds.error());
    if (holds->empty()) return std::optional<HoldRow>{};
    return std::optional{std::move(holds->front())};
}

Result<std::vector<HoldRow>>
load_holds(Pool& pool, const HoldFilter& filter, std::optional<HoldCursor> after, std::size_t limit) {
    constexpr UtcTime far_future = from_epoch_us(253'402'300'799'000'000);  // end of the year 9999
    const HoldCursor cursor = after.value_or(HoldCursor{.placed = far_future, .id = Uuid{}});
    const auto& range = filter.overlapping;
    return load(
        pool,
        to_hold,
        kList,
        to_epoch_us(cursor.placed),
        to_string(cursor.id),
        filter.camera ? std::optional{to_string(*filter.camera)} : std::nullopt,
        range ? std::optional{to_epoch_us(range->from)} : std::nullopt,
        range ? std::optional{to_epoch_us(range->to)} : std::nullopt,
        or_null(filter.active_at),
        limit
    );
}

Result<bool> extend_hold(
    Pool& pool,
    const Uuid& id,
    int revision,
    std::optional<UtcTime> expires,
    std::optional<UtcTime> review,
    const ledger::Act& act,
    UtcTime now
) {
    return change(pool, act, now, kExtend, to_string(id), revision, or_null(expires), or_null(review));
}

Result<bool> release_hold(
    Pool& pool,
    const Uuid& id,
    int revision,
    const Uuid& releaser_id,
    const Release& release,
    const ledger::Act& act
) {
    return change(
        pool,
        act,
        release.released,
        kRelease,
        to_string(id),
        revision,
        to_string(releaser_id),
        detail::clean_text(release.releaser),
        to_epoch_us(release.released),
        detail::clean_text(release.reason)
    );
}

Result<HoldImpact> measure_hold(Pool& pool, const std::vector<Uuid>& cameras, const TimeRange& range) {
    HoldImpact impact;
    const Status status = pool.with([&](Connection& connection) -> Status {
        pqxx::nontransaction session{connection.get()};
        const std::string ids = to_array(cameras);
        const pqxx::result kept = run(session, kImpact, ids, to_epoch_us(range.from), to_epoch_us(range.to));
        impact.segments = kept[0][0].as<std::uint64_t>();
        impact.bytes = kept[0][1].as<std::uint64_t>();
        impact.oldest = detail::to_optional_time(kept[0][2]);
        impact.length = Microseconds{kept[0][3].as<std::int64_t>()};
        impact.destroyed = run(session, kDestroyed, ids, to_epoch_us(range.from), to_epoch_us(range.to))[0][0]
                               .as<std::uint64_t>();
        return {};
    });
    if (!status) return std::unexpected(status.error());
    return impact;
}

Result<std::size_t> file_expiry_notices(Pool& pool, const std::vector<unsigned>& days_ahead, UtcTime now) {
    detail::ArrayLiteral days;
    for (const unsigned count : days_ahead)
        days.add(std::uint64_t{count});
    std::size_t filed = 0;
    const Status status = pool.with([&](Connection& connection) -> Status {
        pqxx::work transaction{connection.get()};
        filed = run(transaction, kNotices, days.str(), to_epoch_us(now)).affected_rows();
        transaction.commit();
        return {};
    });
    if (!status) return std::unexpected(status.error());
    return filed;
}

}  // namespace sluice::catalogue
