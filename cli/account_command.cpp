#include "cli/account_commands.hpp"
#include "cli/process/os_user.hpp"
#include "config/base/time.hpp"
#include "config/base/token.hpp"
#include "config/load.hpp"
#include "storage/account/name.hpp"
#include "storage/account/password.hpp"
#include "storage/account/rules.hpp"
#include "storage/account/sealed_secret.hpp"
#include "storage/account/totp.hpp"
#include "storage/catalogue/account_repository.hpp"
#include "storage/catalogue/conninfo.hpp"
#include "storage/catalogue/footage_repository.hpp"

#include <memory>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace sluice::cli {
namespace {

using catalogue::AccountRow;
using catalogue::PrincipalKind;

constexpr std::size_t kPage = 500;

struct Desk {
    Desk(const std::string& conninfo, fs::path data_folder)
        : pool(conninfo, 1),
          data(std::move(data_folder)) {}
    catalogue::Pool pool;
    fs::path data;
    UtcTime now = RealClock{}.now();
};

Result<std::unique_ptr<Desk>> open_desk(const fs::path& config) {
    const auto loaded = config::load_or_explain(config, config::Secrets::database_only);
    if (!loaded) return std::unexpected(loaded.error());
    return std::make_unique<Desk>(catalogue::conninfo_of(*loaded, "sluice_super"), loaded->data);
}

/// For the audit log. Who sits at the machine is known as the operating system knows them.
ledger::Act act_on(const AccountRow& account, std::string action, const nlohmann::json& facts) {
    return {
        .action = std::move(action),
        .actor = process::operator_here(),
        .subject = {.kind = "account", .id = to_string(account.id)},
        .facts = facts.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace),
    };
}

Result<AccountRow> get_account(Desk& desk, const std::string& name) {
    const auto known = account::to_name(name);
    if (!known) return std::unexpected(known.error());
    auto found = catalogue::find_account_by_key(desk.pool, known->key);
    if (!found) return std::unexpected(found.error());
    if (!*found) return failure(Remedy::refuse, "nobody has an account with the name \"" + name + "\"");
    return std::move(**found);
}

Status check_paper(const catalogue::Paper& paper) {
    if (paper.document.empty())
        return failure(Remedy::refuse, "--document is the number of the paper; it must not be empty");
    if (!account::is_date(paper.date))
        return failure(Remedy::refuse, "--date is the day of the paper as YYYY-MM-DD");
    return {};
}

Result<std::vector<Uuid>> find_cameras(Desk& desk, const std::vector<std::string>& slugs) {
    std::vector<Uuid> cameras;
    for (const std::string& slug : slugs) {
        const auto camera = catalogue::find_camera(desk.pool, slug);
        if (!camera) return std::unexpected(camera.error());
        if (!*camera) return failure(Remedy::refuse, "no camera has the slug \"" + slug + "\"");
        cameras.push_back((*camera)->id);
    }
    return cameras;
}

Result<std::string> make_token_of(Desk& desk, const AccountRow& account) {
    std::string token = make_token();
    const auto made = catalogue::create_account_token(
        desk.pool,
        account.id,
        token_hash(token),
        act_on(account, "account.token_created", {{"name", account.name}}),
        desk.now
    );
    if (!made) return std::unexpected(made.error());
    return token;
}

std::string state_of(const AccountRow& account, UtcTime now) {
    if (account.departed) return "departed";
    if (account.disabled) return "disabled";
    if (account.valid_to && *account.valid_to <= now) return "expired";
    return "active";
}

nlohmann::json to_json(const AccountRow& account, UtcTime now) {
    return {
        {"id", to_string(account.id)},
        {"name", account.name},
        {"kind", account.kind == PrincipalKind::person ? "person" : "machine"},
        {"roles", account.roles},
        {"unit", account.unit},
        {"state", state_of(account, now)},
    };
}

/// What is shut takes no new key.
Status check_open(const AccountRow& account) {
    if (!account.departed && !account.disabled) return {};
    return failure(
        Remedy::refuse, std::string{"the account is "} + (account.departed ? "departed" : "disabled")
    );
}

