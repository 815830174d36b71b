#pragma once

#include "config/base/error.hpp"
#include "config/base/time.hpp"
#include "storage/catalogue/account_repository.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

/// `sluice account …`: the first accounts, and what the API does not do. Whoever may read the configuration
/// acts; the audit log names the OS user.
namespace sluice::cli {

namespace fs = std::filesystem;

struct AccountOptions {
    std::string name;
    std::vector<std::string> roles;
    std::string unit;
    bool is_machine = false;
    std::vector<std::string> cameras;  ///< slugs, of a contractor's machine
    catalogue::Paper paper;            ///< the confidentiality acknowledgement
    std::optional<UtcTime> valid_to;
    std::string reason;
};
/// Prints the first password, or a machine's token, alone on the last line. The first account of a person
/// ends the bootstrap policy.
[[nodiscard]] Status create_account(const fs::path& config, const AccountOptions& options);
[[nodiscard]] Status list_accounts(const fs::path& config, bool is_json);
[[nodiscard]] Status set_account_roles(const fs::path& config, const AccountOptions& options);
[[nodiscard]] Status disable_account(const fs::path& config, const AccountOptions& options);
[[nodiscard]] Status depart_account(const fs::path& config, const AccountOptions& options);
/// Prints a new first password.
[[nodiscard]] Status reset_account_password(const fs::path& config, const std::string& name);
/// Prints the secret as an address for authenticators.
[[nodiscard]] Status set_account_totp(const fs::path& config, const std::string& name, bool is_removed);
[[nodiscard]] Status create_account_token(const fs::path& config, const std::string& name);

}  // namespace sluice::cli
