#include "api/doors/contacts.hpp"

#include "storage/catalogue/policy_repository.hpp"

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
    const auto history = catalogue::load_policy_history(pool);
    if (!history) return std::unexpected(to_problem(history.error()));
    const unsigned missed = policy::in_force(*history, call.now).policy.access.silent_heartbeats;
    std::vector<std::string> shown;
    for (const auto& row : rows) {
        const auto& source = row.controller.source;
        const auto known = std::ranges::find(*contacts, source, &catalogue::ControllerContact::source);
        const catalogue::ControllerContact contact =
            known == contacts->end() ? catalogue::ControllerContact{} : *known;
        const auto connection = access::judge_contact(row.controller, contact.facts, missed, call.now);
        shown.push_back(to_json(row, contact, connection));
    }
    return shown;
}

}  // namespace sluice::api
