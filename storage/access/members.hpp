#pragma once

#include "storage/access/inventory.hpp"

#include <expected>
#include <string>
#include <string_view>
#include <vector>

/// The inventory as JSON: how people and files write it, how it is told. Pure.
namespace sluice::access {

/// Names of a thing's members. What refers to something else (`account`, `controller`, `door`) is for the
/// caller to look up.
[[nodiscard]] const std::vector<std::string>& controller_members();
[[nodiscard]] const std::vector<std::string>& door_members();
[[nodiscard]] const std::vector<std::string>& reader_members();
[[nodiscard]] const std::vector<std::string>& category_members();

/// What is wrong with a member, and what to do. Without a code it is of a wrong form.
struct MemberFault {
    std::string member;
    std::string code;
    std::string text;
    friend bool operator==(const MemberFault&, const MemberFault&) = default;
};
template <class T>
using Membered = std::expected<T, MemberFault>;

/// What the object (JSON) names stands in the place of the value that is there; what is left out, or null,
/// stays. An empty source and a heartbeat of 0 take away. The slug is taken where there is none yet, and is
/// the same else. Pre: `object` is a JSON object; members that are not known are not looked at.
[[nodiscard]] Membered<Controller> with_members(std::string_view object, Controller controller);
[[nodiscard]] Membered<Door> with_members(std::string_view object, Door door);
[[nodiscard]] Membered<Reader> with_members(std::string_view object, Reader reader);
[[nodiscard]] Membered<PersonCategory> with_members(std::string_view object, PersonCategory category);

/// JSON objects; what they refer to by its slug.
[[nodiscard]] std::string to_json(const Controller& controller);
[[nodiscard]] std::string to_json(const Door& door, const std::string& controller);
[[nodiscard]] std::string to_json(const Reader& reader, const std::string& door);
[[nodiscard]] std::string to_json(const PersonCategory& category);
/// {"name": {"from": …, "to": …}} of the members in which two such objects differ. Of a new thing `before` is
/// empty, and all is as it came.
[[nodiscard]] std::string changes_between(const std::string& before, const std::string& after);

}  // namespace sluice::access
