#include "api/system/routes.hpp"

#include "api/system/contract.hpp"
#include "api/system/metrics.hpp"
#include "api/system/readiness.hpp"

#include <nlohmann/json.hpp>

namespace sluice::api {

using nlohmann::json;

namespace {

http::Response unstored(std::string type, std::string text) {
    http::Response response;
    response.set("Content-Type", std::move(type));
    response.set("Cache-Control", "no-store");
    response.body = std::move(text);
    return response;
}

Answer tell_health(const Call&) {
    return unstored("application/json", "{\"status\":\"ok\"}\n");
}

/// Not asked of a database that does not answer.
LedgerHealth ledger_health(Services& services, DatabaseHealth database) {
    if (database != DatabaseHealth::reachable) return {};
    return services.ledger.health(services.database.pool());
}

Answer tell_readiness(const Call& call) {
    const auto status = call.services.status.read();
    Observations seen;
    seen.database = call.services.database.health();
    seen.catalogue = call.services.database.signs();
    seen.ledger = ledger_health(call.services, seen.database);
    seen.backup = call.services.database.backup_age();
    seen.recorder = status.get();
    const config::Contacts& contacts = call.services.config.contacts;
    seen.has_contacts = config::is_reachable(contacts.primary) && config::is_reachable(contacts.deputy);
    const auto report = judge_readiness(seen, call.now);
    const json age =
        report.status_age ? json(static_cast<double>(report.status_age->count()) / 1e6) : json(nullptr);
    const json body{
        {"status", to_string(report.readiness)},
        {"reasons", report.reasons},
        {"recorder_status_age_seconds", age}
    };
    http::Response response = unstored("application/json", body.dump() + "\n");
    if (report.readiness == Readiness::unready) {
        response.status = 503;
        response.set("Retry-After", "2");
    }
    return response;
}

Answer tell_metrics(const Call& call) {
    const auto status = call.services.status.read();
    MetricsInput input;
    input.recorder = status.get();
    input.routes = call.services.counters.counts();
    if (call.services.server_counters) input.server = call.services.server_counters();
    input.password_checks = call.services.passwords.checks();
    input.database = call.services.database.health();
    input.catalogue = call.services.database.signs();
    input.ledger = ledger_health(call.services, input.database);
    input.backup = call.services.database.backup_age();
    input.started = call.services.started;
    input.now = call.now;
    return unstored("text/plain; version=0.0.4; charset=utf-8", to_metrics(input));
}

Answer tell_contract(const Call&) {
    http::Response response;
    response.set("Content-Type", "application/yaml");
    response.set("Cache-Control", "private, no-cache");
    response.body = std::string{contract_text()};
    return response;
}

Route plain_route(std::string pattern, Action action, Answer (*handler)(const Call&)) {
    Route route = make_route("GET", std::move(pattern), action, {}, handler);
    route.needs_database = false;
    return route;
}

}  // namespace

void add_system_routes(Routes& routes) {
    routes.push_back(plain_route("/healthz", Action::read_health, tell_health));
    routes.push_back(plain_route("/readyz", Action::read_health, tell_readiness));
    routes.push_back(plain_route("/metrics", Action::read_metrics, tell_metrics));
    Route contract = plain_route("/v1/openapi.yaml", Action::read_contract, tell_contract);
    contract.is_cacheable = true;
    routes.push_back(std::move(contract));
}

}  // namespace sluice::api
