#include "cli/up/operator_token.hpp"

#include "cli/process/os_user.hpp"
#include "config/base/files.hpp"
#include "config/base/token.hpp"
#include "storage/catalogue/pool.hpp"
#include "storage/catalogue/principal_repository.hpp"

#include <unistd.h>

namespace sluice::up {
namespace {

namespace fs = std::filesystem;

std::string trimmed(std::string text) {
    text.erase(text.find_last_not_of(" \n") + 1);
    return text;
}

}  // namespace

fs::path operator_token_file(const fs::path& data) {
    return data / "tokens" / "operator.token";
}

Result<std::string>
create_token(const std::string& conninfo, const std::string& name, const std::string& role, UtcTime now) {
    catalogue::Pool pool{conninfo, 1};
    std::string token = make_token();
    const auto principal =
        catalogue::create_machine_token(pool, name, role, token_hash(token), now, process::operator_here());
    if (!principal) return std::unexpected(principal.error());
    return token;
}

Result<std::string> create_person_token(
    const std::string& conninfo,
    const std::string& name,
    const std::vector<std::string>& roles,
    UtcTime now
) {
    catalogue::Pool pool{conninfo, 1};
    std::string token = make_token();
    const auto person =
        catalogue::create_person_token(pool, name, roles, token_hash(token), now, process::operator_here());
    if (!person) return std::unexpected(person.error());
    if (!*person)
        return failure(
            Remedy::refuse, "\"" + name + "\" is there with other roles; give exactly those, or another name"
        );
    return token;
}

Result<std::string> ensure_operator_token(const fs::path& data, const std::string& conninfo, UtcTime now) {
    const fs::path file = operator_token_file(data);
    if (auto text = read_text_file(file, 4096)) {
        std::string token = trimmed(std::move(*text));
        catalogue::Pool pool{conninfo, 1};
        const auto known = catalogue::find_by_token(pool, token_hash(token), now);
        if (!known) return std::unexpected(known.error());
        if (*known) return token;
    }
    auto token = create_token(conninfo, "operator on this machine", "operator", now);
    if (!token) return token;
    if (auto written = replace_file(file, *token + "\n", 0600); !written)
        return std::unexpected(written.error());
    if (const auto owner = process::sudo_caller())
        if (::chown(file.c_str(), *owner, static_cast<gid_t>(-1)) != 0)
            return errno_error(Remedy::operator_acts, "cannot give away " + file.string());
    return token;
}

}  // namespace sluice::up
