#include "api/notices/routes.hpp"

#include "api/acts.hpp"
#include "api/bodiless.hpp"
#include "api/notices/rules.hpp"
#include "api/notices/stream.hpp"

#include <utility>

namespace sluice::api {
namespace {

std::unexpected<http::Problem> not_found() {
    return std::unexpected(
        http::Problem{.status = 404, .code = "NOTICE_NOT_FOUND", .detail = "No notice of yours has this id."}
    );
}

Answer list_notices(const Call& call) {
    const auto limit = call.parameters.limit();
    if (!limit) return std::unexpected(limit.error());
    bool only_open = false;
    if (const std::string* state = call.parameters.find("state")) {
        if (*state != "open") return std::unexpected(bad_parameter("state", "Must be open, or left out."));
        only_open = true;
    }
    std::optional<std::int64_t> before;
    if (const std::string* cursor = call.parameters.find("cursor")) {
        before = place_from(*cursor);
        if (!before) return std::unexpected(bad_parameter("cursor", "Not a cursor of this list."));
    }
    auto rows = catalogue::load_notices(
        call.services.database.pool(), reader_of(call), only_open, before, *limit + 1
    );
    if (!rows) return std::unexpected(to_problem(rows.error()));
    std::string next = "null";
    if (rows->size() > *limit) {
        rows->resize(*limit);
        next = '"' + std::to_string(rows->back().place) + '"';
    }
    std::string items;
    for (const auto& row : *rows)
        items += (items.empty() ? "" : ",") + notice_json(row);
    return json_response("{\"items\":[" + items + "],\"next\":" + next + "}");
}

/// A second acknowledgement changes nothing: who was first stays.
Answer acknowledge(const Call& call) {
    const auto id = uuid_from_string(call.variables.front());
    if (!id) return not_found();
    catalogue::Pool& pool = call.services.database.pool();
    const auto notice = catalogue::find_notice(pool, *id);
    if (!notice) return std::unexpected(to_problem(notice.error()));
    if (!*notice || !catalogue::is_for(**notice, reader_of(call))) return not_found();
    const auto done = catalogue::acknowledge_notice(pool, *id, actor_of(call), call.now);
    if (!done) return std::unexpected(act_problem(done.error()));
    const auto after = catalogue::find_notice(pool, *id);
    if (!after) return std::unexpected(to_problem(after.error()));
    return json_response(notice_json(after->value()));
}

}  // namespace

void add_notice_routes(Routes& routes) {
    routes.push_back(
        make_route("GET", "/v1/notices", Action::read_notices, {"state", "limit", "cursor"}, list_notices)
    );
    routes.push_back(make_route(
        "GET",
        "/v1/notices/stream",
        Action::read_notices,
        {},
        [followers = std::make_shared<NoticeFollowers>()](const Call& call) {
            return follow_notices(call, followers);
        }
    ));
    routes.push_back(make_route(
        "POST", "/v1/notices/{id}/acknowledge", Action::acknowledge_notice, {}, bodiless(acknowledge)
    ));
}

}  // namespace sluice::api
