#include "api/acts.hpp"
#include "api/doors/edits.hpp"
#include "api/doors/people_rules.hpp"
#include "api/doors/routes.hpp"
#include "config/base/slug.hpp"

#include <utility>

namespace sluice::api {
namespace {

bool is_csv(const http::Request& request) {
    const std::string* type = request.find_header("content-type");
    if (type == nullptr) return false;
    const std::string_view text{*type};
    return http::is_same_word(http::trim(text.substr(0, text.find(';'))), "text/csv");
}

Parsed<std::string> series_of(const Call& call) {
    const std::string& series = call.variables.front();
    if (!is_slug(series)) return no_such("ROSTER_NOT_FOUND", "A roster's name is a slug such as staff.");
    return series;
}

Answer import(const Call& call) {
    const auto series = series_of(call);
    if (!series) return std::unexpected(series.error());
    const auto is_dry = call.parameters.flag("dry_run");
    if (!is_dry) return std::unexpected(is_dry.error());
    if (!is_csv(call.request))
        return std::unexpected(problem(415, "UNSUPPORTED_MEDIA_TYPE", "Send the file as text/csv."));
    catalogue::Pool& pool = call.services.database.pool();
    const auto categories = catalogue::load_categories(pool);
    if (!categories) return std::unexpected(to_problem(categories.error()));
    std::vector<std::string> known;
    for (const auto& row : *categories)
        known.push_back(row.category.slug);
    auto persons = access::parse_roster(call.request.body, known);
    if (!persons) return std::unexpected(roster_problem(persons.error()));
    const catalogue::RosterImport wanted{
        .series = *series,
        .persons = std::move(*persons),
        .sha256 = sha256(as_bytes(call.request.body)),
        .importer = actor_of(call),
    };
    if (*is_dry) {
        const auto before = catalogue::find_roster(pool, *series);
        if (!before) return std::unexpected(to_problem(before.error()));
        const catalogue::RosterImported would{
            .is_new = !*before || (*before)->sha256 != wanted.sha256,
            .differences = access::compare_rosters(
                *before ? (*before)->persons : std::vector<access::RosterPerson>{}, wanted.persons
            ),
        };
        return changing_response(200, import_json(*series, wanted.persons.size(), wanted.sha256, would));
    }
    const auto imported = catalogue::import_roster(pool, wanted, call.now);
    if (!imported) return std::unexpected(act_problem(imported.error()));
    return changing_response(
        imported->is_new ? 201 : 200, import_json(*series, wanted.persons.size(), wanted.sha256, *imported)
    );
}

Answer read(const Call& call) {
    const auto series = series_of(call);
    if (!series) return std::unexpected(series.error());
    const auto row = catalogue::find_roster(call.services.database.pool(), *series);
    if (!row) return std::unexpected(to_problem(row.error()));
    if (!*row) return no_such("ROSTER_NOT_FOUND", "Nobody has imported this roster.");
    return json_response(to_json(**row, true));
}

Answer list(const Call& call) {
    const auto rows = catalogue::load_rosters(call.services.database.pool());
    if (!rows) return std::unexpected(to_problem(rows.error()));
    std::vector<std::string> items;
    for (const auto& row : *rows)
        items.push_back(to_json(row, false));
    return list_response(items, {});
}

}  // namespace

void add_roster_routes(Routes& routes) {
    routes.push_back(make_route("GET", "/v1/rosters", Action::read_door_people, {}, list));
    routes.push_back(make_route("GET", "/v1/rosters/{series}", Action::read_door_people, {}, read));
    routes.push_back(
        make_route("POST", "/v1/rosters/{series}/imports", Action::import_roster, {"dry_run"}, import)
    );
}

}  // namespace sluice::api
