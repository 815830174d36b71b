#include "storage/catalogue/access_event_repository.hpp"

#include "storage/catalogue/detail/load.hpp"
#include "storage/catalogue/detail/values.hpp"
#include "storage/catalogue/record_repository.hpp"

#include <algorithm>
#include <limits>

#include <nlohmann/json.hpp>

namespace sluice::catalogue {
namespace {

using detail::first_of;
using detail::load;
using detail::run;
using nlohmann::json;

// Two statements, so that each is planned for what is asked: a door's day, or everybody's.
constexpr const char* kOfDoor = R"(
    SELECT id, to_us(at), batch_id, source, event_id, code, to_us(device_time), to_us(received_at), coalesce(door, ''),
           coalesce(reader, ''), direction, card_hmac, card_last_four, coalesce(person_category, ''), coalesce(unit, ''),
           controller_index, clip_camera, to_us(clip_from), to_us(clip_to), data
    FROM access_events
    WHERE door = $7 AND at >= from_us($1::bigint) AND at < from_us($2::bigint) AND (at, id) < (from_us($3::bigint), $4::uuid)
      AND ($5::text IS NULL OR code = $5) AND ($6::text IS NULL OR split_part(code, '.', 1) = $6)
    ORDER BY at DESC, id DESC LIMIT $8::bigint)";
constexpr const char* kOfAll = R"(
    SELECT id, to_us(at), batch_id, source, event_id, code, to_us(device_time), to_us(received_at), coalesce(door, ''),
           coalesce(reader, ''), direction, card_hmac, card_last_four, coalesce(person_category, ''), coalesce(unit, ''),
           controller_index, clip_camera, to_us(clip_from), to_us(clip_to), data
    FROM access_events
    WHERE at >= from_us($1::bigint) AND at < from_us($2::bigint) AND (at, id) < (from_us($3::bigint), $4::uuid)
      AND ($5::text IS NULL OR code = $5) AND ($6::text IS NULL OR split_part(code, '.', 1) = $6)
    ORDER BY at DESC, id DESC LIMIT $7::bigint)";
// The key says in which month to look.
constexpr const char* kFind = R"(
    SELECT e.id, to_us(e.at), batch_id, source, event_id, code, to_us(device_time), to_us(received_at), coalesce(door, ''),
           coalesce(reader, ''), direction, card_hmac, card_last_four, coalesce(person_category, ''), coalesce(unit, ''),
           controller_index, clip_camera, to_us(clip_from), to_us(clip_to), data
    FROM access_events e
    WHERE e.id = $1::uuid AND e.at = (SELECT k.at FROM access_event_keys k WHERE k.id = $1::uuid))";
constexpr const char* kNewBatches = R"(
    SELECT place, id, to_us(from_at), to_us(last_at), events FROM access_batches WHERE place > $1::bigint ORDER BY place LIMIT 100)";
constexpr const char* kOfBatch = R"(
    SELECT id, to_us(at), batch_id, source, event_id, code, to_us(device_time), to_us(received_at), coalesce(door, ''),
           coalesce(reader, ''), direction, card_hmac, card_last_four, coalesce(person_category, ''), coalesce(unit, ''),
           controller_index, clip_camera, to_us(clip_from), to_us(clip_to), data
    FROM access_events WHERE batch_id = $1::uuid AND at >= from_us($2::bigint) AND at <= from_us($3::bigint) ORDER BY at, id)";
constexpr const char* kLastPlace = R"(
    SELECT greatest((SELECT coalesce(max(place), 0) FROM access_batches), (SELECT coalesce(max(place), 0) FROM access_alarms)))";
constexpr const char* kSaveImport = R"(
    INSERT INTO access_imports (id, sha256, profile, rows_read, accepted, duplicates, conflicts, faulty, faults, importer_id, importer,
        imported_at)
    VALUES ($1::uuid, $2::bytea, $3, $4::int, $5::int, $6::int, $7::int, $8::int, $9::jsonb, $10::uuid, $11, from_us($12::bigint)))";
constexpr const char* kFindImport = R"(
    SELECT id, sha256, profile, rows_read, accepted, duplicates, conflicts, faulty, faults::text, importer, to_us(imported_at)
    FROM access_imports WHERE id = $1::uuid)";

