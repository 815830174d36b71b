#pragma once

#include "storage/catalogue/rows.hpp"

#include <pqxx/pqxx>

namespace sluice::catalogue::detail {

/// A row of principal_of_token or principal_of_session: id, kind, name, roles, to_us(valid_from),
/// to_us(valid_to).
[[nodiscard]] PrincipalRow to_principal(const pqxx::row& row);

}  // namespace sluice::catalogue::detail
