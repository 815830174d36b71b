#include "storage/catalogue/calendar_repository.hpp"

#include "storage/catalogue/detail/load.hpp"
#include "storage/catalogue/detail/values.hpp"
#include "storage/catalogue/record_repository.hpp"

#include <algorithm>
#include <utility>

#include <nlohmann/json.hpp>

namespace sluice::catalogue {
namespace {

using calendar::Day;
using detail::load;
using detail::run;

constexpr const char* kYear = R"(
    SELECT id, year, sha256, importer, to_us(imported_at) FROM calendar_imports
    WHERE year = $1::int ORDER BY imported_at DESC, id DESC LIMIT 1)";
constexpr const char* kDays =
    "SELECT day::text, is_off, note FROM calendar_days WHERE import_id = $1::uuid ORDER BY day";
// Two imports of a year one after the other: each says what it changed.
constexpr const char* kLockYear = "SELECT pg_advisory_xact_lock(7163408117000 + $1::int)";
constexpr const char* kImport = R"(
    INSERT INTO calendar_imports (id, year, sha256, importer_id, importer, imported_at)
    VALUES ($1::uuid, $2::int, $3::bytea, $4::uuid, $5, from_us($6::bigint)))";
constexpr const char* kImportDays = R"(
    INSERT INTO calendar_days (import_id, day, is_off, note)
    SELECT $1::uuid, d, o, n FROM unnest($2::date[], $3::boolean[], $4::text[]) AS t (d, o, n))";

constexpr const char* kOverrides = R"(
    SELECT id, day::text, is_off, reason, approver, placer, to_us(placed_at) FROM calendar_overrides
    WHERE day >= make_date($1::int, 1, 1) AND day < make_date($2::int, 1, 1) ORDER BY placed_at, id)";
constexpr const char* kPlaceOverride = R"(
    INSERT INTO calendar_overrides (id, day, is_off, reason, approver, placer_id, placer, placed_at)
    VALUES ($1::uuid, $2::date, $3::boolean, $4, $5, $6::uuid, $7, from_us($8::bigint)))";

// The newest import of each year from $1 on, with its days.
constexpr const char* kStanding = R"(
    SELECT i.year, d.day::text, d.is_off, d.note
    FROM (SELECT DISTINCT ON (year) id, year FROM calendar_imports WHERE year >= $1::int
          ORDER BY year, imported_at DESC, id DESC) i
         JOIN calendar_days d ON d.import_id = i.id
    ORDER BY d.day)";
constexpr const char* kYears = "SELECT DISTINCT year FROM calendar_imports WHERE year >= $1::int";

constexpr int kFarYear = 2500;  // behind every year that is taken

calendar::Date to_date(const pqxx::field& field) {
    const auto date = calendar::date_from(field.as<std::string>());
    if (!date) throw pqxx::conversion_error{"a day of the calendar"};
    return *date;
}

Day to_day(const pqxx::row& row) {
    return {.date = to_date(row[0]), .is_off = row[1].as<bool>(), .note = row[2].as<std::string>()};
}

CalendarYearRow to_year(const pqxx::row& row) {
    return {
        .import_id = detail::to_uuid(row[0]),
        .table = {.year = row[1].as<int>(), .days = {}},
        .sha256 = detail::to_digest(row[2]).value(),
        .importer = row[3].as<std::string>(),
        .imported = detail::to_time(row[4]),
    };
}

CalendarOverrideRow to_override(const pqxx::row& row) {
    return {
        .id = detail::to_uuid(row[0]),
        .day = {.date = to_date(row[1]), .is_off = row[2].as<bool>(), .note = row[3].as<std::string>()},
        .approver = row[4].as<std::string>(),
        .placer = row[5].as<std::string>(),
        .placed = detail::to_time(row[6]),
    };
}

std::optional<CalendarYearRow> find_year(pqxx::transaction_base& transaction, int year) {
    const pqxx::result found = run(transaction, kYear, year);
    if (found.empty()) return std::nullopt;
    CalendarYearRow row = to_year(found[0]);
    for (const auto& day : run(transaction, kDays, to_string(row.import_id)))
        row.table.days.push_back(to_day(day));
    return row;
}

/// "2026-10-10: off", for the days that are not as before.
nlohmann::json changes(const calendar::YearTable& before, const calendar::YearTable& after) {
    nlohmann::json list = nlohmann::json::array();
    for (std::size_t i = 0; i < after.days.size(); ++i)
        if (i >= before.days.size() || before.days[i].is_off != after.days[i].is_off)
            list.push_back(
                calendar::to_iso(after.days[i].date) + (after.days[i].is_off ? ": off" : ": working day")
            );
    return list;
}

ledger::Act import_act(const CalendarImport& import, const std::optional<CalendarYearRow>& before) {
    nlohmann::json facts{
        {"sha256", to_hex(import.sha256)},
        {"days_off", std::ranges::count(import.table.days, true, &Day::is_off)},
        {"replaces", nullptr},
    };
    if (before) {
        facts["replaces"] = to_hex(before->sha256);
        facts["changes"] = changes(before->table, import.table);
    }
    return {
        .action = "calendar.imported",
        .actor = import.importer,
        .subject = {.kind = "calendar", .id = std::to_string(import.table.year)},
        .facts = facts.dump(),
    };
}