constexpr UtcTime kFirst{};
const UtcTime kLast = from_epoch_us(253'402'300'799'000'000);  // the year 9999

EventRow to_event(const pqxx::row& row) {
    EventRow read;
    read.id = detail::to_uuid(row[0]);
    read.at = detail::to_time(row[1]);
    read.batch_id = detail::to_uuid(row[2]);
    access::Event& event = read.event;
    event.source = row[3].as<std::string>();
    event.id = row[4].as<std::string>();
    event.code = row[5].as<std::string>();
    event.device_time = detail::to_optional_time(row[6]);
    event.received = detail::to_time(row[7]);
    event.door = row[8].as<std::string>();
    event.reader = row[9].as<std::string>();
    event.direction = access::direction_from(row[10].as<std::string>()).value_or(access::Direction::unknown);
    if (const auto hmac = detail::to_digest(row[11]))
        event.card = access::Card{.hmac = *hmac, .last_four = row[12].as<std::string>()};
    event.person_category = row[13].as<std::string>();
    event.unit = row[14].as<std::string>();
    if (!row[15].is_null()) event.index = row[15].as<std::uint64_t>();
    if (!row[16].is_null())
        event.clip = access::ClipPointer{
            .camera = row[16].as<std::string>(), .range = {detail::to_time(row[17]), detail::to_time(row[18])}
        };
    event.data = row[19].as<std::string>();
    return read;
}

ImportRow to_import(const pqxx::row& row) {
    ImportRow read;
    read.id = detail::to_uuid(row[0]);
    read.sha256 = detail::to_digest(row[1]).value();
    read.profile = row[2].as<std::string>();
    read.rows = row[3].as<std::size_t>();
    read.accepted = row[4].as<std::size_t>();
    read.duplicates = row[5].as<std::size_t>();
    read.conflicts = row[6].as<std::size_t>();
    read.faulty = row[7].as<std::size_t>();
    for (const json& fault : json::parse(row[8].as<std::string>()))
        read.faults.push_back(
            {fault.at("line").get<std::size_t>(),
             fault.at("column").get<std::string>(),
             fault.at("text").get<std::string>()}
        );
    read.importer = row[9].as<std::string>();
    read.imported = detail::to_time(row[10]);
    return read;
}

json to_json(const std::vector<access::CsvFault>& faults) {
    json list = json::array();
    for (const access::CsvFault& fault : faults)
        list.push_back(
            {{"line", fault.line}, {"column", detail::clean_text(fault.column)}, {"text", fault.text}}
        );
    return list;
}

struct Batch {
    std::int64_t place = 0;
    std::string id;
    std::int64_t from_us = 0;
    std::int64_t last_us = 0;
    std::size_t events = 0;
};

}  // namespace

Result<std::vector<EventRow>>
load_events(Pool& pool, const EventFilter& filter, std::optional<EventCursor> after, std::size_t limit) {
    const auto from = to_epoch_us(filter.from.value_or(kFirst));
    const auto to = to_epoch_us(filter.to.value_or(kLast));
    const auto cursor_at = to_epoch_us(after ? after->at : kLast);
    const auto cursor_id = to_string(after ? after->id : Uuid{});
    if (filter.door)
        return load<EventRow>(
            pool,
            to_event,
            kOfDoor,
            from,
            to,
            cursor_at,
            cursor_id,
            filter.code,
            filter.category,
            *filter.door,
            limit
        );
    return load<EventRow>(
        pool, to_event, kOfAll, from, to, cursor_at, cursor_id, filter.code, filter.category, limit
    );
}

Result<std::optional<EventRow>> find_event(Pool& pool, const Uuid& id) {
    return first_of(load<EventRow>(pool, to_event, kFind, to_string(id)));
}

