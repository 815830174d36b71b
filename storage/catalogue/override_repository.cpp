#include "storage/catalogue/override_repository.hpp"

#include "storage/catalogue/calendar_repository.hpp"
#include "storage/catalogue/detail/load.hpp"
#include "storage/catalogue/detail/values.hpp"
#include "storage/catalogue/policy_repository.hpp"
#include "storage/catalogue/record_repository.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <nlohmann/json.hpp>

namespace sluice::catalogue {
namespace {

using detail::clean_text;
using detail::run;
using nlohmann::json;

// In the order of the enumeration.
constexpr std::array<std::string_view, 4> kOwners{"person", "eoc", "duty_period", "alarm"};

constexpr const char* kOpen = R"(
    INSERT INTO door_overrides (id, door_id, mode, from_at, to_at, reason, document, person, owner_kind, owner_id, placer_id, placer,
        placed_at)
    VALUES ($1::uuid, $2::uuid, $3, from_us($4::bigint), from_us($5::bigint), $6, $7, $8, $9, $10::uuid, $11::uuid, $12,
        from_us($13::bigint))
    ON CONFLICT (id) DO NOTHING)";
constexpr const char* kDoorSlug = "SELECT slug FROM doors WHERE id = $1::uuid";
constexpr const char* kEnd = R"(
    UPDATE door_overrides SET ended_at = greatest(from_us($4::bigint), placed_at), ender_id = $2::uuid, ender = $3, end_reason = $5
    WHERE id = $1::uuid AND ended_at IS NULL RETURNING id, to_us(ended_at))";
constexpr const char* kWithdraw = R"(
    UPDATE door_overrides SET ended_at = greatest(from_us($4::bigint), placed_at), ender_id = $2::uuid, ender = $3, end_reason = $5,
           is_withdrawn = true
    WHERE id = $1::uuid AND ended_at IS NULL RETURNING id, to_us(ended_at))";
constexpr const char* kEndOf = R"(
    UPDATE door_overrides SET ended_at = greatest(from_us($4::bigint), placed_at), ender_id = $2::uuid, ender = $3, end_reason = $5
    WHERE owner_id = $1::uuid AND ended_at IS NULL RETURNING id, to_us(ended_at))";
constexpr const char* kOverrides = R"(
    SELECT o.id, o.door_id::text, coalesce(d.slug, ''), o.mode, to_us(o.from_at), to_us(o.to_at), o.reason, o.document, o.person,
           o.owner_kind, o.owner_id::text, o.placer, to_us(o.placed_at), to_us(o.ended_at), coalesce(o.ender, ''),
           coalesce(o.end_reason, ''), o.is_withdrawn
    FROM door_overrides o LEFT JOIN doors d ON d.id = o.door_id
    WHERE ($1::uuid IS NULL OR o.id = $1::uuid) AND ($2::uuid IS NULL OR o.door_id IS NULL OR o.door_id = $2::uuid)
      AND ($3::bigint IS NULL OR (NOT o.is_withdrawn AND o.from_at < from_us($4::bigint)
           AND least(o.to_at, o.ended_at, 'infinity') > greatest(o.from_at, from_us($3::bigint))))
    ORDER BY o.from_at, o.id)";

std::optional<Uuid> to_optional_uuid(const pqxx::field& field) {
    if (field.is_null()) return std::nullopt;
    return detail::to_uuid(field);
}

std::optional<std::string> or_null(const std::optional<Uuid>& id) {
    return id ? std::optional{to_string(*id)} : std::nullopt;
}

OverrideRow to_override(const pqxx::row& row) {
    const auto mode = access::door_mode_from(row[3].as<std::string>());
    const auto owner = std::ranges::find(kOwners, row[9].as<std::string>());
    if (!mode || owner == kOwners.end()) throw pqxx::conversion_error{"a word of an override"};
    OverrideRow made{
        .id = detail::to_uuid(row[0]),
        .door_id = to_optional_uuid(row[1]),
        .door_slug = row[2].as<std::string>(),
        .mode = *mode,
        .from = detail::to_time(row[4]),
        .to = detail::to_optional_time(row[5]),
        .reason = row[6].as<std::string>(),
        .document = row[7].as<std::string>(),
        .person = row[8].as<std::string>(),
        .owner = static_cast<OverrideOwner>(owner - kOwners.begin()),
        .owner_id = to_optional_uuid(row[10]),
        .placer = row[11].as<std::string>(),
        .placed = detail::to_time(row[12]),
        .end = std::nullopt,
    };
    if (const auto ended = detail::to_optional_time(row[13]))
        made.end = OverrideEnd{
            .ended = *ended,
            .ender = row[14].as<std::string>(),
            .reason = row[15].as<std::string>(),
            .is_withdrawn = row[16].as<bool>()
        };
    return made;
}

json time_or_null(const std::optional<UtcTime>& time) {
    return time ? json(to_rfc3339(*time)) : json(nullptr);
}

Status record(
    pqxx::transaction_base& transaction,
    const char* action,
    const std::string& id,
    const json& facts,
    const ledger::Actor& actor,
    UtcTime now
) {
    const auto written = append_record(
        transaction,
        {.action = action,
         .actor = actor,
         .subject = {.kind = "door_override", .id = id},
         .facts = facts.dump(-1, ' ', false, json::error_handler_t::replace)},
        now
    );
    if (!written) return std::unexpected(written.error());
    return {};
}

