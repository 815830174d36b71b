#pragma once

#include "config/base/error.hpp"
#include "config/base/time.hpp"

#include <filesystem>
#include <string>
#include <vector>

#include <sys/types.h>

namespace sluice::up {

/// The token with which the owner of this machine asks the API: made once, kept in
/// <data>/tokens/operator.token (0600, owner = whoever typed the command, through sudo too). Made anew when
/// the catalogue does not know the file's token (a database that was begun again). Gives back the token
/// itself. Error: as of the catalogue, or operator_acts.
[[nodiscard]] Result<std::string>
ensure_operator_token(const std::filesystem::path& data, const std::string& conninfo, UtcTime now);

[[nodiscard]] std::filesystem::path operator_token_file(const std::filesystem::path& data);

/// A new token of a machine principal; only its hash is stored. Error: refuse for an unknown role.
[[nodiscard]] Result<std::string>
create_token(const std::string& conninfo, const std::string& name, const std::string& role, UtcTime now);

/// The same for a person, who is made when nobody has the name. Error: refuse, when the person has other
/// roles.
[[nodiscard]] Result<std::string> create_person_token(
    const std::string& conninfo,
    const std::string& name,
    const std::vector<std::string>& roles,
    UtcTime now
);

}  // namespace sluice::up
