#include "api/notices/dead_letters.hpp"

#include "api/acts.hpp"
#include "api/bodiless.hpp"
#include "api/notices/rules.hpp"
#include "storage/catalogue/delivery_repository.hpp"

#include <utility>

#include <nlohmann/json.hpp>

namespace sluice::api {
namespace {

using nlohmann::json;

std::string letter_json(const catalogue::DeadDelivery& letter) {
    json object{
        {"id", to_string(letter.delivery.id)},
        {"channel", catalogue::to_string(letter.delivery.channel)},
        {"target", letter.delivery.target},
        {"tries", letter.delivery.tries},
        {"problem", letter.problem},
        {"ended", to_rfc3339(letter.ended)},
        {"notice", json::parse(notice_json(letter.delivery.notice))},
    };
    return object.dump(-1, ' ', false, json::error_handler_t::replace);
}

Answer list_letters(const Call& call) {
    const auto limit = call.parameters.limit();
    if (!limit) return std::unexpected(limit.error());
    const auto before = call.parameters.id("cursor");
    if (!before) return std::unexpected(before.error());
    auto letters = catalogue::load_dead_deliveries(call.services.database.pool(), *before, *limit + 1);
    if (!letters) return std::unexpected(to_problem(letters.error()));
    std::string next = "null";
    if (letters->size() > *limit) {
        letters->resize(*limit);
        next = '"' + to_string(letters->back().delivery.id) + '"';
    }
    std::string items;
    for (const auto& letter : *letters)
        items += (items.empty() ? "" : ",") + letter_json(letter);
    return json_response("{\"items\":[" + items + "],\"next\":" + next + "}");
}

Answer retry_letter(const Call& call) {
    const auto id = uuid_from_string(call.variables.front());
    const http::Problem absent{
        .status = 404, .code = "DEAD_LETTER_NOT_FOUND", .detail = "No delivery with this id was given up."
    };
    if (!id) return std::unexpected(absent);
    const auto waits =
        catalogue::retry_delivery(call.services.database.pool(), *id, actor_of(call), call.now);
    if (!waits) return std::unexpected(act_problem(waits.error()));
    if (!*waits) return std::unexpected(absent);
    http::Response response;
    response.status = 202;
    response.set("Content-Type", "application/json");
    response.set("Cache-Control", "no-store");
    response.body = json{{"id", to_string(*id)}, {"state", "waiting"}}.dump() + "\n";
    return response;
}

}  // namespace

void add_dead_letter_routes(Routes& routes) {
    Route list;
    list.method = "GET";
    list.pattern = "/v1/webhooks/dead-letters";
    list.action = Action::manage_webhooks;
    list.is_cacheable = false;
    list.parameters = {"limit", "cursor"};
    list.handler = list_letters;
    routes.push_back(std::move(list));
    Route retry;
    retry.method = "POST";
    retry.pattern = "/v1/webhooks/dead-letters/{id}/retry";
    retry.action = Action::manage_webhooks;
    retry.is_cacheable = false;
    retry.handler = bodiless(retry_letter);
    routes.push_back(std::move(retry));
}

}  // namespace sluice::api