Result<std::size_t> end_rows(
    pqxx::transaction_base& transaction,
    const char* sql,
    const Uuid& id,
    const OverrideClosing& closing,
    UtcTime now
) {
    const ledger::Actor& actor = closing.actor;
    const std::string reason = clean_text(closing.reason);
    const pqxx::result rows =
        run(transaction,
            sql,
            to_string(id),
            or_null(actor.id),
            clean_text(actor.name),
            to_epoch_us(closing.at),
            reason);
    for (const auto& row : rows) {
        const auto recorded = record(
            transaction,
            closing.is_withdrawn ? "door.override_withdrawn" : "door.override_ended",
            to_string(detail::to_uuid(row[0])),
            {{"at", to_rfc3339(detail::to_time(row[1]))}, {"reason", reason}},
            actor,
            now
        );
        if (!recorded) return std::unexpected(recorded.error());
    }
    return static_cast<std::size_t>(rows.size());
}

}  // namespace

std::string_view to_string(OverrideOwner owner) noexcept {
    return kOwners[static_cast<std::size_t>(owner)];
}

std::optional<UtcTime> end_of(const OverrideRow& row) noexcept {
    if (!row.end) return row.to;
    if (row.end->is_withdrawn) return row.from;
    return row.to ? std::min(*row.to, row.end->ended) : row.end->ended;
}

Result<bool> open_override(
    pqxx::transaction_base& transaction,
    const OverrideRow& row,
    const ledger::Actor& actor,
    UtcTime now
) {
    const pqxx::result made =
        run(transaction,
            kOpen,
            to_string(row.id),
            or_null(row.door_id),
            std::string{to_string(row.mode)},
            to_epoch_us(row.from),
            detail::to_optional_us(row.to),
            clean_text(row.reason),
            clean_text(row.document),
            clean_text(row.person),
            std::string{to_string(row.owner)},
            or_null(row.owner_id),
            or_null(actor.id),
            clean_text(actor.name),
            to_epoch_us(now));
    if (made.affected_rows() == 0) return false;
    json door = nullptr;
    if (row.door_id) {
        const pqxx::result found = run(transaction, kDoorSlug, to_string(*row.door_id));
        door = found.at(0)[0].as<std::string>();
    }
    const json facts{
        {"door", door},
        {"mode", to_string(row.mode)},
        {"from", to_rfc3339(row.from)},
        {"to", time_or_null(row.to)},
        {"reason", clean_text(row.reason)},
        {"document", clean_text(row.document)},
        {"person", clean_text(row.person)},
        {"owner", to_string(row.owner)},
        {"owner_id", row.owner_id ? json(to_string(*row.owner_id)) : json(nullptr)},
    };
    const auto recorded = record(transaction, "door.override_placed", to_string(row.id), facts, actor, now);
    if (!recorded) return std::unexpected(recorded.error());
    return true;
}

Result<std::size_t> end_overrides_of(
    pqxx::transaction_base& transaction,
    const Uuid& owner_id,
    const std::string& reason,
    const ledger::Actor& actor,
    UtcTime now
) {
    return end_rows(transaction, kEndOf, owner_id, {.at = now, .reason = reason, .actor = actor}, now);
}

Result<std::size_t> end_override(
    pqxx::transaction_base& transaction,
    const Uuid& id,
    const OverrideClosing& closing,
    UtcTime now
) {
    return end_rows(transaction, closing.is_withdrawn ? kWithdraw : kEnd, id, closing, now);
}

Result<bool> open_override(Pool& pool, const OverrideRow& row, const ledger::Actor& actor, UtcTime now) {
    bool is_made = false;
    const Status status = pool.with([&](Connection& connection) -> Status {
        pqxx::work transaction{connection.get()};
        const auto opened = open_override(transaction, row, actor, now);
        if (!opened) return std::unexpected(opened.error());
        transaction.commit();
        is_made = *opened;
        return {};
    });
    if (!status) return std::unexpected(status.error());
    return is_made;
}

Result<bool> end_override(Pool& pool, const Uuid& id, const OverrideClosing& closing, UtcTime now) {
    bool is_done = false;
    const Status status = pool.with([&](Connection& connection) -> Status {
        pqxx::work transaction{connection.get()};
        const auto count = end_override(transaction, id, closing, now);
        if (!count) return std::unexpected(count.error());
        transaction.commit();
        is_done = *count > 0;
        return {};
    });
    if (!status) return std::unexpected(status.error());
    return is_done;
}

Result<std::optional<OverrideRow>> find_override(Pool& pool, const Uuid& id) {
    const std::optional<std::int64_t> any_time;
    return detail::first_of(detail::load(
        pool, to_override, kOverrides, to_string(id), std::optional<std::string>{}, any_time, any_time
    ));
}

Result<std::vector<OverrideRow>>
load_overrides(Pool& pool, const std::optional<Uuid>& door, const TimeRange& range) {
    return detail::load(
        pool,
        to_override,
        kOverrides,
        std::optional<std::string>{},
        or_null(door),
        to_epoch_us(range.from),
        to_epoch_us(range.to)
    );
}

Result<access::DoorSchedule> load_schedule(Pool& pool, const access::Door& door, const TimeRange& range) {
    // The first day in Taipei may belong to a later year than the first instant in UTC, never to an earlier.
    auto calendar = load_calendar(pool, range.from);
    if (!calendar) return std::unexpected(calendar.error());
    const auto history = load_policy_history(pool);
    if (!history) return std::unexpected(history.error());
    const auto overrides = load_overrides(pool, door.id, range);
    if (!overrides) return std::unexpected(overrides.error());
    access::DoorSchedule schedule{
        .is_rear = door.is_rear,
        .calendar = std::move(*calendar),
        .hours = access::hours_of(*history),
        .overrides = {},
    };
    for (const OverrideRow& row : *overrides)
        schedule.overrides.push_back(
            {.id = row.id,
             .mode = row.mode,
             .from = row.from,
             .to = end_of(row),
             .placed = row.placed,
             .is_fallback = row.owner == OverrideOwner::alarm}
        );
    return schedule;
}

}  // namespace sluice::catalogue
