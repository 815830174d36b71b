#include "storage/catalogue/repair_repository.hpp"

#include "storage/catalogue/detail/acted.hpp"
#include "storage/catalogue/detail/load.hpp"
#include "storage/catalogue/detail/values.hpp"
#include "storage/catalogue/notice_repository.hpp"
#include "storage/catalogue/record_repository.hpp"

#include <nlohmann/json.hpp>

namespace sluice::catalogue {
namespace {

using detail::id_of;
using detail::load;
using detail::run;

constexpr const char* kOpen = R"(
    INSERT INTO repairs (id, source, title, detail, camera_id, door, asset_id, opened_at, opener_id, opener)
    VALUES ($1::uuid, $2, $3, $4, $5::uuid, $6, $7::uuid, from_us($8::bigint), $9::uuid, $10)
    ON CONFLICT DO NOTHING)";
constexpr const char* kList = R"(
    SELECT r.id, r.source, r.title, r.detail, coalesce(c.slug, ''), r.door, coalesce(a.property_number, ''), to_us(r.opened_at),
           r.opener, to_us(r.ended_at), coalesce(r.ender, ''), coalesce(r.result, '')
    FROM repairs r LEFT JOIN cameras c ON c.id = r.camera_id LEFT JOIN assets a ON a.id = r.asset_id
    WHERE (r.opened_at, r.id) < (from_us($1::bigint), $2::uuid) AND (NOT $3::boolean OR r.ended_at IS NULL)
    ORDER BY r.opened_at DESC, r.id DESC LIMIT $4::bigint)";
constexpr const char* kFind = R"(
    SELECT r.id, r.source, r.title, r.detail, coalesce(c.slug, ''), r.door, coalesce(a.property_number, ''), to_us(r.opened_at),
           r.opener, to_us(r.ended_at), coalesce(r.ender, ''), coalesce(r.result, '')
    FROM repairs r LEFT JOIN cameras c ON c.id = r.camera_id LEFT JOIN assets a ON a.id = r.asset_id
    WHERE r.id = $1::uuid)";
constexpr const char* kEnd = R"(
    UPDATE repairs SET ended_at = from_us($2::bigint), ender_id = $3::uuid, ender = $4, result = $5
    WHERE id = $1::uuid AND ended_at IS NULL)";
// A camera that was switched off on purpose, or whose disk is full, needs no repair of the camera.
constexpr const char* kFaultyCameras = R"(
    SELECT DISTINCT ON (c.id) g.id, c.id, c.slug, g.cause, to_us(g.from_at)
    FROM gaps g JOIN streams s ON s.id = g.stream_id JOIN cameras c ON c.id = s.camera_id
    WHERE g.to_at IS NULL AND g.from_at <= from_us($1::bigint) AND s.kind = 'main'
      AND g.cause IN ('camera_unreachable', 'auth_failed', 'stream_stalled') AND c.retired_at IS NULL
      AND NOT EXISTS (SELECT FROM repairs r WHERE r.source = 'gap:' || g.id
                                               OR r.camera_id = c.id AND r.ended_at IS NULL)
    ORDER BY c.id, g.from_at LIMIT 100)";
constexpr const char* kFaultyPlaces = R"(
    SELECT i.id, i.kind, i.cause FROM incidents i
    WHERE i.kind IN ('camera_fault', 'controller_failure', 'facility_damage') AND i.state NOT IN ('closed', 'false_alarm', 'exercise')
      AND NOT EXISTS (SELECT FROM repairs r WHERE r.source = 'incident:' || i.id) LIMIT 100)";

RepairRow to_repair(const pqxx::row& row) {
    RepairRow repair{
        .id = detail::to_uuid(row[0]),
        .source = row[1].as<std::string>(),
        .title = row[2].as<std::string>(),
        .detail = row[3].as<std::string>(),
        .camera = row[4].as<std::string>(),
        .door = row[5].as<std::string>(),
        .property_number = row[6].as<std::string>(),
        .opened = detail::to_time(row[7]),
        .opener = row[8].as<std::string>(),
        .end = std::nullopt,
    };
    if (!row[9].is_null())
        repair.end = RepairEnd{
            .at = detail::to_time(row[9]),
            .ender = row[10].as<std::string>(),
            .result = row[11].as<std::string>()
        };
    return repair;
}

std::optional<std::string> or_null(const std::optional<Uuid>& id) {
    return id ? std::optional{to_string(*id)} : std::nullopt;
}

