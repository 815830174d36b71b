#include "api/doors/contacts.hpp"

#include "api/policy_in_force.hpp"

#include <algorithm>

namespace sluice::api {

Parsed<std::vector<std::string>>
show_all(const Call& call, const std::vector<catalogue::ControllerRow>& rows) {
    catalogue::Pool& pool = call.services.database.pool();
    std::vector<std::string> sources;
    for (const auto& row : rows)
        if (!row.controller.source.empty()) sources.push_back(row.controller.source);
    const auto contacts = catalogue::load_contacts(pool, sources);
    if (!contacts) return std::unexpected(to_problem(contacts.error()));
    const auto rules = policy_in_force(call);
    if (!rules) return std::unexpected(rules.error());
    std::vector<std::string> shown;
    for (const auto& row : rows) {
        const auto& source = row.controller.source;
        const auto known = std::ranges::find(*contacts, source, &catalogue::ControllerContact::source);
        const catalogue::ControllerContact contact =
            known == contacts->end() ? catalogue::ControllerContact{} : *known;
        const auto connection =
            access::judge_contact(row.controller, contact.facts, rules->access.silent_heartbeats, call.now);
        shown.push_back(to_json(row, contact, connection));
    }
    return shown;
}

}  // namespace sluice::api
