#include "api/policy/routes.hpp"

#include "api/body.hpp"
#include "api/policy/rules.hpp"
#include "config/policy/json.hpp"

#include <charconv>
#include <utility>

namespace sluice::api {
namespace {

using Versions = std::vector<catalogue::PolicyVersionRow>;

std::expected<Versions, http::Problem> get_versions(const Call& call) {
    auto versions = catalogue::load_policy_versions(call.services.database.pool());
    if (!versions) return std::unexpected(to_problem(versions.error()));
    return std::move(*versions);
}

http::Response version_response(const Call& call, const Versions& versions, int number, unsigned status) {
    http::Response response;
    response.status = status;
    response.set("Content-Type", "application/json");
    response.set("Cache-Control", "no-store");
    for (const auto& version : versions)
        if (version.number == number) response.body = version_json(version, versions, call.now) + "\n";
    return response;
}

Answer list_versions(const Call& call) {
    const auto versions = get_versions(call);
    if (!versions) return std::unexpected(versions.error());
    std::string items;
    for (const auto& version : *versions)
        items += (items.empty() ? "" : ",") + version_json(version, *versions, call.now);
    return json_response("{\"items\":[" + items + "],\"next\":null}");
}

Answer propose(const Call& call) {
    const auto body = Body::parse(call.request, {"rules", "note"});
    if (!body) return std::unexpected(body.error());
    const auto note = body->required_text("note", 2000);
    if (!note) return std::unexpected(note.error());
    const auto rules = policy::rules_from_json(body->raw("rules"));
    if (!rules) return std::unexpected(bad_member("rules", rules.error().message()));
    if (const auto policy = policy::to_policy(*rules); !policy)
        return std::unexpected(unfit_member("rules", "POLICY_INVALID", policy.error().message()));
    catalogue::Pool& pool = call.services.database.pool();
    const auto number = catalogue::propose_policy(pool, *rules, *note, *call.principal, call.now);
    if (!number) return std::unexpected(to_problem(number.error()));
    const auto versions = get_versions(call);
    if (!versions) return std::unexpected(versions.error());
    return version_response(call, *versions, *number, 201);
}

std::expected<const catalogue::PolicyVersionRow*, http::Problem>
find_proposal(const Call& call, const Versions& versions) {
    const std::string& text = call.variables.front();
    int number = 0;
    const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
    const bool is_number = code == std::errc{} && end == text.data() + text.size();
    for (const auto& version : versions) {
        if (!is_number || version.number != number) continue;
        if (version.adoption)
            return std::unexpected(problem(409, "POLICY_ADOPTED", "This version is adopted already."));
        if (version.proposer_id == call.principal->id)
            return std::unexpected(problem(
                403, "SOD_SELF_APPROVAL", "Who proposed a version does not adopt it: another person has to."
            ));
        return &version;
    }
    return std::unexpected(problem(404, "POLICY_VERSION_NOT_FOUND", "No version has this number."));
}

Answer adopt(const Call& call) {
    const auto versions = get_versions(call);
    if (!versions) return std::unexpected(versions.error());
    const auto proposal = find_proposal(call, *versions);
    if (!proposal) return std::unexpected(proposal.error());
    const auto body = Body::parse(call.request, {"document", "valid_from"});
    if (!body) return std::unexpected(body.error());
    const auto document = body->required_text("document", 200);
    if (!document) return std::unexpected(document.error());
    const auto valid_from = body->time("valid_from");
    if (!valid_from) return std::unexpected(valid_from.error());
    if (*valid_from && **valid_from < call.now)
        return std::unexpected(unfit_member("valid_from", "POLICY_BACKDATED", "Must not have passed."));
    const int number = (*proposal)->number;
    const auto adopted = catalogue::adopt_policy(
        call.services.database.pool(),
        number,
        *call.principal,
        *document,
        valid_from->value_or(call.now),
        call.now
    );
    if (!adopted) return std::unexpected(to_problem(adopted.error()));
    if (!*adopted) return std::unexpected(problem(409, "POLICY_ADOPTED", "This version is adopted already."));
    const auto after = get_versions(call);
    if (!after) return std::unexpected(after.error());
    return version_response(call, *after, number, 200);
}

Route policy_route(
    const char* method,
    const char* pattern,
    Action action,
    std::function<Answer(const Call&)> handler
) {
    Route route = make_route(method, pattern, action, {}, std::move(handler));
    route.is_cacheable = route.method == "GET";
    return route;
}

}  // namespace

void add_policy_routes(Routes& routes) {
    routes.push_back(policy_route("GET", "/v1/policy/versions", Action::read_policy, list_versions));
    routes.push_back(policy_route("POST", "/v1/policy/versions", Action::propose_policy, propose));
    routes.push_back(policy_route("POST", "/v1/policy/versions/{number}/adopt", Action::adopt_policy, adopt));
}

}  // namespace sluice::api
