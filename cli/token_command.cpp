#include "cli/commands.hpp"
#include "cli/up/operator_token.hpp"
#include "config/base/time.hpp"
#include "config/load.hpp"
#include "storage/catalogue/conninfo.hpp"

#include <fmt/core.h>

namespace sluice::cli {

Status create_token(const fs::path& config, const std::string& role, const std::string& name) {
    const auto loaded = config::load_or_explain(config, config::Secrets::database_only);
    if (!loaded) return std::unexpected(loaded.error());
    const auto token =
        up::create_token(catalogue::conninfo_of(*loaded, "sluice_super"), name, role, RealClock{}.now());
    if (!token) return std::unexpected(token.error());
    fmt::print("token of \"{}\" with the role {}; it is shown only now:\n{}\n", name, role, *token);
    return {};
}

}  // namespace sluice::cli
