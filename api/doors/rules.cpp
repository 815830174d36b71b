#include "api/doors/rules.hpp"

#include <utility>

#include <nlohmann/json.hpp>

namespace sluice::api {
namespace {

using nlohmann::json;

std::string
with_edited(const std::string& thing, const catalogue::Edited& edited, json more = json::object()) {
    json object = json::parse(thing);
    object["created"] = to_rfc3339(edited.created);
    object["changed"] = to_rfc3339(edited.changed);
    object["revision"] = edited.revision;
    object.update(more);
    return object.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace

std::string object_of(const Body& body, const std::vector<std::string>& members) {
    std::string object = "{";
    for (const std::string& member : members)
        if (body.has(member))
            object += (object.size() > 1 ? ",\"" : "\"") + member + "\":" + body.raw(member);
    return object + "}";
}

http::Problem member_problem(const access::MemberFault& fault) {
    return fault.code.empty() ? bad_member(fault.member, fault.text)
                              : unfit_member(fault.member, fault.code, fault.text);
}

std::string to_json(
    const catalogue::ControllerRow& row,
    const catalogue::ControllerContact& contact,
    std::optional<access::Connection> connection
) {
    const auto heard = access::last_heard(contact.facts);
    json more{
        {"account_name", row.account.empty() ? json(nullptr) : json(row.account)},
        {"connection", connection ? json(to_string(*connection)) : json(nullptr)},
        {"last_heard_at", heard ? json(to_rfc3339(*heard)) : json(nullptr)},
        {"last_error", nullptr},
    };
    if (contact.trouble && contact.trouble_at)
        more["last_error"] = {{"kind", to_string(*contact.trouble)}, {"at", to_rfc3339(*contact.trouble_at)}};
    return with_edited(access::to_json(row.controller), row.edited, std::move(more));
}

std::string to_json(const catalogue::DoorRow& row) {
    return with_edited(access::to_json(row.door, row.controller_slug), row.edited);
}

std::string to_json(const catalogue::ReaderRow& row) {
    return with_edited(access::to_json(row.reader, row.door_slug), row.edited);
}

std::string to_json(const catalogue::CategoryRow& row) {
    return with_edited(access::to_json(row.category), row.edited);
}

}  // namespace sluice::api