/// Gives whoever owns it what it is opened with; nothing of it can be shown again.
Status hand_over(Desk& desk, const AccountRow& account, const std::string& password) {
    if (account.kind == PrincipalKind::person) {
        fmt::print(
            "account \"{}\" with the role {}; this first password is shown only now and must be changed at "
            "the "
            "first login:\n{}\n",
            account.name,
            fmt::join(account.roles, ", "),
            password
        );
        return {};
    }
    const auto token = make_token_of(desk, account);
    if (!token) return std::unexpected(token.error());
    fmt::print(
        "account \"{}\" with the role {}; its token is shown only now:\n{}\n",
        account.name,
        fmt::join(account.roles, ", "),
        *token
    );
    return {};
}

}  // namespace

Status create_account(const fs::path& config, const AccountOptions& options) {
    const bool is_person = !options.is_machine;
    const auto name = account::to_name(options.name);
    if (!name) return std::unexpected(name.error());
    if (auto checked = account::check_roles(is_person, options.roles); !checked) return checked;
    if (auto checked = check_paper(options.paper); !checked) return checked;
    if (is_person && !options.cameras.empty())
        return failure(Remedy::refuse, "--camera is for the account of a contractor's machine");
    auto desk = open_desk(config);
    if (!desk) return std::unexpected(desk.error());
    auto cameras = find_cameras(**desk, options.cameras);
    if (!cameras) return std::unexpected(cameras.error());
    AccountRow account{
        .id = make_uuid_v7((*desk)->now),
        .kind = is_person ? PrincipalKind::person : PrincipalKind::machine,
        .name = name->shown,
        .roles = options.roles,
        .unit = options.unit,
        .cameras = std::move(*cameras),
        .valid_from = (*desk)->now,
        .valid_to = options.valid_to,
        .acknowledgement = options.paper,
        .created = (*desk)->now,
        .disabled = std::nullopt,
        .disable_reason = {},
        .departed = std::nullopt,
        .departure = {},
    };
    const std::string password = is_person ? account::make_password() : std::string{};
    catalogue::NewAccount made{.account = account, .name_key = name->key, .password_hash = std::nullopt};
    if (is_person) {
        auto hash = account::hash_password(password);
        if (!hash) return std::unexpected(hash.error());
        made.password_hash = std::move(*hash);
    }
    const nlohmann::json facts{
        {"name", account.name},
        {"roles", account.roles},
        {"unit", account.unit},
        {"acknowledgement", options.paper.document},
        {"acknowledged_on", options.paper.date},
    };
    const auto id = catalogue::create_account((*desk)->pool, made, act_on(account, "account.created", facts));
    if (!id) return std::unexpected(id.error());
    if (!*id)
        return failure(
            Remedy::refuse,
            "an account has this name, or one that looks the same; give another, e.g. with the unit"
        );
    account.id = **id;
    return hand_over(**desk, account, password);
}

Status list_accounts(const fs::path& config, bool is_json) {
    auto desk = open_desk(config);
    if (!desk) return std::unexpected(desk.error());
    std::optional<Uuid> after;
    nlohmann::json all = nlohmann::json::array();
    for (bool is_last = false; !is_last;) {
        const auto page = catalogue::load_accounts((*desk)->pool, after, kPage);
        if (!page) return std::unexpected(page.error());
        is_last = page->size() < kPage;
        if (!is_last) after = page->back().id;
        for (const AccountRow& account : *page) {
            if (is_json)
                all.push_back(to_json(account, (*desk)->now));
            else
                fmt::print(
                    "{}  {:<9} {}  {}  {}\n",
                    to_string(account.id),
                    state_of(account, (*desk)->now),
                    account.name,
                    fmt::join(account.roles, ","),
                    account.unit
                );
        }
    }
    if (is_json) fmt::print("{}\n", all.dump());
    return {};
}

Status set_account_roles(const fs::path& config, const AccountOptions& options) {
    auto desk = open_desk(config);
    if (!desk) return std::unexpected(desk.error());
    auto account = get_account(**desk, options.name);
    if (!account) return std::unexpected(account.error());
    if (auto checked = account::check_roles(account->kind == PrincipalKind::person, options.roles); !checked)
        return checked;
    const nlohmann::json facts{
        {"name", account->name}, {"roles", {{"from", account->roles}, {"to", options.roles}}}
    };
    account->roles = options.roles;
    const auto changed = catalogue::change_account(
        (*desk)->pool, *account, act_on(*account, "account.changed", facts), (*desk)->now
    );
    if (!changed) return std::unexpected(changed.error());
    if (!*changed) return failure(Remedy::refuse, "the account was changed meanwhile, or its owner has left");
    return {};
}

