#include "storage/catalogue/inspection_repository.hpp"

#include "storage/catalogue/detail/acted.hpp"
#include "storage/catalogue/detail/load.hpp"
#include "storage/catalogue/detail/values.hpp"
#include "storage/catalogue/notice_repository.hpp"
#include "storage/catalogue/record_repository.hpp"
#include "storage/catalogue/repair_repository.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

namespace sluice::catalogue {
namespace {

using calendar::to_iso;
using detail::id_of;
using detail::load;
using detail::run;
using nlohmann::json;

constexpr const char* kVersions = R"(
    SELECT day::text, version, access_works, access_problem, cctv_works, cctv_problem, remark, reason, person, to_us(at)
    FROM inspections WHERE day >= $1::date AND day < $2::date ORDER BY day, version)";
// The closing of the month waits for an entry under way, and the entry for it.
constexpr const char* kLockMonth = "SELECT pg_advisory_xact_lock(7163408121)";
constexpr const char* kIsClosed =
    "SELECT FROM inspection_months WHERE month = date_trunc('month', $1::date)::date";
constexpr const char* kFill = R"(
    INSERT INTO inspections (day, version, access_works, access_problem, cctv_works, cctv_problem, remark, reason, person_id, person, at)
    SELECT $1::date, $2::int, $3::bool, $4::bool, $5::bool, $6::bool, $7, $8, $9::uuid, $10, from_us($11::bigint)
    WHERE $2::int = (SELECT coalesce(max(version), 0) + 1 FROM inspections WHERE day = $1::date))";
constexpr const char* kEvidence = R"(
    SELECT day::text, to_us(taken_at), cctv_ok, access_ok, facts::text
    FROM inspection_evidence WHERE day >= $1::date AND day < $2::date ORDER BY day)";
constexpr const char* kSaveEvidence = R"(
    INSERT INTO inspection_evidence (day, taken_at, cctv_ok, access_ok, facts)
    VALUES ($1::date, from_us($2::bigint), $3::bool, $4::bool, $5::jsonb) ON CONFLICT DO NOTHING)";
constexpr const char* kMonth = R"(
    SELECT to_us(closed_at), closer, missed::text[] FROM inspection_months WHERE month = $1::date)";
constexpr const char* kClose = R"(
    INSERT INTO inspection_months (month, closed_at, closer_id, closer, missed)
    VALUES ($1::date, from_us($2::bigint), $3::uuid, $4, $5::date[]) ON CONFLICT DO NOTHING)";
constexpr const char* kHasInspectors =
    "SELECT FROM principals WHERE kind = 'person' AND 'secretariat' = ANY(roles) LIMIT 1";
constexpr const char* kControllers = R"(
    SELECT c.slug, to_us((SELECT max(e.received_at) FROM access_events e
                          WHERE e.source = c.source AND e.at >= from_us($1::bigint) AND e.at < from_us($2::bigint)))
    FROM controllers c WHERE c.state = 'active' AND c.source IS NOT NULL AND c.heartbeat_seconds IS NOT NULL ORDER BY c.slug)";

InspectionRow to_inspection(const pqxx::row& row) {
    return {
        .day = detail::to_date(row[0]),
        .version = row[1].as<int>(),
        .access = {.works = row[2].as<bool>(), .has_problem = row[3].as<bool>()},
        .cctv = {.works = row[4].as<bool>(), .has_problem = row[5].as<bool>()},
        .remark = row[6].as<std::string>(),
        .reason = row[7].as<std::string>(),
        .person = row[8].as<std::string>(),
        .at = detail::to_time(row[9]),
    };
}

EvidenceRow to_evidence(const pqxx::row& row) {
    return {
        .day = detail::to_date(row[0]),
        .taken = detail::to_time(row[1]),
        .cctv_ok = row[2].as<bool>(),
        .access_ok = row[3].is_null() ? std::nullopt : std::optional{row[3].as<bool>()},
        .facts = row[4].as<std::string>(),
    };
}

ClosedMonth to_month(const pqxx::row& row) {
    ClosedMonth month{.at = detail::to_time(row[0]), .closer = row[1].as<std::string>(), .missed = {}};
    for (const std::string& text : detail::to_texts(row[2])) {
        const auto date = calendar::date_from(text);
        if (!date) throw pqxx::conversion_error{"a date"};
        month.missed.push_back(*date);
    }
    return month;
}

duty::ControllerEvidence to_controller(const pqxx::row& row) {
    return {.controller = row[0].as<std::string>(), .heard = detail::to_optional_time(row[1])};
}

/// One ticket a day and system: a correction opens no second one.
Status open_repairs(
    pqxx::transaction_base& transaction,
    const InspectionRow& row,
    const ledger::Actor& actor,
    UtcTime now
) {
    struct System {
        const char* word;
        const char* name;
        const duty::Tick& tick;
    };
    for (const System& system :
         {System{"access", "門禁系統", row.access}, System{"cctv", "監視系統", row.cctv}}) {
        if (duty::is_in_order(system.tick)) continue;
        const auto opened = open_repair(
            transaction,
            {.id = make_uuid_v7(now),
             .source = "inspection:" + to_iso(row.day) + ":" + system.word,
             .title = std::string{system.name} + " " + to_iso(row.day),
             .detail = row.remark,
             .actor = actor},
            now
        );
        if (!opened) return std::unexpected(opened.error());
    }
    return {};
}