Result<AccessNews> load_access_news(Pool& pool, std::int64_t place, std::size_t limit) {
    AccessNews news{.place = place, .events = {}, .alarms = {}};
    // Alarms first: what is committed behind them and before the batches are read comes the next time.
    auto alarms = load_alarms_after(pool, place, limit);
    if (!alarms) return std::unexpected(alarms.error());
    const std::int64_t most =
        alarms->size() < limit ? std::numeric_limits<std::int64_t>::max() : alarms->back().place;
    const Status status = pool.with([&](Connection& connection) -> Status {
        pqxx::nontransaction session{connection.get()};
        std::vector<Batch> batches;
        for (const auto& row : run(session, kNewBatches, place))
            batches.push_back(
                {row[0].as<std::int64_t>(),
                 row[1].as<std::string>(),
                 row[2].as<std::int64_t>(),
                 row[3].as<std::int64_t>(),
                 row[4].as<std::size_t>()}
            );
        for (const Batch& batch : batches) {
            if (batch.place > most || (!news.events.empty() && news.events.size() + batch.events > limit))
                break;
            for (const auto& row : run(session, kOfBatch, batch.id, batch.from_us, batch.last_us))
                news.events.emplace_back(batch.place, to_event(row));
            news.place = batch.place;
        }
        const bool has_more =
            !batches.empty() && (news.place < batches.back().place || batches.size() == 100);
        // Up to where batches were taken; beyond it only what is known to have none before it.
        const std::int64_t reach = has_more ? news.place : most;
        for (AlarmRow& alarm : *alarms) {
            if (alarm.place > reach) break;
            news.place = std::max(news.place, alarm.place);
            news.alarms.push_back(std::move(alarm));
        }
        return {};
    });
    if (!status) return std::unexpected(status.error());
    return news;
}

Result<std::int64_t> load_last_access_place(Pool& pool) {
    std::int64_t place = 0;
    const Status status = pool.with([&](Connection& connection) -> Status {
        pqxx::nontransaction session{connection.get()};
        place = run(session, kLastPlace)[0][0].as<std::int64_t>();
        return {};
    });
    if (!status) return std::unexpected(status.error());
    return place;
}

Status save_import(Pool& pool, const ImportRow& row, const ledger::Actor& actor) {
    return pool.with([&](Connection& connection) -> Status {
        pqxx::work transaction{connection.get()};
        run(transaction,
            kSaveImport,
            to_string(row.id),
            detail::to_bytea(row.sha256),
            detail::clean_text(row.profile),
            row.rows,
            row.accepted,
            row.duplicates,
            row.conflicts,
            row.faulty,
            to_json(row.faults).dump(-1, ' ', false, json::error_handler_t::replace),
            actor.id ? std::optional{to_string(*actor.id)} : std::nullopt,
            detail::clean_text(actor.name),
            to_epoch_us(row.imported));
        const json facts{
            {"sha256", to_hex(row.sha256)},
            {"profile", row.profile},
            {"rows", row.rows},
            {"accepted", row.accepted},
            {"duplicates", row.duplicates},
            {"conflicts", row.conflicts},
            {"faulty", row.faulty},
        };
        const auto record = append_record(
            transaction,
            {.action = "access.imported",
             .actor = actor,
             .subject = {.kind = "access_import", .id = to_string(row.id)},
             .facts = facts.dump(-1, ' ', false, json::error_handler_t::replace)},
            row.imported
        );
        if (!record) return std::unexpected(record.error());
        transaction.commit();
        return {};
    });
}

Result<std::optional<ImportRow>> find_import(Pool& pool, const Uuid& id) {
    return first_of(load<ImportRow>(pool, to_import, kFindImport, to_string(id)));
}

Result<ImportRow>
import_events(Pool& pool, ImportRow import, access::CsvEvents events, const ledger::Actor& actor) {
    constexpr std::size_t kAtOnce = 1000;
    import.rows = events.events.size() + events.faulty_rows;
    import.faulty = events.faulty_rows;
    import.faults = std::move(events.faults);
    import.importer = actor.name;
    for (std::size_t i = 0; i < events.events.size(); i += kAtOnce) {
        const auto first = events.events.begin() + static_cast<std::ptrdiff_t>(i);
        const auto count = std::min(kAtOnce, events.events.size() - i);
        const EventBatch batch{
            .channel = AccessChannel::import,
            .actor = actor,
            .events = {first, first + static_cast<std::ptrdiff_t>(count)}
        };
        const auto stored = accept_events(pool, batch, import.imported);
        if (!stored) return std::unexpected(stored.error());
        import.accepted += stored->accepted;
        for (std::size_t n = 0; n < count; ++n) {
            if (stored->fates[n] == EventFate::duplicate) ++import.duplicates;
            if (stored->fates[n] != EventFate::conflict) continue;
            ++import.conflicts;
            if (import.faults.size() < access::kMostCsvFaults)
                import.faults.push_back(
                    {events.lines[i + n], "", "says otherwise than an event of the same id; look at both"}
                );
        }
    }
    if (auto saved = save_import(pool, import, actor); !saved) return std::unexpected(saved.error());
    return import;
}

}  // namespace sluice::catalogue
