#include "storage/catalogue/roster_repository.hpp"

#include "storage/catalogue/detail/load.hpp"
#include "storage/catalogue/detail/values.hpp"
#include "storage/catalogue/record_repository.hpp"

#include <utility>

#include <nlohmann/json.hpp>

namespace sluice::catalogue {
namespace {

using access::RosterPerson;
using detail::clean_text;
using detail::run;

constexpr const char* kStanding = R"(
    SELECT DISTINCT ON (series) id, series, sha256, persons, importer, to_us(imported_at) FROM rosters
    WHERE $1::text IS NULL OR series = $1 ORDER BY series, imported_at DESC, id DESC)";
// COLLATE "C": in the order in which the program compares numbers.
constexpr const char* kPersons = R"(
    SELECT number, name, unit, category, valid_from::text, valid_to::text FROM roster_persons
    WHERE roster_id = $1::uuid ORDER BY number COLLATE "C")";
// Two imports of a series one after the other: each says what it changed.
constexpr const char* kLock = "SELECT pg_advisory_xact_lock(7163408120000 + hashtext($1))";
constexpr const char* kImport = R"(
    INSERT INTO rosters (id, series, sha256, persons, importer_id, importer, imported_at)
    VALUES ($1::uuid, $2, $3::bytea, $4::int, $5::uuid, $6, from_us($7::bigint)))";
constexpr const char* kImportPersons = R"(
    INSERT INTO roster_persons (roster_id, number, name, unit, category, valid_from, valid_to)
    SELECT $1::uuid, n, m, u, c, f, t
    FROM unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::date[], $7::date[]) AS p (n, m, u, c, f, t))";
constexpr const char* kForget = "SELECT forget_rosters($1)";

calendar::Date to_date(const pqxx::field& field) {
    const auto date = calendar::date_from(field.as<std::string>());
    if (!date) throw pqxx::conversion_error{"a day of a roster"};
    return *date;
}

RosterRow to_roster(const pqxx::row& row) {
    return {
        .id = detail::to_uuid(row[0]),
        .series = row[1].as<std::string>(),
        .sha256 = detail::to_digest(row[2]).value(),
        .count = row[3].as<std::size_t>(),
        .importer = row[4].as<std::string>(),
        .imported = detail::to_time(row[5]),
        .persons = {},
    };
}

RosterPerson to_person(const pqxx::row& row) {
    RosterPerson person{
        .number = row[0].as<std::string>(),
        .name = row[1].as<std::string>(),
        .unit = row[2].as<std::string>(),
        .category = row[3].as<std::string>(),
        .valid_from = to_date(row[4]),
        .valid_to = std::nullopt,
    };
    if (!row[5].is_null()) person.valid_to = to_date(row[5]);
    return person;
}

std::optional<RosterRow> find_standing(pqxx::transaction_base& transaction, const std::string& series) {
    const pqxx::result found = run(transaction, kStanding, series);
    if (found.empty()) return std::nullopt;
    RosterRow row = to_roster(found[0]);
    for (const auto& person : run(transaction, kPersons, to_string(row.id)))
        row.persons.push_back(to_person(person));
    return row;
}

void insert_roster(pqxx::transaction_base& transaction, const RosterImport& import, UtcTime now) {
    const std::string id = to_string(make_uuid_v7(now));
    run(transaction,
        kImport,
        id,
        import.series,
        detail::to_bytea(import.sha256),
        import.persons.size(),
        import.importer.id ? std::optional{to_string(*import.importer.id)} : std::nullopt,
        clean_text(import.importer.name),
        to_epoch_us(now));
    detail::ArrayLiteral numbers;
    detail::ArrayLiteral names;
    detail::ArrayLiteral units;
    detail::ArrayLiteral categories;
    detail::ArrayLiteral from;
    detail::ArrayLiteral to;
    for (const RosterPerson& person : import.persons) {
        const std::string first = calendar::to_iso(person.valid_from);
        const std::string last = person.valid_to ? calendar::to_iso(*person.valid_to) : std::string{};
        numbers.add(std::string_view{person.number});
        names.add(std::string_view{person.name});
        units.add(std::string_view{person.unit});
        categories.add(std::string_view{person.category});
        from.add(std::string_view{first});
        to.add(person.valid_to ? std::optional{std::string_view{last}} : std::nullopt);
    }
    run(transaction,
        kImportPersons,
        id,
        numbers.str(),
        names.str(),
        units.str(),
        categories.str(),
        from.str(),
        to.str());
    run(transaction, kForget, import.series);
}

ledger::Act import_act(const RosterImport& import, const access::RosterDifferences& differences) {
    const nlohmann::json facts{
        {"sha256", to_hex(import.sha256)},
        {"persons", import.persons.size()},
        {"added", differences.added.size()},
        {"removed", differences.removed.size()},
        {"changed", differences.changed.size()},
    };
    return {
        .action = "roster.imported",
        .actor = import.importer,
        .subject = {.kind = "roster", .id = import.series},
        .facts = facts.dump(),
    };
}

}  // namespace

Result<std::optional<RosterRow>> find_roster(Pool& pool, const std::string& series) {
    std::optional<RosterRow> found;
    const Status status = pool.with([&](Connection& connection) -> Status {
        pqxx::read_transaction transaction{connection.get()};
        found = find_standing(transaction, series);
        return {};
    });
    if (!status) return std::unexpected(status.error());
    return found;
}

Result<std::vector<RosterRow>> load_rosters(Pool& pool) {
    return detail::load(pool, to_roster, kStanding, std::optional<std::string>{});
}

Result<RosterImported> import_roster(Pool& pool, const RosterImport& import, UtcTime now) {
    RosterImported imported;
    const Status status = pool.with([&](Connection& connection) -> Status {
        pqxx::work transaction{connection.get()};
        run(transaction, kLock, import.series);
        const auto before = find_standing(transaction, import.series);
        imported.differences =
            access::compare_rosters(before ? before->persons : std::vector<RosterPerson>{}, import.persons);
        imported.is_new = !before || before->sha256 != import.sha256;
        if (!imported.is_new) return {};
        insert_roster(transaction, import, now);
        const auto record = append_record(transaction, import_act(import, imported.differences), now);
        if (!record) return std::unexpected(record.error());
        transaction.commit();
        return {};
    });
    if (!status) return std::unexpected(status.error());
    return imported;
}

}  // namespace sluice::catalogue
