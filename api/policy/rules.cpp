#include "api/policy/rules.hpp"

#include "config/policy/json.hpp"
#include "config/policy/shipped.hpp"

#include <utility>

#include <nlohmann/json.hpp>

namespace sluice::api {

using catalogue::PolicyVersionRow;
using nlohmann::json;

namespace {

/// The version in force: the latest of those whose time has come. Null when none is adopted.
const PolicyVersionRow* find_in_force(std::span<const PolicyVersionRow> all, UtcTime now) {
    const PolicyVersionRow* found = nullptr;
    for (const PolicyVersionRow& version : all) {
        if (!version.adoption || version.adoption->valid_from > now) continue;
        const auto place = [](const PolicyVersionRow& row) {
            return std::pair{row.adoption->valid_from, row.number};
        };
        if (found == nullptr || place(*found) < place(version)) found = &version;
    }
    return found;
}

}  // namespace

std::string_view
state_of(const PolicyVersionRow& version, std::span<const PolicyVersionRow> all, UtcTime now) {
    if (!version.adoption) return "proposed";
    if (version.adoption->valid_from > now) return "future";
    const PolicyVersionRow* current = find_in_force(all, now);
    return current != nullptr && current->number == version.number ? "in_force" : "superseded";
}

std::string
version_json(const PolicyVersionRow& version, std::span<const PolicyVersionRow> all, UtcTime now) {
    json object{
        {"number", version.number},
        {"state", state_of(version, all, now)},
        {"rules", json::parse(policy::to_json(version.rules))},
        {"shipped_rules", json::parse(policy::to_json(policy::rules_missing_in(version.rules)))},
        {"note", version.note},
        {"proposed_by", version.proposer},
        {"proposed", to_rfc3339(version.proposed)},
        {"adoption", nullptr},
        {"changes", json::array()},
    };
    if (version.adoption)
        object["adoption"] = {
            {"by", version.adoption->adopter},
            {"at", to_rfc3339(version.adoption->adopted)},
            {"document", version.adoption->document},
            {"valid_from", to_rfc3339(version.adoption->valid_from)},
        };
    if (const PolicyVersionRow* current = find_in_force(all, now))
        object["changes"] =
            policy::describe_changes(policy::completed(current->rules), policy::completed(version.rules));
    return object.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace sluice::api
