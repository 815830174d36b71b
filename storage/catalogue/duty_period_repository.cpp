#include "storage/catalogue/duty_period_repository.hpp"

#include "storage/catalogue/detail/acted.hpp"
#include "storage/catalogue/detail/load.hpp"
#include "storage/catalogue/detail/values.hpp"
#include "storage/catalogue/override_repository.hpp"
#include "storage/catalogue/record_repository.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>

#include <nlohmann/json.hpp>

namespace sluice::catalogue {
namespace {

using detail::id_of;
using detail::run;
using nlohmann::json;

constexpr const char* kPlace = R"(
    INSERT INTO duty_periods (id, kind, name, reason, from_at, to_at, raises, placed_by, placer, placed_at)
    VALUES ($1::uuid, $2, $3, $4, from_us($5::bigint), from_us($6::bigint), $7::int, $8::uuid, $9, from_us($10::bigint))
    ON CONFLICT DO NOTHING)";
constexpr const char* kAddItem =
    "INSERT INTO duty_period_items (period_id, number, text) VALUES ($1::uuid, $2::int, $3)";
constexpr const char* kList = R"(
    SELECT id, kind, name, reason, to_us(from_at), to_us(to_at), raises, placer, to_us(placed_at), to_us(ended_at), ender, end_reason
    FROM duty_periods
    WHERE (from_at, id) < (from_us($1::bigint), $2::uuid)
      AND ($3::bigint IS NULL OR from_at <= from_us($3::bigint) AND (to_at IS NULL OR to_at > from_us($3::bigint))
           AND (ended_at IS NULL OR ended_at > from_us($3::bigint)))
    ORDER BY from_at DESC, id DESC LIMIT $4::bigint)";
constexpr const char* kFind = R"(
    SELECT id, kind, name, reason, to_us(from_at), to_us(to_at), raises, placer, to_us(placed_at), to_us(ended_at), ender, end_reason
    FROM duty_periods WHERE id = $1::uuid)";
constexpr const char* kItems = R"(
    SELECT text, to_us(done_at), coalesce(doer, ''), coalesce(note, '') FROM duty_period_items
    WHERE period_id = $1::uuid ORDER BY number)";
constexpr const char* kEnd = R"(
    UPDATE duty_periods SET ended_at = from_us($2::bigint), ended_by = $3::uuid, ender = $4, end_reason = $5, revision = revision + 1
    WHERE id = $1::uuid AND ended_at IS NULL AND (to_at IS NULL OR to_at > from_us($2::bigint)))";
constexpr const char* kTick = R"(
    UPDATE duty_period_items SET done_at = from_us($3::bigint), doer_id = $4::uuid, doer = $5, note = $6
    WHERE period_id = $1::uuid AND number = $2::int AND done_at IS NULL)";

DutyPeriodRow to_period(const pqxx::row& row) {
    const auto kind = period_kind_from(row[1].as<std::string>());
    if (!kind) throw pqxx::conversion_error{"unknown kind of duty period"};
    DutyPeriodRow period{
        .id = detail::to_uuid(row[0]),
        .kind = *kind,
        .name = row[2].as<std::string>(),
        .reason = row[3].as<std::string>(),
        .from = detail::to_time(row[4]),
        .to = detail::to_optional_time(row[5]),
        .raises = row[6].as<unsigned>(),
        .placer = row[7].as<std::string>(),
        .placed = detail::to_time(row[8]),
        .end = std::nullopt,
        .items = {},
    };
    if (!row[9].is_null())
        period.end = PeriodEnd{
            .at = detail::to_time(row[9]),
            .ender = row[10].as<std::string>(),
            .reason = row[11].as<std::string>()
        };
    return period;
}

PeriodItem to_item(const pqxx::row& row) {
    return {
        .text = row[0].as<std::string>(),
        .done = detail::to_optional_time(row[1]),
        .doer = row[2].as<std::string>(),
        .note = row[3].as<std::string>(),
    };
}

/// With the checklist of each.
template <class... Args>
Result<std::vector<DutyPeriodRow>> load_whole(Pool& pool, const char* sql, const Args&... args) {
    std::vector<DutyPeriodRow> periods;
    const Status status = pool.with([&](Connection& connection) -> Status {
        pqxx::read_transaction session{connection.get()};
        for (const auto& row : run(session, sql, args...))
            periods.push_back(to_period(row));
        for (DutyPeriodRow& period : periods)
            for (const auto& row : run(session, kItems, to_string(period.id)))
                period.items.push_back(to_item(row));
        return {};
    });
    if (!status) return std::unexpected(status.error());
    return periods;
}

/// Every door, for as long as the period lasts.
OverrideRow override_of(const DutyPeriodRow& period, UtcTime now) {
    OverrideRow row;
    row.id = make_uuid_v7(now);
    row.mode = period.kind == PeriodKind::eoc ? access::DoorMode::eoc : access::DoorMode::duty_period;
    row.from = period.from;
    row.to = period.to;
    row.reason = period.name + ": " + period.reason;
    row.owner = period.kind == PeriodKind::eoc ? OverrideOwner::eoc : OverrideOwner::duty_period;
    row.owner_id = period.id;
    return row;
}

