#include "api/requests/detail/attempt.hpp"
#include "storage/catalogue/register_repository.hpp"
#include "storage/release/grant.hpp"
#include "storage/release/not_held.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

namespace sluice::api::requests {

using nlohmann::json;
using release::Case;

namespace {

json range_json(const TimeRange& range) {
    return {{"from", to_rfc3339(range.from)}, {"to", to_rfc3339(range.to)}};
}

/// `controller`: the body that the officer names as the one who has recorded it; empty: none.
json proof_of(const std::string& slug, const catalogue::Holding& holding, const std::string& controller) {
    const std::string_view code = release::not_held_code({
        .is_known = holding.is_known,
        .destroyed = holding.destroyed,
        .rules = holding.rules,
        .has_other_controller = !controller.empty(),
    });
    const bool is_others = code == "NOT_HELD_OTHER_CONTROLLER" && !controller.empty();
    json certificates = json::array();
    for (const Uuid& certificate : holding.certificates)
        certificates.push_back(to_string(certificate));
    return {
        {"camera", slug},
        {"code", code},
        {"controller", is_others ? json(controller) : json(nullptr)},
        {"destroyed_segments", holding.destroyed},
        {"rules", holding.rules},
        {"certificates", std::move(certificates)},
        {"gap_causes", holding.gap_causes},
    };
}

http::Problem not_yet_durable(const clip::Refusal& refusal) {
    http::Problem made = refused("NOT_YET_DURABLE", refusal.detail);
    if (refusal.available_to)
        made.members.emplace_back("available_to", '"' + to_rfc3339(*refusal.available_to) + '"');
    return made;
}

}  // namespace

Got<void> resolve_grant(const Call& call, const Case& request, Try& tried) {
    json outward = json::array();
    for (const release::Area& area : wanted_of(request, tried.attempt).areas) {
        const auto resolved = release::resolve_inward(
            call.services.database.pool(), area.camera_id, StreamKind::main, area.interval
        );
        if (!resolved) return std::unexpected(to_problem(resolved.error()));
        if (const auto* refusal = std::get_if<clip::Refusal>(&*resolved))
            return std::unexpected(not_yet_durable(*refusal));
        const auto& found = std::get<release::Resolution>(*resolved);
        const auto& pieces = tried.is_outward ? found.outward : found.pieces;
        const auto slug = slugs_of(call, {area.camera_id});
        if (!slug) return std::unexpected(slug.error());
        if (pieces.empty()) tried.attempt.is_grant_empty = true;
        for (const release::Piece& piece : pieces)
            tried.items.push_back({area.camera_id, "main", area.interval, piece.range, tried.is_outward});
        json ranges = json::array();
        for (const release::Piece& piece : found.outward)
            ranges.push_back(range_json(piece.range));
        outward.push_back({{"camera", slug->front()}, {"outward", std::move(ranges)}});
    }
    tried.extra = json{{"outward", std::move(outward)}}.dump();
    return {};
}

Got<void> look_for_footage(const Call& call, const Case& request, Try& tried) {
    json proofs = json::array();
    const auto slugs = slugs_of(call, request.cameras);
    if (!slugs) return std::unexpected(slugs.error());
    for (const auto& [camera, controller] : tried.controllers)
        if (std::ranges::find(*slugs, camera) == slugs->end())
            return std::unexpected(unfit_member(
                "controllers",
                "CAMERA_NOT_FOUND",
                "The request does not ask for \"" + camera.substr(0, 63) + "\"."
            ));
    tried.attempt.is_footage_held = false;
    for (std::size_t i = 0; i < request.cameras.size() && request.interval; ++i) {
        const auto holding =
            catalogue::measure_holding(call.services.database.pool(), request.cameras[i], *request.interval);
        if (!holding) return std::unexpected(to_problem(holding.error()));
        tried.attempt.is_footage_held |= holding->segments > 0;
        const auto named = tried.controllers.find(slugs->at(i));
        proofs.push_back(
            proof_of(slugs->at(i), *holding, named == tried.controllers.end() ? std::string{} : named->second)
        );
    }
    tried.extra = json{{"proofs", std::move(proofs)}}.dump();
    return {};
}

}  // namespace sluice::api::requests
