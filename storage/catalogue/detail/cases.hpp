#pragma once

#include "storage/release/case.hpp"

#include <string>
#include <vector>

#include <pqxx/pqxx>

namespace sluice::catalogue::detail {

/// Evidence, worksheet, consents, signatures, opinions, grant and appointment of the case, and its rounds.
void load_parts(pqxx::transaction_base& transaction, release::Case& request);

/// Ids of a uuid[] that was read as text[].
[[nodiscard]] std::vector<Uuid> to_uuids(const pqxx::field& field);
[[nodiscard]] std::string to_uuid_array(const std::vector<Uuid>& ids);

/// A word of one of the enumerations; another throws pqxx::conversion_error.
template <class Enum>
Enum to_word(const pqxx::field& field, std::optional<Enum> (*from)(std::string_view) noexcept) {
    const auto value = from(field.as<std::string>());
    if (!value) throw pqxx::conversion_error{"an unknown word of a case"};
    return *value;
}

}  // namespace sluice::catalogue::detail
