#include "api/access/detail/shared.hpp"
#include "api/acts.hpp"
#include "api/http/text.hpp"
#include "storage/catalogue/access_repository.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

namespace sluice::api::access_detail {
namespace {

using nlohmann::json;

std::optional<access::EventForm> form_of(const http::Request& request) {
    const std::string* type = request.find_header("content-type");
    if (type == nullptr) return std::nullopt;
    const std::string_view word = http::trim(std::string_view{*type}.substr(0, type->find(';')));
    if (http::is_same_word(word, "application/cloudevents+json")) return access::EventForm::structured;
    if (http::is_same_word(word, "application/cloudevents-batch+json")) return access::EventForm::batch;
    return std::nullopt;
}

/// Who sends, and for which sources. Empty: for any.
struct Sender {
    ledger::Actor actor;
    std::optional<std::set<std::string>> sources;
};

std::expected<Sender, http::Problem> sender_of(const Call& call, const catalogue::DoorNames& names) {
    const auto& roles = call.principal->roles;
    if (std::ranges::find(roles, "visitor") != roles.end()) {
        auto source = signed_source(call);
        if (!source) return std::unexpected(source.error());
        ledger::Actor actor{.id = std::nullopt, .name = "source " + *source, .role = "door_controller"};
        return Sender{.actor = std::move(actor), .sources = std::set{std::move(*source)}};
    }
    if (std::ranges::find(roles, "door_controller") == roles.end())
        return Sender{.actor = actor_of(call), .sources = std::nullopt};
    std::set<std::string> sources;
    for (const access::Controller& controller : names.controllers)
        if (controller.account_id == call.principal->id && !controller.source.empty())
            sources.insert(controller.source);
    return Sender{.actor = actor_of(call), .sources = std::move(sources)};
}

json refusal(std::size_t index, const access::EventFault& fault) {
    return {
        {"index", index},
        {"code", fault.code},
        {"field", fault.field.empty() ? json(nullptr) : json(fault.field)},
        {"cure", fault.cure},
    };
}

/// Puts what may be stored into the batch; the others' refusals by index. `places` says where each stood.
json sort_out(
    std::vector<access::ParsedEvent>&& parsed,
    const Sender& sender,
    const catalogue::DoorNames& names,
    catalogue::EventBatch& batch,
    std::vector<std::size_t>& places
) {
    json refused = json::array();
    for (std::size_t i = 0; i < parsed.size(); ++i) {
        if (!parsed[i]) {
            refused.push_back(refusal(i, parsed[i].error()));
            continue;
        }
        if (sender.sources && !sender.sources->contains(parsed[i]->source)) {
            refused.push_back(refusal(
                i,
                {"SOURCE_NOT_YOURS",
                 "source",
                 "send the source that the controller of this account is registered with"}
            ));
            continue;
        }
        catalogue::resolve(names, *parsed[i]);
        batch.events.push_back(std::move(*parsed[i]));
        places.push_back(i);
    }
    return refused;
}

http::Problem one_refused(const json& refused) {
    http::Problem out =
        problem(422, refused.at("code").get<std::string>(), refused.at("cure").get<std::string>());
    if (refused.at("field").is_string()) out.field = refused.at("field").get<std::string>();
    return out;
}

}  // namespace

Answer post_events(const Call& call, Shared& shared) {
    const auto form = form_of(call.request);
    if (!form)
        return std::unexpected(problem(
            415,
            "UNSUPPORTED_MEDIA_TYPE",
            "Send application/cloudevents+json or application/cloudevents-batch+json."
        ));
    const auto names = shared.names(call);
    if (!names) return std::unexpected(names.error());
    const auto sender = sender_of(call, **names);
    if (!sender) return std::unexpected(sender.error());
    const auto key = shared.card_key(call);
    if (!key) return std::unexpected(key.error());
    auto parsed = access::parse_cloud_events(call.request.body, *form, *key, call.now);
    if (!parsed) {
        const auto& error = parsed.error();
        return std::unexpected(problem(
            error.label() == "BODY_TOO_LONG" || error.label() == "TOO_MANY_EVENTS" ? 413 : 400,
            error.label(),
            error.message()
        ));
    }
    catalogue::EventBatch batch{
        .channel = catalogue::AccessChannel::post, .actor = sender->actor, .events = {}
    };
    std::vector<std::size_t> places;
    json refused = sort_out(std::move(*parsed), *sender, **names, batch, places);
    const auto stored = catalogue::accept_events(call.services.database.pool(), batch, call.now);
    if (!stored) return std::unexpected(act_problem(stored.error()));
    std::size_t duplicates = 0;
    for (std::size_t i = 0; i < places.size(); ++i) {
        if (stored->fates[i] == catalogue::EventFate::duplicate) ++duplicates;
        if (stored->fates[i] == catalogue::EventFate::conflict)
            refused.push_back(refusal(
                places[i], {"EVENT_CONFLICT", "id", "another event has this source and id; give each its own"}
            ));
    }
    if (*form == access::EventForm::structured && !refused.empty())
        return std::unexpected(one_refused(refused[0]));
    const json answer{
        {"batch", stored->batch_id ? json(to_string(*stored->batch_id)) : json(nullptr)},
        {"accepted", stored->accepted},
        {"duplicates", duplicates},
        {"refused", refused},
    };
    return json_response(answer.dump(-1, ' ', false, json::error_handler_t::replace));
}

}  // namespace sluice::api::access_detail
