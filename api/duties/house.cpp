#include "api/acts.hpp"
#include "api/cursor.hpp"
#include "api/duties/routes.hpp"
#include "api/duties/rules.hpp"
#include "api/http/range.hpp"
#include "api/idempotency.hpp"
#include "storage/catalogue/door_repository.hpp"
#include "storage/catalogue/footage_repository.hpp"

#include <utility>

namespace sluice::api {
namespace {

constexpr std::size_t kLongestText = 2000;
constexpr std::size_t kLongestName = 200;

/// An object as it stands now: what is late changes with the clock alone.
http::Response answer(unsigned status, std::string json, const std::string& location = {}) {
    http::Response response;
    response.status = status;
    response.set("Content-Type", "application/json");
    response.set("Cache-Control", "no-store");
    if (status == 201 && !location.empty()) response.set("Location", location);
    response.body = std::move(json) + "\n";
    return response;
}

std::expected<bool, http::Problem> only_open(const Call& call) {
    const std::string* state = call.parameters.find("state");
    if (state == nullptr) return false;
    if (*state != "open") return std::unexpected(bad_parameter("state", "Must be open, or left out."));
    return true;
}

/// A page of what is ordered by time and id.
template <class Row, class Cursor>
Answer list(
    const Call& call,
    Result<std::vector<Row>> (*load)(catalogue::Pool&, bool, std::optional<Cursor>, std::size_t),
    std::string (*to_json)(const Row&, UtcTime)
) {
    const auto is_open = only_open(call);
    if (!is_open) return std::unexpected(is_open.error());
    const auto limit = call.parameters.limit();
    if (!limit) return std::unexpected(limit.error());
    std::optional<Cursor> after;
    if (const std::string* cursor = call.parameters.find("cursor")) {
        const auto place = segment_cursor_from(*cursor);  // time and id, as in the list of segments
        if (!place) return std::unexpected(bad_parameter("cursor", "Not a cursor of this list."));
        after = Cursor{place->from, place->id};
    }
    auto rows = load(call.services.database.pool(), *is_open, after, *limit + 1);
    if (!rows) return std::unexpected(to_problem(rows.error()));
    std::string next = "null";
    if (rows->size() > *limit) {
        rows->resize(*limit);
        next = '"' + to_cursor(catalogue::SegmentCursor{rows->back().opened, rows->back().id}) + '"';
    }
    std::string items;
    for (const Row& row : *rows)
        items += (items.empty() ? "" : ",") + to_json(row, call.now);
    return json_response("{\"items\":[" + items + "],\"next\":" + next + "}");
}

/// The camera that a body names, or none.
std::expected<std::optional<Uuid>, http::Problem> camera_id(const Call& call, const std::string& slug) {
    if (slug.empty()) return std::optional<Uuid>{};
    const auto camera = catalogue::find_camera(call.services.database.pool(), slug);
    if (!camera) return std::unexpected(to_problem(camera.error()));
    if (!*camera)
        return std::unexpected(unfit_member("camera", "CAMERA_NOT_FOUND", "No camera has this slug."));
    return std::optional{(*camera)->id};
}

// ---- follow-ups

Answer list_follow_ups(const Call& call) {
    return list(call, catalogue::load_follow_ups, follow_up_json);
}

Answer follow_up_response(const Call& call, const Uuid& id, unsigned status) {
    const auto row = catalogue::find_follow_up(call.services.database.pool(), id);
    if (!row) return std::unexpected(to_problem(row.error()));
    if (!*row) return std::unexpected(problem(404, "FOLLOW_UP_NOT_FOUND", "No follow-up has this id."));
    return answer(status, follow_up_json(**row, call.now), "/v1/follow-ups/" + to_string(id));
}

Answer open_follow_up(const Call& call) {
    const auto body = Body::parse(call.request, {"item", "owner", "source", "due"});
    if (!body) return std::unexpected(body.error());
    catalogue::FollowUpRow row;
    auto item = body->required_text("item", kLongestText);
    if (!item) return std::unexpected(item.error());
    auto owner = body->required_text("owner", kLongestName);
    if (!owner) return std::unexpected(owner.error());
    auto source = body->required_text("source", kLongestName);
    if (!source) return std::unexpected(source.error());
    const auto due = required_date(*body, "due");
    if (!due) return std::unexpected(due.error());
    const auto id = idempotent_id(call, "follow_up");
    if (!id) return std::unexpected(id.error());
    row.id = id->value_or(make_uuid_v7(call.now));
    row.item = std::move(*item);
    row.owner = std::move(*owner);
    row.source = std::move(*source);
    row.due = *due;
    const auto opened =
        catalogue::open_follow_up(call.services.database.pool(), row, actor_of(call), call.now);
    if (!opened) return std::unexpected(act_problem(opened.error()));
    return follow_up_response(call, row.id, *opened ? 201 : 200);
}

std::expected<Uuid, http::Problem> id_of(const Call& call, const char* code, const char* detail) {
    const auto id = uuid_from_string(call.variables.front());
    if (!id) return std::unexpected(problem(404, code, detail));
    return *id;
}

Answer read_follow_up(const Call& call) {
    const auto id = id_of(call, "FOLLOW_UP_NOT_FOUND", "No follow-up has this id.");
    if (!id) return std::unexpected(id.error());
    return follow_up_response(call, *id, 200);
}

Answer close_follow_up(const Call& call) {
    const auto id = id_of(call, "FOLLOW_UP_NOT_FOUND", "No follow-up has this id.");
    if (!id) return std::unexpected(id.error());
    const auto body = Body::parse(call.request, {"evidence"});
    if (!body) return std::unexpected(body.error());
    const auto evidence = body->required_text("evidence", kLongestText);
    if (!evidence) return std::unexpected(evidence.error());
    const auto closed =
        catalogue::close_follow_up(call.services.database.pool(), *id, *evidence, actor_of(call), call.now);
    if (!closed) return std::unexpected(act_problem(closed.error()));
    Answer row = follow_up_response(call, *id, 200);
    if (!row || *closed) return row;
    return std::unexpected(problem(409, "FOLLOW_UP_CLOSED", "The follow-up was closed before."));
}

// ---- repairs

Answer list_repairs(const Call& call) {
    return list(call, catalogue::load_repairs, repair_json);
}

Answer repair_response(const Call& call, const Uuid& id, unsigned status) {
    const auto row = catalogue::find_repair(call.services.database.pool(), id);
    if (!row) return std::unexpected(to_problem(row.error()));
    if (!*row) return std::unexpected(problem(404, "REPAIR_NOT_FOUND", "No repair ticket has this id."));
    return answer(status, repair_json(**row, call.now), "/v1/repairs/" + to_string(id));
}

/// What is broken, as far as the body names it.
std::expected<void, http::Problem>
name_place(const Call& call, const Body& body, catalogue::NewRepair& repair) {
    catalogue::Pool& pool = call.services.database.pool();
    const auto slug = body.text("camera", 63);
    if (!slug) return std::unexpected(slug.error());
    const auto camera = camera_id(call, *slug);
    if (!camera) return std::unexpected(camera.error());
    repair.camera_id = *camera;
    auto door = body.text("door", 63);
    if (!door) return std::unexpected(door.error());
    if (!door->empty()) {
        const auto found = catalogue::find_door(pool, *door);
        if (!found) return std::unexpected(to_problem(found.error()));
        if (!*found) return std::unexpected(unfit_member("door", "DOOR_NOT_FOUND", "No door has this slug."));
    }
    repair.door = std::move(*door);
    const auto number = body.text("property_number", kLongestName);
    if (!number) return std::unexpected(number.error());
    if (number->empty()) return {};
    const auto asset = catalogue::find_asset(pool, *number);
    if (!asset) return std::unexpected(to_problem(asset.error()));
    if (!*asset)
        return std::unexpected(unfit_member("property_number", "ASSET_NOT_FOUND", "No asset has this number.")
        );
    repair.asset_id = (*asset)->id;
    return {};
}

Answer open_repair(const Call& call) {
    const auto body = Body::parse(call.request, {"title", "detail", "camera", "door", "property_number"});
    if (!body) return std::unexpected(body.error());
    auto title = body->required_text("title", kLongestName);
    if (!title) return std::unexpected(title.error());
    auto detail = body->text("detail", kLongestText);
    if (!detail) return std::unexpected(detail.error());
    const auto id = idempotent_id(call, "repair");
    if (!id) return std::unexpected(id.error());
    catalogue::NewRepair repair{
        .id = id->value_or(make_uuid_v7(call.now)),
        .source = {},
        .title = std::move(*title),
        .detail = std::move(*detail),
        .actor = actor_of(call)
    };
    repair.source = "person:" + to_string(repair.id);
    if (const auto named = name_place(call, *body, repair); !named) return std::unexpected(named.error());
    const auto opened = catalogue::open_repair(call.services.database.pool(), repair, call.now);
    if (!opened) return std::unexpected(act_problem(opened.error()));
    return repair_response(call, repair.id, *opened ? 201 : 200);
}

Answer read_repair(const Call& call) {
    const auto id = id_of(call, "REPAIR_NOT_FOUND", "No repair ticket has this id.");
    if (!id) return std::unexpected(id.error());
    return repair_response(call, *id, 200);
}

Answer end_repair(const Call& call) {
    const auto id = id_of(call, "REPAIR_NOT_FOUND", "No repair ticket has this id.");
    if (!id) return std::unexpected(id.error());
    const auto body = Body::parse(call.request, {"result"});
    if (!body) return std::unexpected(body.error());
    const auto result = body->required_text("result", kLongestText);
    if (!result) return std::unexpected(result.error());
    const auto ended =
        catalogue::end_repair(call.services.database.pool(), *id, *result, actor_of(call), call.now);
    if (!ended) return std::unexpected(act_problem(ended.error()));
    Answer row = repair_response(call, *id, 200);
    if (!row || *ended) return row;
    return std::unexpected(problem(409, "REPAIR_ENDED", "The repair has ended before."));
}

// ---- assets

std::string etag_of(const catalogue::AssetRow& asset) {
    return '"' + std::to_string(asset.revision) + '"';
}

Answer asset_response(const Call& call, const std::string& number, unsigned status) {
    const auto row = catalogue::find_asset(call.services.database.pool(), number);
    if (!row) return std::unexpected(to_problem(row.error()));
    if (!*row) return std::unexpected(problem(404, "ASSET_NOT_FOUND", "No asset has this property number."));
    http::Response response = answer(status, asset_json(**row, call.now));
    response.set("ETag", etag_of(**row));
    return response;
}

Answer list_assets(const Call& call) {
    const auto restricted = call.parameters.flag("restricted");
    if (!restricted) return std::unexpected(restricted.error());
    const auto limit = call.parameters.limit();
    if (!limit) return std::unexpected(limit.error());
    std::string after;
    if (const std::string* cursor = call.parameters.find("cursor")) {
        const auto place = slug_cursor_from(*cursor);
        if (!place) return std::unexpected(bad_parameter("cursor", "Not a cursor of this list."));
        after = *place;
    }
    auto rows = catalogue::load_assets(call.services.database.pool(), after, *restricted, *limit + 1);
    if (!rows) return std::unexpected(to_problem(rows.error()));
    std::string next = "null";
    if (rows->size() > *limit) {
        rows->resize(*limit);
        next = '"' + to_cursor(std::string_view{rows->back().property_number}) + '"';
    }
    std::string items;
    for (const catalogue::AssetRow& row : *rows)
        items += (items.empty() ? "" : ",") + asset_json(row, call.now);
    return json_response("{\"items\":[" + items + "],\"next\":" + next + "}");
}

Answer read_asset(const Call& call) {
    return asset_response(call, call.variables.front(), 200);
}

/// Entered when the number is new; else changed, by whoever has seen how it stands.
Answer keep_asset(const Call& call) {
    const std::string& number = call.variables.front();
    const auto body = Body::parse(call.request, kAssetMembers);
    if (!body) return std::unexpected(body.error());
    auto row = parse_asset(*body, call.now);
    if (!row) return std::unexpected(row.error());
    const auto camera = camera_id(call, row->camera);
    if (!camera) return std::unexpected(camera.error());
    row->camera_id = *camera;
    catalogue::Pool& pool = call.services.database.pool();
    const auto known = catalogue::find_asset(pool, number);
    if (!known) return std::unexpected(to_problem(known.error()));
    const auto changed =
        problem(412, "ASSET_CHANGED", "The asset was changed since; read it again and decide anew.");
    const std::string* match = call.request.find_header("if-match");
    if (*known && match == nullptr)
        return std::unexpected(
            problem(428, "IF_MATCH_NEEDED", "The number is entered: send its ETag as If-Match to change it.")
        );
    if (match != nullptr && !(*known && http::names_etag(*match, etag_of(**known), http::Comparison::strong)))
        return std::unexpected(changed);
    row->id = *known ? (*known)->id : make_uuid_v7(call.now);
    row->property_number = number;
    row->revision = *known ? (*known)->revision + 1 : 1;
    if (*known && (*known)->retired && row->retired) row->retired = (*known)->retired;
    const auto saved = catalogue::save_asset(pool, *row, actor_of(call), call.now);
    if (!saved) return std::unexpected(act_problem(saved.error()));
    if (!*saved) return std::unexpected(changed);
    return asset_response(call, number, *known ? 200 : 201);
}

}  // namespace

void add_house_routes(Routes& routes) {
    const std::vector<std::string> page{"state", "limit", "cursor"};
    routes.push_back(make_route("GET", "/v1/follow-ups", Action::read_duties, page, list_follow_ups));
    routes.push_back(make_route("POST", "/v1/follow-ups", Action::manage_duties, {}, open_follow_up));
    routes.push_back(make_route("GET", "/v1/follow-ups/{id}", Action::read_duties, {}, read_follow_up));
    routes.push_back(make_route("POST", "/v1/follow-ups/{id}/close", Action::do_duty, {}, close_follow_up));
    routes.push_back(make_route("GET", "/v1/repairs", Action::read_duties, page, list_repairs));
    routes.push_back(make_route("POST", "/v1/repairs", Action::manage_duties, {}, open_repair));
    routes.push_back(make_route("GET", "/v1/repairs/{id}", Action::read_duties, {}, read_repair));
    routes.push_back(make_route("POST", "/v1/repairs/{id}/end", Action::do_duty, {}, end_repair));
    routes.push_back(
        make_route("GET", "/v1/assets", Action::read_duties, {"restricted", "limit", "cursor"}, list_assets)
    );
    routes.push_back(make_route("GET", "/v1/assets/{number}", Action::read_duties, {}, read_asset));
    routes.push_back(make_route("PUT", "/v1/assets/{number}", Action::manage_duties, {}, keep_asset));
}

}  // namespace sluice::api