Status disable_account(const fs::path& config, const AccountOptions& options) {
    if (options.reason.empty()) return failure(Remedy::refuse, "--reason must not be empty");
    auto desk = open_desk(config);
    if (!desk) return std::unexpected(desk.error());
    const auto account = get_account(**desk, options.name);
    if (!account) return std::unexpected(account.error());
    const auto act =
        act_on(*account, "account.disabled", {{"name", account->name}, {"reason", options.reason}});
    const auto done =
        catalogue::disable_account((*desk)->pool, account->id, options.reason, act, (*desk)->now);
    if (!done) return std::unexpected(done.error());
    if (!*done) return failure(Remedy::refuse, "the account was disabled before, or its owner has left");
    return {};
}

Status depart_account(const fs::path& config, const AccountOptions& options) {
    if (auto checked = check_paper(options.paper); !checked) return checked;
    auto desk = open_desk(config);
    if (!desk) return std::unexpected(desk.error());
    const auto account = get_account(**desk, options.name);
    if (!account) return std::unexpected(account.error());
    const nlohmann::json facts{
        {"name", account->name},
        {"acknowledgement", options.paper.document},
        {"acknowledged_on", options.paper.date},
    };
    const auto done = catalogue::depart_account(
        (*desk)->pool, account->id, options.paper, act_on(*account, "account.departed", facts), (*desk)->now
    );
    if (!done) return std::unexpected(done.error());
    if (!*done) return failure(Remedy::refuse, "its owner had left before");
    return {};
}

Status reset_account_password(const fs::path& config, const std::string& name) {
    auto desk = open_desk(config);
    if (!desk) return std::unexpected(desk.error());
    const auto account = get_account(**desk, name);
    if (!account) return std::unexpected(account.error());
    if (account->kind != PrincipalKind::person)
        return failure(Remedy::refuse, "a machine has tokens, no password; see `sluice account token`");
    if (auto open = check_open(*account); !open) return open;
    const std::string password = account::make_password();
    const auto hash = account::hash_password(password);
    if (!hash) return std::unexpected(hash.error());
    const auto act = act_on(*account, "account.password_reset", {{"name", account->name}});
    if (auto done = catalogue::reset_password((*desk)->pool, account->id, *hash, act, (*desk)->now); !done)
        return done;
    return hand_over(**desk, *account, password);
}

Status set_account_totp(const fs::path& config, const std::string& name, bool is_removed) {
    auto desk = open_desk(config);
    if (!desk) return std::unexpected(desk.error());
    const auto account = get_account(**desk, name);
    if (!account) return std::unexpected(account.error());
    if (account->kind != PrincipalKind::person)
        return failure(Remedy::refuse, "a machine has no second factor");
    std::optional<Bytes> secret;
    std::optional<Bytes> sealed;
    if (!is_removed) {
        if (auto open = check_open(*account); !open) return open;
        secret = account::make_totp_secret();
        auto made = account::seal_secret((*desk)->data, account->id, *secret);
        if (!made) return std::unexpected(made.error());
        sealed = std::move(*made);
    }
    const auto act = act_on(
        *account,
        is_removed ? "account.second_factor_removed" : "account.second_factor_set",
        {{"name", account->name}}
    );
    if (auto done = catalogue::set_second_factor((*desk)->pool, account->id, sealed, act, (*desk)->now);
        !done)
        return done;
    if (secret)
        fmt::print(
            "for the authenticator of \"{}\"; it is shown only now:\n{}\n",
            account->name,
            account::totp_uri(account->name, *secret)
        );
    return {};
}

Status create_account_token(const fs::path& config, const std::string& name) {
    auto desk = open_desk(config);
    if (!desk) return std::unexpected(desk.error());
    const auto account = get_account(**desk, name);
    if (!account) return std::unexpected(account.error());
    if (auto open = check_open(*account); !open) return open;
    const auto token = make_token_of(**desk, *account);
    if (!token) return std::unexpected(token.error());
    fmt::print("token of \"{}\"; it is shown only now:\n{}\n", account->name, *token);
    return {};
}

}  // namespace sluice::cli