json facts_of(const InspectionRow& row) {
    return {
        {"version", row.version},
        {"access", {{"works", row.access.works}, {"problem", row.access.has_problem}}},
        {"cctv", {{"works", row.cctv.works}, {"problem", row.cctv.has_problem}}},
        {"reason", detail::clean_text(row.reason)},
    };
}

/// Whether the version was the next one.
bool insert(
    pqxx::transaction_base& transaction,
    const InspectionRow& row,
    const ledger::Actor& actor,
    UtcTime now
) {
    return run(transaction,
               kFill,
               to_iso(row.day),
               row.version,
               row.access.works,
               row.access.has_problem,
               row.cctv.works,
               row.cctv.has_problem,
               detail::clean_text(row.remark),
               detail::clean_text(row.reason),
               id_of(actor),
               detail::clean_text(actor.name),
               to_epoch_us(now))
               .affected_rows() > 0;
}

/// A notice is about an id; a day has none of its own.
Uuid id_of_day(duty::Date day) {
    const Sha256Digest digest = sha256(as_bytes("inspection " + to_iso(day)));
    Uuid id;
    std::ranges::copy_n(digest.begin(), id.bytes.size(), id.bytes.begin());
    id.bytes[6] =
        static_cast<std::uint8_t>((id.bytes[6] & 0x0fU) | 0x80U);  // version 8: made by a rule of ours
    id.bytes[8] = static_cast<std::uint8_t>((id.bytes[8] & 0x3fU) | 0x80U);
    return id;
}

}  // namespace

Result<std::vector<InspectionRow>> load_inspections(Pool& pool, duty::Date from, duty::Date to) {
    return load<InspectionRow>(pool, to_inspection, kVersions, to_iso(from), to_iso(to));
}

Result<Filling>
fill_inspection(Pool& pool, const InspectionRow& row, const ledger::Actor& actor, UtcTime now) {
    Filling filling = Filling::overtaken;
    const Status status = pool.with([&](Connection& connection) -> Status {
        pqxx::work transaction{connection.get()};
        run(transaction, kLockMonth);
        if (!run(transaction, kIsClosed, to_iso(row.day)).empty()) {
            filling = Filling::closed;
            return {};
        }
        if (!insert(transaction, row, actor, now)) return {};
        if (auto opened = open_repairs(transaction, row, actor, now); !opened) return opened;
        const auto record = append_record(
            transaction,
            {.action = row.version == 1 ? "inspection.filled" : "inspection.corrected",
             .actor = actor,
             .subject = {.kind = "inspection", .id = to_iso(row.day)},
             .facts = facts_of(row).dump()},
            now
        );
        if (!record) return std::unexpected(record.error());
        transaction.commit();
        filling = Filling::saved;
        return {};
    });
    if (!status) return std::unexpected(status.error());
    return filling;
}

Result<std::vector<EvidenceRow>> load_evidence(Pool& pool, duty::Date from, duty::Date to) {
    return load<EvidenceRow>(pool, to_evidence, kEvidence, to_iso(from), to_iso(to));
}

Status save_evidence(Pool& pool, const EvidenceRow& row) {
    return detail::execute(
        pool, kSaveEvidence, to_iso(row.day), to_epoch_us(row.taken), row.cctv_ok, row.access_ok, row.facts
    );
}

Result<std::optional<ClosedMonth>> find_closed_month(Pool& pool, duty::Date month) {
    return detail::first_of(load<ClosedMonth>(pool, to_month, kMonth, to_iso(month)));
}

Result<bool> close_month(
    Pool& pool,
    duty::Date month,
    const std::vector<duty::Date>& missed,
    const ledger::Actor& actor,
    UtcTime now
) {
    json days = json::array();
    detail::ArrayLiteral dates;
    for (const duty::Date day : missed) {
        days.push_back(to_iso(day));
        dates.add(std::string_view{to_iso(day)});
    }
    const ledger::Act act{
        .action = "inspections.closed",
        .actor = actor,
        .subject = {.kind = "month", .id = to_iso(month).substr(0, 7)},
        .facts = json{{"missed", std::move(days)}}.dump(),
    };
    return detail::write_with_record(pool, act, now, [&](pqxx::transaction_base& transaction) {
        run(transaction, kLockMonth);
        return run(transaction,
                   kClose,
                   to_iso(month),
                   to_epoch_us(now),
                   id_of(actor),
                   detail::clean_text(actor.name),
                   dates.str())
                   .affected_rows() > 0;
    });
}

Result<bool>
tell_late_inspection(Pool& pool, duty::Date day, const std::string& audience, UtcTime due, UtcTime now) {
    bool is_new = false;
    const Status status = pool.with([&](Connection& connection) -> Status {
        pqxx::work transaction{connection.get()};
        if (run(transaction, kHasInspectors).empty()) return {};
        is_new = raise_notice(
            transaction,
            {.kind = NoticeKind::inspection_late,
             .subject_id = id_of_day(day),
             .audience = audience,
             .due = due},
            now
        );
        transaction.commit();
        return {};
    });
    if (!status) return std::unexpected(status.error());
    return is_new;
}

Result<std::vector<duty::ControllerEvidence>> load_controller_evidence(Pool& pool, const TimeRange& range) {
    return load<duty::ControllerEvidence>(
        pool, to_controller, kControllers, to_epoch_us(range.from), to_epoch_us(range.to)
    );
}

}  // namespace sluice::catalogue