void insert_year(pqxx::transaction_base& transaction, const CalendarImport& import, UtcTime now) {
    const std::string id = to_string(make_uuid_v7(now));
    run(transaction,
        kImport,
        id,
        import.table.year,
        detail::to_bytea(import.sha256),
        import.importer.id ? std::optional{to_string(*import.importer.id)} : std::nullopt,
        detail::clean_text(import.importer.name),
        to_epoch_us(now));
    detail::ArrayLiteral days;
    detail::ArrayLiteral offs;
    detail::ArrayLiteral notes;
    for (const Day& day : import.table.days) {
        days.add(std::string_view{calendar::to_iso(day.date)});
        offs.add(day.is_off);
        notes.add(std::string_view{day.note});
    }
    run(transaction, kImportDays, id, days.str(), offs.str(), notes.str());
}

}  // namespace

Result<std::optional<CalendarYearRow>> find_calendar_year(Pool& pool, int year) {
    std::optional<CalendarYearRow> found;
    const Status status = pool.with([&](Connection& connection) -> Status {
        pqxx::read_transaction transaction{connection.get()};
        found = find_year(transaction, year);
        return {};
    });
    if (!status) return std::unexpected(status.error());
    return found;
}

Result<bool> import_calendar(Pool& pool, const CalendarImport& import, UtcTime now) {
    bool is_new = false;
    const Status status = pool.with([&](Connection& connection) -> Status {
        pqxx::work transaction{connection.get()};
        run(transaction, kLockYear, import.table.year);
        const auto before = find_year(transaction, import.table.year);
        if (before && before->sha256 == import.sha256) return {};
        insert_year(transaction, import, now);
        const auto record = append_record(transaction, import_act(import, before), now);
        if (!record) return std::unexpected(record.error());
        transaction.commit();
        is_new = true;
        return {};
    });
    if (!status) return std::unexpected(status.error());
    return is_new;
}

Result<std::vector<CalendarOverrideRow>> load_calendar_overrides(Pool& pool, int year) {
    return load<CalendarOverrideRow>(pool, to_override, kOverrides, year, year + 1);
}

Status place_calendar_override(
    Pool& pool,
    const CalendarOverrideRow& row,
    const ledger::Actor& placer,
    UtcTime now
) {
    return pool.with([&](Connection& connection) -> Status {
        pqxx::work transaction{connection.get()};
        run(transaction,
            kPlaceOverride,
            to_string(row.id),
            calendar::to_iso(row.day.date),
            row.day.is_off,
            detail::clean_text(row.day.note),
            detail::clean_text(row.approver),
            placer.id ? std::optional{to_string(*placer.id)} : std::nullopt,
            detail::clean_text(placer.name),
            to_epoch_us(now));
        const nlohmann::json facts{
            {"is_off", row.day.is_off},
            {"reason", detail::clean_text(row.day.note)},
            {"approver", detail::clean_text(row.approver)},
        };
        const auto record = append_record(
            transaction,
            {.action = "calendar.overridden",
             .actor = placer,
             .subject = {.kind = "day", .id = calendar::to_iso(row.day.date)},
             .facts = facts.dump()},
            now
        );
        if (!record) return std::unexpected(record.error());
        transaction.commit();
        return {};
    });
}

Result<calendar::Calendar> load_calendar(Pool& pool, UtcTime now) {
    const int first = calendar::year_of(calendar::taipei_date(now)) - 1;
    std::vector<calendar::YearTable> years;
    std::vector<Day> overrides;
    const Status status = pool.with([&](Connection& connection) -> Status {
        pqxx::read_transaction transaction{connection.get()};
        for (const auto& row : run(transaction, kStanding, first)) {
            const int year = row[0].as<int>();
            if (years.empty() || years.back().year != year) years.push_back({.year = year, .days = {}});
            years.back().days.push_back(
                {.date = to_date(row[1]), .is_off = row[2].as<bool>(), .note = row[3].as<std::string>()}
            );
        }
        for (const auto& row : run(transaction, kOverrides, first, kFarYear))
            overrides.push_back(to_override(row).day);
        return {};
    });
    if (!status) return std::unexpected(status.error());
    return calendar::Calendar{years, overrides};
}

Result<std::vector<int>> load_missing_years(Pool& pool, UtcTime now) {
    const calendar::Date today = calendar::taipei_date(now);
    std::vector<calendar::YearTable> years;
    const Status status = pool.with([&](Connection& connection) -> Status {
        pqxx::nontransaction session{connection.get()};
        for (const auto& row : run(session, kYears, calendar::year_of(today)))
            years.push_back({.year = row[0].as<int>(), .days = {}});
        return {};
    });
    if (!status) return std::unexpected(status.error());
    return calendar::missing_years(calendar::Calendar{years, {}}, today);
}

}  // namespace sluice::catalogue
