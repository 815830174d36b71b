#include "api/coverage/coverage_json.hpp"
#include "api/requests/answers.hpp"
#include "api/requests/detail/common.hpp"
#include "storage/catalogue/footage_repository.hpp"
#include "storage/catalogue/purge_repository.hpp"
#include "storage/release/grant.hpp"

#include <utility>
#include <variant>

#include <nlohmann/json.hpp>

/// What there is of the footage that a case asks for, and what a grant of it would open: for the worksheet,
/// and for whoever countersigns, decides or audits.
namespace sluice::api::requests {

using nlohmann::json;
using release::Case;

namespace {

json range_json(const TimeRange& range) {
    return {{"from", to_rfc3339(range.from)}, {"to", to_rfc3339(range.to)}};
}

json pieces_json(const std::vector<release::Piece>& pieces) {
    json list = json::array();
    for (const release::Piece& piece : pieces)
        list.push_back(range_json(piece.range));
    return list;
}

/// The asked interval as frames, both ways. Footage that is still to become durable is not resolved yet.
Got<json> resolved_json(const Call& call, const Uuid& camera_id, const TimeRange& asked) {
    const auto resolved =
        release::resolve_inward(call.services.database.pool(), camera_id, StreamKind::main, asked);
    if (!resolved) return std::unexpected(to_problem(resolved.error()));
    if (const auto* refusal = std::get_if<clip::Refusal>(&*resolved))
        return json{
            {"unresolved", refusal->code},
            {"available_to", refusal->available_to ? json(to_rfc3339(*refusal->available_to)) : json(nullptr)
            },
            {"inward", json::array()},
            {"outward", json::array()},
        };
    const auto& found = std::get<release::Resolution>(*resolved);
    return json{
        {"unresolved", nullptr},
        {"available_to", nullptr},
        {"inward", pieces_json(found.pieces)},
        {"outward", pieces_json(found.outward)},
    };
}

Got<json> recorded_json(const Call& call, const Uuid& camera_id, const TimeRange& asked) {
    catalogue::Pool& pool = call.services.database.pool();
    const auto stream = catalogue::find_stream(pool, camera_id, StreamKind::main);
    if (!stream) return std::unexpected(to_problem(stream.error()));
    if (!*stream) return coverage_json({}, {}, asked);
    const auto found = catalogue::load_coverage(pool, (*stream)->id, StreamKind::main, asked);
    if (!found) return std::unexpected(to_problem(found.error()));
    const auto destroyed = catalogue::load_destroyed(pool, (*stream)->id, StreamKind::main, asked);
    if (!destroyed) return std::unexpected(to_problem(destroyed.error()));
    std::vector<TimeRange> covered;
    for (const catalogue::CoverageRow& row : found->covered)
        covered.push_back(row.range);
    return coverage_json(cover(covered, found->gaps, asked, call.now), *destroyed, asked);
}

Answer read_screening(const Call& call) {
    const auto request = get_case(call);
    if (!request) return std::unexpected(request.error());
    Subject subject;
    subject.relation = relation_to(call, *request);
    if (const auto allowed = permit(call, Action::read_screening, subject); !allowed)
        return std::unexpected(allowed.error());
    auto text = screening_of(call, *request);
    if (!text) return std::unexpected(text.error());
    http::Response response = json_response(*text);
    response.set("Cache-Control", "no-store");
    return response;
}

}  // namespace

std::expected<std::string, http::Problem> screening_of(const Call& call, const Case& request) {
    const auto slugs = slugs_of(call, request.cameras);
    if (!slugs) return std::unexpected(slugs.error());
    json cameras = json::array();
    for (std::size_t i = 0; i < request.cameras.size() && request.interval; ++i) {
        auto camera = recorded_json(call, request.cameras[i], *request.interval);
        if (!camera) return std::unexpected(camera.error());
        const auto resolved = resolved_json(call, request.cameras[i], *request.interval);
        if (!resolved) return std::unexpected(resolved.error());
        camera->update(*resolved);
        (*camera)["camera"] = slugs->at(i);
        (*camera)["asked"] = range_json(*request.interval);
        cameras.push_back(std::move(*camera));
    }
    const json body{
        {"request", to_string(request.id)}, {"at", to_rfc3339(call.now)}, {"cameras", std::move(cameras)}
    };
    return body.dump(-1, ' ', false, json::error_handler_t::replace);
}

void add_screening_route(Routes& routes) {
    routes.push_back(
        make_route("GET", "/v1/requests/{id}/screening", Action::read_screening, {}, read_screening)
    );
}

}  // namespace sluice::api::requests
