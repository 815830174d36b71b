#include "api/dossiers/routes.hpp"

#include "api/acts.hpp"
#include "api/body.hpp"
#include "api/dossiers/detail/records.hpp"
#include "api/dossiers/detail/register_lines.hpp"
#include "api/idempotency.hpp"
#include "api/pages/page.hpp"
#include "api/requests/answers.hpp"
#include "storage/catalogue/request_repository.hpp"

#include <algorithm>
#include <charconv>

#include <nlohmann/json.hpp>

namespace sluice::api {

using nlohmann::json;

namespace dossiers {
namespace {

constexpr std::size_t kMostPrinted = 100'000;
constexpr std::size_t kLongestText = 1000;
constexpr auto kLongestPeriod = std::chrono::hours{24 * 366 * 10};

json entry_json(const catalogue::RegisterEntry& entry) {
    return {
        {"line", entry.line},
        {"dossier", entry.dossier_number},
        {"kind", to_string(entry.kind)},
        {"facts", json::parse(entry.facts, nullptr, false)},
        {"principal", entry.principal},
        {"at", to_rfc3339(entry.at)},
    };
}

std::string dump(const json& value) {
    return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

/// "115/000001" with its slash escaped, or "115-000001".
Answer read_dossier(const Call& call) {
    std::string number = call.variables.front();
    std::ranges::replace(number, '-', '/');
    catalogue::Pool& pool = call.services.database.pool();
    const auto request = catalogue::find_request_by_dossier(pool, number);
    if (!request) return std::unexpected(to_problem(request.error()));
    if (!*request) return std::unexpected(problem(404, "DOSSIER_NOT_FOUND", "No dossier has this number."));
    const auto entries = catalogue::load_dossier_entries(pool, number);
    if (!entries) return std::unexpected(to_problem(entries.error()));
    const auto screening = requests::screening_of(call, **request);
    if (!screening) return std::unexpected(screening.error());
    auto response = requests::case_response(call, (*request)->id);
    if (!response) return response;
    json list = json::array();
    for (const auto& entry : *entries)
        list.push_back(entry_json(entry));
    const json body{
        {"number", number},
        {"request", json::parse(std::get<std::string>(response->body))},
        {"register", std::move(list)},
        {"screening", json::parse(*screening)},
    };
    response->body = dump(body) + "\n";
    return response;
}

/// Entries of all dossiers of the period, for what is made in one piece.
std::expected<std::vector<print::RegisterLine>, http::Problem>
load_lines(const Call& call, const TimeRange& range) {
    const auto entries =
        catalogue::load_register_dossiers(call.services.database.pool(), range, kMostPrinted + 1);
    if (!entries) return std::unexpected(to_problem(entries.error()));
    if (entries->size() > kMostPrinted)
        return std::unexpected(
            unfit_parameter("to", "INTERVAL_TOO_LONG", "Too many entries; ask for a shorter period.")
        );
    return register_lines(*entries);
}

Answer as_csv(const Call& call, const TimeRange& range) {
    const auto lines = load_lines(call, range);
    if (!lines) return std::unexpected(lines.error());
    http::Response response;
    response.set("Content-Type", "text/csv; charset=utf-8; header=present");
    response.set("Content-Disposition", "attachment; filename=\"register.csv\"");
    response.set("Cache-Control", "no-store");
    response.body = register_csv(*lines);
    return response;
}

Answer as_page(const Call& call, const TimeRange& range, const std::string& kind) {
    const auto lines = load_lines(call, range);
    if (!lines) return std::unexpected(lines.error());
    return page_response(print::register_page(*lines, range, call.now), kind, "register");
}

Answer as_json(const Call& call, const TimeRange& range) {
    const auto limit = call.parameters.limit();
    if (!limit) return std::unexpected(limit.error());
    std::int64_t after = 0;
    if (const std::string* cursor = call.parameters.find("cursor")) {
        const char* const end = cursor->data() + cursor->size();
        const auto [stop, code] = std::from_chars(cursor->data(), end, after);
        if (code != std::errc{} || stop != end || after < 0)
            return std::unexpected(bad_parameter("cursor", "Not a cursor of this list."));
    }
    auto entries = catalogue::load_register(call.services.database.pool(), range, after, *limit + 1);
    if (!entries) return std::unexpected(to_problem(entries.error()));
    json next = nullptr;
    if (entries->size() > *limit) {
        entries->resize(*limit);
        next = std::to_string(entries->back().line);
    }
    json items = json::array();
    for (const auto& entry : *entries)
        items.push_back(entry_json(entry));
    return json_response(dump({{"items", std::move(items)}, {"next", std::move(next)}}));
}

Answer read_register(const Call& call) {
    const auto range = call.parameters.interval(kLongestPeriod);
    if (!range) return std::unexpected(range.error());
    const std::string* format = call.parameters.find("format");
    if (format == nullptr || *format == "json") return as_json(call, *range);
    if (*format == "csv") return as_csv(call, *range);
    if (*format == "html" || *format == "pdf") return as_page(call, *range, *format);
    return std::unexpected(bad_parameter("format", "Must be json, csv, html or pdf."));
}

/// Added behind the others: what is wrong stays to be read, beside what is right.
Answer correct_register(const Call& call) {
    const auto not_found = problem(404, "REGISTER_LINE_NOT_FOUND", "The register has no such line.");
    const std::string& text = call.variables.front();
    std::int64_t line = 0;
    const auto [stop, code] = std::from_chars(text.data(), text.data() + text.size(), line);
    if (code != std::errc{} || stop != text.data() + text.size()) return std::unexpected(not_found);
    const auto body = Body::parse(call.request, {"text", "reason"});
    if (!body) return std::unexpected(body.error());
    const auto right = body->required_text("text", kLongestText);
    if (!right) return std::unexpected(right.error());
    const auto reason = body->required_text("reason", kLongestText);
    if (!reason) return std::unexpected(reason.error());
    const auto wanted_id = idempotent_id(call, "correction " + std::to_string(line));
    if (!wanted_id) return std::unexpected(wanted_id.error());
    const Uuid id = wanted_id->value_or(make_uuid_v7(call.now));
    catalogue::Pool& pool = call.services.database.pool();
    if (*wanted_id) {
        const auto corrected = catalogue::find_correction(pool, id);
        if (!corrected) return std::unexpected(to_problem(corrected.error()));
        if (*corrected) return json_response(dump(entry_json(**corrected)));
    }
    const auto wrong = catalogue::find_register_line(pool, line);
    if (!wrong) return std::unexpected(to_problem(wrong.error()));
    if (!*wrong) return std::unexpected(not_found);
    const json facts{{"id", to_string(id)}, {"line", line}, {"text", *right}, {"reason", *reason}};
    const auto added = catalogue::correct_register(
        pool,
        (*wrong)->dossier_number,
        dump(facts),
        {.action = "register.corrected",
         .actor = actor_of(call),
         .subject = {.kind = "dossier", .id = (*wrong)->dossier_number},
         .facts = dump(facts)},
        call.now
    );
    if (!added) return std::unexpected(act_problem(added.error()));
    const auto entry = catalogue::find_register_line(pool, *added);
    if (!entry) return std::unexpected(to_problem(entry.error()));
    http::Response response = json_response(dump(entry_json(entry->value())));
    response.status = 201;
    return response;
}

}  // namespace
}  // namespace dossiers

void add_dossier_routes(Routes& routes) {
    routes.push_back(
        make_route("GET", "/v1/dossiers/{number}", Action::read_dossier, {}, dossiers::read_dossier)
    );
    routes.push_back(make_route(
        "GET",
        "/v1/register",
        Action::read_register,
        {"from", "to", "format", "limit", "cursor"},
        dossiers::read_register
    ));
    routes.push_back(make_route(
        "POST", "/v1/register/{line}/correct", Action::correct_register, {}, dossiers::correct_register
    ));
    dossiers::add_record_routes(routes);
}

}  // namespace sluice::api