std::vector<NewRepair> find_faults(pqxx::transaction_base& transaction, UtcTime since, UtcTime now) {
    const ledger::Actor actor = ledger::system_actor("sluice-worker");
    std::vector<NewRepair> faults;
    for (const auto& row : run(transaction, kFaultyCameras, to_epoch_us(since)))
        faults.push_back(
            {.id = make_uuid_v7(now),
             .source = "gap:" + row[0].as<std::string>(),
             .title = "攝影機無畫面 " + row[2].as<std::string>(),
             .detail = row[3].as<std::string>() + " since " + to_rfc3339(detail::to_time(row[4])),
             .camera_id = detail::to_uuid(row[1]),
             .actor = actor}
        );
    for (const auto& row : run(transaction, kFaultyPlaces))
        faults.push_back(
            {.id = make_uuid_v7(now),
             .source = "incident:" + row[0].as<std::string>(),
             .title = row[1].as<std::string>(),
             .detail = row[2].as<std::string>(),
             .actor = actor}
        );
    return faults;
}

}  // namespace

Result<bool> open_repair(pqxx::transaction_base& transaction, const NewRepair& repair, UtcTime now) {
    const auto opened =
        run(transaction,
            kOpen,
            to_string(repair.id),
            detail::clean_text(repair.source),
            detail::clean_text(repair.title),
            detail::clean_text(repair.detail),
            or_null(repair.camera_id),
            repair.door,
            or_null(repair.asset_id),
            to_epoch_us(now),
            id_of(repair.actor),
            detail::clean_text(repair.actor.name));
    if (opened.affected_rows() == 0) return false;
    raise_notice(
        transaction,
        {.kind = NoticeKind::repair_opened, .subject_id = repair.id, .audience = "secretariat"},
        now
    );
    const nlohmann::json facts{
        {"source", detail::clean_text(repair.source)}, {"title", detail::clean_text(repair.title)}
    };
    const auto record = append_record(
        transaction,
        {.action = "repair.opened",
         .actor = repair.actor,
         .subject = {.kind = "repair", .id = to_string(repair.id)},
         .facts = facts.dump()},
        now
    );
    if (!record) return std::unexpected(record.error());
    return true;
}

Result<bool> open_repair(Pool& pool, const NewRepair& repair, UtcTime now) {
    bool is_new = false;
    const Status status = pool.with([&](Connection& connection) -> Status {
        pqxx::work transaction{connection.get()};
        const auto opened = open_repair(transaction, repair, now);
        if (!opened) return std::unexpected(opened.error());
        transaction.commit();
        is_new = *opened;
        return {};
    });
    if (!status) return std::unexpected(status.error());
    return is_new;
}

Result<std::vector<RepairRow>>
load_repairs(Pool& pool, bool only_open, std::optional<RepairCursor> after, std::size_t limit) {
    constexpr UtcTime far_future = from_epoch_us(253'402'300'799'000'000);  // end of the year 9999
    const RepairCursor cursor = after.value_or(RepairCursor{.opened = far_future, .id = Uuid{}});
    return load<RepairRow>(
        pool, to_repair, kList, to_epoch_us(cursor.opened), to_string(cursor.id), only_open, limit
    );
}

Result<std::optional<RepairRow>> find_repair(Pool& pool, const Uuid& id) {
    return detail::first_of(load<RepairRow>(pool, to_repair, kFind, to_string(id)));
}

Result<bool>
end_repair(Pool& pool, const Uuid& id, const std::string& result, const ledger::Actor& actor, UtcTime now) {
    const nlohmann::json facts{{"result", detail::clean_text(result)}};
    const ledger::Act act{
        .action = "repair.ended",
        .actor = actor,
        .subject = {.kind = "repair", .id = to_string(id)},
        .facts = facts.dump(),
    };
    return detail::write_with_record(pool, act, now, [&](pqxx::transaction_base& transaction) {
        return run(transaction,
                   kEnd,
                   to_string(id),
                   to_epoch_us(now),
                   id_of(actor),
                   detail::clean_text(actor.name),
                   detail::clean_text(result))
                   .affected_rows() > 0;
    });
}

Result<std::size_t> open_repairs_of_faults(Pool& pool, UtcTime since, UtcTime now) {
    std::size_t opened = 0;
    const Status status = pool.with([&](Connection& connection) -> Status {
        pqxx::work transaction{connection.get()};
        for (const NewRepair& fault : find_faults(transaction, since, now)) {
            const auto is_new = open_repair(transaction, fault, now);
            if (!is_new) return std::unexpected(is_new.error());
            if (*is_new) ++opened;
        }
        transaction.commit();
        return {};
    });
    if (!status) return std::unexpected(status.error());
    return opened;
}

}  // namespace sluice::catalogue
