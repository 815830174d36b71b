#include "api/access/detail/shared.hpp"
#include "api/access/rules.hpp"
#include "api/acts.hpp"
#include "api/http/text.hpp"
#include "storage/access/event_csv.hpp"
#include "storage/catalogue/import_report.hpp"

#include <utility>

#include <nlohmann/json.hpp>

namespace sluice::api::access_detail {
namespace {

constexpr std::size_t kMostRows = 20'000;  // what a request may wait for; the tool takes more

bool is_csv(const http::Request& request) {
    const std::string* type = request.find_header("content-type");
    if (type == nullptr) return false;
    const std::string_view text{*type};
    return http::is_same_word(http::trim(text.substr(0, text.find(';'))), "text/csv");
}

http::Problem file_problem(const access::CsvFault& fault) {
    std::string detail = "The file " + fault.text + ".";
    if (!fault.column.empty()) detail = "Column " + fault.column + ": " + fault.text + ".";
    http::Problem out = problem(422, "CSV_INVALID", std::move(detail));
    out.field = "body";
    return out;
}

}  // namespace

Answer import_file(const Call& call, Shared& shared) {
    const auto is_dry = call.parameters.flag("dry_run");
    if (!is_dry) return std::unexpected(is_dry.error());
    const std::string* profile = call.parameters.find("profile");
    if (profile == nullptr)
        return std::unexpected(bad_parameter("profile", "Name the controller that the file is of."));
    if (!is_csv(call.request))
        return std::unexpected(problem(415, "UNSUPPORTED_MEDIA_TYPE", "Send the file as text/csv."));
    const auto controller = catalogue::find_controller(call.services.database.pool(), *profile);
    if (!controller) return std::unexpected(to_problem(controller.error()));
    if (!*controller)
        return std::unexpected(
            unfit_parameter("profile", "CONTROLLER_NOT_FOUND", "No controller has this slug.")
        );
    const auto names = shared.names(call);
    if (!names) return std::unexpected(names.error());
    const auto key = shared.card_key(call);
    if (!key) return std::unexpected(key.error());
    const access::CsvSender sender = catalogue::csv_sender((*controller)->controller, **names);
    auto events = access::parse_event_csv(call.request.body, sender, *key, call.now);
    if (!events) return std::unexpected(file_problem(events.error().front()));
    if (events->events.size() + events->faulty_rows > kMostRows)
        return std::unexpected(problem(
            413,
            "TOO_MANY_ROWS",
            "The file has more than 20000 rows: send it in parts, or use sluice access import."
        ));
    catalogue::ImportRow import{
        .id = make_uuid_v7(call.now),
        .sha256 = sha256(as_bytes(call.request.body)),
        .profile = *profile,
        .rows = events->events.size() + events->faulty_rows,
        .faulty = events->faulty_rows,
        .faults = {},
        .importer = call.principal->name,
        .imported = call.now,
    };
    if (*is_dry) {
        import.faults = std::move(events->faults);
        return json_response(catalogue::to_json(import, true));
    }
    const auto done = catalogue::import_events(
        call.services.database.pool(), std::move(import), std::move(*events), actor_of(call)
    );
    if (!done) return std::unexpected(act_problem(done.error()));
    http::Response response = json_response(catalogue::to_json(*done, false));
    response.status = 201;
    response.set("Location", "/v1/access/imports/" + sluice::to_string(done->id));
    return response;
}

Answer read_import(const Call& call) {
    const auto absent = problem(404, "IMPORT_NOT_FOUND", "No import has this id.");
    const auto id = uuid_from_string(call.variables.front());
    if (!id) return std::unexpected(absent);
    const auto found = catalogue::find_import(call.services.database.pool(), *id);
    if (!found) return std::unexpected(to_problem(found.error()));
    if (!*found) return std::unexpected(absent);
    return json_response(catalogue::to_json(**found, false));
}

}  // namespace sluice::api::access_detail
