#include "cli/commands.hpp"
#include "cli/up/operator_token.hpp"
#include "config/base/time.hpp"
#include "config/load.hpp"
#include "storage/catalogue/conninfo.hpp"

#include <fmt/format.h>

namespace sluice::cli {

Status create_token(const fs::path& config, const TokenOptions& options) {
    const auto loaded = config::load_or_explain(config, config::Secrets::database_only);
    if (!loaded) return std::unexpected(loaded.error());
    const std::string conninfo = catalogue::conninfo_of(*loaded, "sluice_super");
    const bool is_person = !options.principal.empty();
    const std::string name = is_person              ? options.principal
                             : options.name.empty() ? options.roles.front()
                                                    : options.name;
    const UtcTime now = RealClock{}.now();
    const auto token = is_person ? up::create_person_token(conninfo, name, options.roles, now)
                                 : up::create_token(conninfo, name, options.roles.front(), now);
    if (!token) return std::unexpected(token.error());
    fmt::print(
        "token of \"{}\" with the role {}; it is shown only now:\n{}\n",
        name,
        fmt::join(options.roles, ", "),
        *token
    );
    return {};
}

}  // namespace sluice::cli