ledger::Act to_act(const char* action, const Uuid& id, const ledger::Actor& actor, const json& facts) {
    return {
        .action = action,
        .actor = actor,
        .subject = {.kind = "duty_period", .id = to_string(id)},
        .facts = facts.dump(-1, ' ', false, json::error_handler_t::replace),
    };
}

Status insert(
    pqxx::transaction_base& transaction,
    const DutyPeriodRow& row,
    const ledger::Actor& actor,
    UtcTime now,
    bool& is_new
) {
    const std::string id = to_string(row.id);
    const auto placed =
        run(transaction,
            kPlace,
            id,
            std::string{to_string(row.kind)},
            detail::clean_text(row.name),
            detail::clean_text(row.reason),
            to_epoch_us(row.from),
            detail::to_optional_us(row.to),
            row.raises,
            id_of(actor),
            detail::clean_text(actor.name),
            to_epoch_us(now));
    is_new = placed.affected_rows() > 0;
    if (!is_new) return {};
    for (std::size_t i = 0; i < row.items.size(); ++i)
        run(transaction, kAddItem, id, i + 1, detail::clean_text(row.items[i].text));
    const auto opened = open_override(transaction, override_of(row, now), actor, now);
    if (!opened) return std::unexpected(opened.error());
    const json facts{
        {"kind", to_string(row.kind)},
        {"name", row.name},
        {"from", to_rfc3339(row.from)},
        {"to", row.to ? json(to_rfc3339(*row.to)) : json(nullptr)},
        {"raises", row.raises},
    };
    const auto record = append_record(transaction, to_act("duty_period.placed", row.id, actor, facts), now);
    if (!record) return std::unexpected(record.error());
    return {};
}

}  // namespace

std::string_view to_string(PeriodKind kind) noexcept {
    return kind == PeriodKind::eoc ? "eoc" : "special";
}

std::optional<PeriodKind> period_kind_from(std::string_view word) noexcept {
    for (const PeriodKind kind : {PeriodKind::special, PeriodKind::eoc})
        if (word == to_string(kind)) return kind;
    return std::nullopt;
}

std::optional<UtcTime> end_of(const DutyPeriodRow& row) noexcept {
    if (row.end && (!row.to || row.end->at < *row.to)) return row.end->at;
    return row.to;
}

Result<bool>
place_duty_period(Pool& pool, const DutyPeriodRow& row, const ledger::Actor& actor, UtcTime now) {
    bool is_new = false;
    const Status status = pool.with([&](Connection& connection) -> Status {
        pqxx::work transaction{connection.get()};
        if (auto placed = insert(transaction, row, actor, now, is_new); !placed) return placed;
        if (is_new) transaction.commit();
        return {};
    });
    if (!status) return std::unexpected(status.error());
    return is_new;
}

Result<std::optional<DutyPeriodRow>> find_duty_period(Pool& pool, const Uuid& id) {
    return detail::first_of(load_whole(pool, kFind, to_string(id)));
}

Result<std::vector<DutyPeriodRow>> load_duty_periods(
    Pool& pool,
    std::optional<UtcTime> at,
    std::optional<PeriodCursor> after,
    std::size_t limit
) {
    constexpr UtcTime far_future = from_epoch_us(253'402'300'799'000'000);  // end of the year 9999
    const PeriodCursor cursor = after.value_or(PeriodCursor{.from = far_future, .id = Uuid{}});
    return load_whole(
        pool, kList, to_epoch_us(cursor.from), to_string(cursor.id), detail::to_optional_us(at), limit
    );
}

Result<bool> end_duty_period(
    Pool& pool,
    const Uuid& id,
    const std::string& reason,
    const ledger::Actor& actor,
    UtcTime now
) {
    bool has_ended = false;
    const Status status = pool.with([&](Connection& connection) -> Status {
        pqxx::work transaction{connection.get()};
        const auto ended =
            run(transaction,
                kEnd,
                to_string(id),
                to_epoch_us(now),
                id_of(actor),
                detail::clean_text(actor.name),
                detail::clean_text(reason));
        if (ended.affected_rows() == 0) return {};
        const auto doors = end_overrides_of(transaction, id, reason, actor, now);
        if (!doors) return std::unexpected(doors.error());
        const auto record =
            append_record(transaction, to_act("duty_period.ended", id, actor, {{"reason", reason}}), now);
        if (!record) return std::unexpected(record.error());
        transaction.commit();
        has_ended = true;
        return {};
    });
    if (!status) return std::unexpected(status.error());
    return has_ended;
}

Result<bool> tick_period_item(
    Pool& pool,
    const Uuid& id,
    unsigned number,
    const std::string& note,
    const ledger::Actor& actor,
    UtcTime now
) {
    return detail::write_with_record(
        pool,
        to_act("duty_period.item_done", id, actor, {{"number", number}}),
        now,
        [&](pqxx::transaction_base& transaction) {
            return run(transaction,
                       kTick,
                       to_string(id),
                       number,
                       to_epoch_us(now),
                       id_of(actor),
                       detail::clean_text(actor.name),
                       detail::clean_text(note))
                       .affected_rows() > 0;
        }
    );
}

}  // namespace sluice::catalogue
