#include "storage/access/site_file.hpp"

#include "storage/access/members.hpp"

#include <algorithm>
#include <functional>
#include <optional>
#include <set>

#include <nlohmann/json.hpp>

namespace sluice::access {
namespace {

using nlohmann::json;
using Faults = std::vector<std::string>;
/// The fault of an object as one of its kind, if any.
using Check = std::function<std::optional<MemberFault>(const std::string&)>;

struct List {
    const char* name;
    const std::vector<std::string>& members;
    std::vector<SiteThing>& into;
    Check check;
};

template <class Thing>
std::optional<MemberFault> fault_of(const std::string& object) {
    const auto read = with_members(object, Thing{});
    return read ? std::nullopt : std::optional{read.error()};
}

void read_thing(const json& object, const std::string& place, List& list, Faults& faults) {
    if (!object.is_object()) return faults.push_back(place + ": must be an object");
    bool is_good = true;
    for (const auto& [name, ignored] : object.items())
        if (std::ranges::find(list.members, name) == list.members.end()) {
            faults.push_back(place + "." + name + ": is no member; take it out");
            is_good = false;
        }
    for (const char* reference : {"controller", "door", "account"})
        if (object.contains(reference) && !object[reference].is_string() && !object[reference].is_null()) {
            faults.push_back(place + "." + reference + ": Must be a text.");
            is_good = false;
        }
    const std::string text = object.dump();
    if (const auto fault = list.check(text)) {
        faults.push_back(place + "." + fault->member + ": " + fault->text);
        is_good = false;
    }
    if (!is_good) return;
    const auto slug = object["slug"].get<std::string>();
    if (std::ranges::find(list.into, slug, &SiteThing::slug) != list.into.end())
        return faults.push_back(place + ".slug: \"" + slug + "\" stands twice; keep one");
    list.into.push_back({.slug = slug, .object = text});
}

}  // namespace

std::expected<SiteFile, std::vector<std::string>> parse_site(std::string_view text) {
    Faults faults;
    if (text.size() > kMostSiteBytes) return std::unexpected(Faults{"is longer than 1 MiB"});
    const json file = json::parse(text, nullptr, false);
    if (!file.is_object()) return std::unexpected(Faults{"must be one JSON object of well-formed UTF-8"});
    SiteFile site;
    std::vector<List> lists{
        {"person_categories", category_members(), site.categories, fault_of<PersonCategory>},
        {"controllers", controller_members(), site.controllers, fault_of<Controller>},
        {"doors", door_members(), site.doors, fault_of<Door>},
        {"readers", reader_members(), site.readers, fault_of<Reader>},
    };
    for (const auto& [name, value] : file.items()) {
        const auto list = std::ranges::find_if(lists, [&](const List& one) { return name == one.name; });
        if (list == lists.end()) {
            faults.push_back(
                name + ": is no list of doors; there are person_categories, controllers, doors and readers"
            );
            continue;
        }
        if (!value.is_array()) {
            faults.push_back(name + ": must be a list");
            continue;
        }
        for (std::size_t i = 0; i < value.size(); ++i)
            read_thing(value[i], name + "[" + std::to_string(i) + "]", *list, faults);
    }
    if (!faults.empty()) return std::unexpected(std::move(faults));
    return site;
}

std::string reference_of(const SiteThing& thing, const char* member) {
    const json object = json::parse(thing.object);
    const auto found = object.find(member);
    return found == object.end() || found->is_null() ? std::string{} : found->get<std::string>();
}

}  // namespace sluice::access
