#include "api/access/routes.hpp"

#include "api/access/detail/shared.hpp"

#include <memory>
#include <string_view>
#include <utility>

namespace sluice::api {
namespace {

using namespace access_detail;

Route cached(Route route) {
    route.is_cacheable = true;
    return route;
}

}  // namespace

bool takes_access_upload(std::string_view target) {
    const std::string_view path = target.substr(0, target.find('?'));
    return path == "/v1/access/events" || path == "/v1/access/imports";
}

void add_access_routes(Routes& routes) {
    const auto shared = std::make_shared<Shared>();  // shared by the routes and the streams under way
    Route post =
        make_route("POST", "/v1/access/events", Action::post_access_events, {}, [shared](const Call& call) {
            return post_events(call, *shared);
        });
    post.takes_nobody = true;
    post.takes_cookie = false;
    routes.push_back(std::move(post));
    const auto add = [&](const char* method,
                         const char* path,
                         Action action,
                         std::vector<std::string> parameters,
                         auto handler) {
        routes.push_back(make_route(method, path, action, std::move(parameters), std::move(handler)));
    };
    add("POST",
        "/v1/access/imports",
        Action::import_access_events,
        {"profile", "dry_run"},
        [shared](const Call& call) { return import_file(call, *shared); });
    add("GET", "/v1/access/imports/{id}", Action::read_access, {}, read_import);
    add("GET",
        "/v1/access/events",
        Action::read_access,
        {"door", "code", "category", "from", "to", "limit", "cursor"},
        list_events);
    routes.push_back(cached(make_route("GET", "/v1/access/events/{id}", Action::read_access, {}, read_event))
    );
    add("GET", "/v1/access/events/{id}/footage", Action::read_access, {}, event_footage);
    add("GET",
        "/v1/access/alarms",
        Action::read_access,
        {"door", "kind", "state", "from", "to", "limit", "cursor"},
        list_alarms);
    add("GET", "/v1/access/alarms/{id}", Action::read_access, {}, read_alarm);
    add("GET", "/v1/access/alarms/{id}/footage", Action::read_access, {}, alarm_footage);
    add("POST",
        "/v1/access/alarms/{id}/acknowledge",
        Action::answer_alarm,
        {},
        access_detail::acknowledge_alarm);
    add("POST", "/v1/access/alarms/{id}/resolve", Action::answer_alarm, {}, access_detail::resolve_alarm);
    add("GET", "/v1/access/reports/open-doors", Action::read_access, {"week", "format"}, weekly_report);
    add("GET", "/v1/access/stream", Action::read_access, {"door", "code"}, [shared](const Call& call) {
        return follow(call, shared);
    });
}

}  // namespace sluice::api
