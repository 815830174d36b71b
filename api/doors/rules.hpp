#pragma once

#include "api/body.hpp"
#include "storage/access/members.hpp"
#include "storage/catalogue/controller_repository.hpp"
#include "storage/catalogue/door_repository.hpp"

#include <expected>
#include <optional>
#include <string>
#include <vector>

/// Controllers, doors, readers and categories of persons as clients write and read them. Pure.
namespace sluice::api {

template <class T>
using Parsed = std::expected<T, http::Problem>;

/// The members that are there, as one JSON object.
[[nodiscard]] std::string object_of(const Body& body, const std::vector<std::string>& members);
/// 400 INVALID_MEMBER or 422, naming the member.
[[nodiscard]] http::Problem member_problem(const access::MemberFault& fault);

/// JSON objects.
[[nodiscard]] std::string to_json(
    const catalogue::ControllerRow& row,
    const catalogue::ControllerContact& contact,
    std::optional<access::Connection> connection
);
[[nodiscard]] std::string to_json(const catalogue::DoorRow& row);
[[nodiscard]] std::string to_json(const catalogue::ReaderRow& row);
[[nodiscard]] std::string to_json(const catalogue::CategoryRow& row);

}  // namespace sluice::api
