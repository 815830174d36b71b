#pragma once

#include "storage/account/name.hpp"
#include "storage/account/password.hpp"
#include "storage/catalogue/account_repository.hpp"
#include "tests/integration/api_stage.hpp"

#include <nlohmann/json.hpp>

namespace sluice::test {

inline constexpr const char* kPassword = "correct horse battery";

/// Hashed once: it takes a tenth of a second.
inline const std::string& password_hash() {
    static const std::string hash = account::hash_password(kPassword).value();
    return hash;
}

struct Login {
    Reply reply;
    std::string cookie;  ///< header line
    std::string csrf;    ///< header line

    [[nodiscard]] nlohmann::json body() const { return nlohmann::json::parse(reply.body); }
};

/// Accounts of persons on a stage that has started; the first one ends `bootstrap`.
class Accounts {
public:
    explicit Accounts(ApiStage& stage) : stage_(stage), owner(stage.database.conninfo("sluice_super"), 1) {}

    /// A person whose password is kPassword, not a first one.
    Uuid create(const std::string& name, std::vector<std::string> roles, const std::string& unit = {}) {
        const auto known = account::to_name(name);
        if (!known) FAIL(known.error().message());
        catalogue::AccountRow row;
        row.id = make_uuid_v7(kStageStart);
        row.name = known->shown;
        row.roles = std::move(roles);
        row.unit = unit;
        row.valid_from = kStageStart;
        row.acknowledgement = {"保密 1", "2026-01-01"};
        row.created = kStageStart;
        const ledger::Act act{
            .action = "account.created",
            .actor = ledger::system_actor("test"),
            .subject = {.kind = "account", .id = "-"},
            .facts = "{}",
        };
        const auto made = catalogue::create_account(
            owner, {.account = row, .name_key = known->key, .password_hash = password_hash()}, act
        );
        if (!made || !*made) FAIL("no account for " + name);
        stage_.database.execute("UPDATE passwords SET is_initial = false");
        return **made;
    }
    /// "Authorization: Bearer …" of an account.
    [[nodiscard]] std::string token_of(const Uuid& account) {
        const std::string token = make_token();
        const ledger::Act act{
            .action = "account.token_created",
            .actor = ledger::system_actor("test"),
            .subject = {.kind = "account", .id = to_string(account)},
            .facts = "{}",
        };
        const auto made =
            catalogue::create_account_token(owner, account, token_hash(token), act, kStageStart);
        if (!made) FAIL(made.error().describe());
        return "Authorization: Bearer " + token;
    }

private:
    ApiStage& stage_;

public:
    catalogue::Pool owner;
};

/// The API over a catalogue in which persons have accounts.
class AccountStage : public ApiStage {
public:
    AccountStage() { start(); }

    Uuid create(const std::string& name, std::vector<std::string> roles, const std::string& unit = {}) {
        return accounts_.create(name, std::move(roles), unit);
    }
    [[nodiscard]] std::string token_of(const Uuid& account) { return accounts_.token_of(account); }
    [[nodiscard]] Reply
    post(const std::string& target, const nlohmann::json& body, const std::vector<std::string>& headers) {
        return fetch(port(), "POST", target, headers, body.dump());
    }
    [[nodiscard]] Login log_in(const nlohmann::json& body, const std::vector<std::string>& headers = {}) {
        Login login{.reply = post("/v1/sessions", body, headers), .cookie = {}, .csrf = {}};
        if (login.reply.status != 201) return login;
        const std::string header = login.reply.header("set-cookie");
        login.cookie = "Cookie: " + header.substr(0, header.find(';'));
        login.csrf = "X-CSRF-Token: " + login.body()["csrf_token"].get<std::string>();
        return login;
    }
    [[nodiscard]] static std::string code_of(const Reply& reply) {
        return nlohmann::json::parse(reply.body)["code"];
    }

private:
    Accounts accounts_{*this};

public:
    catalogue::Pool& owner = accounts_.owner;
};

}  // namespace sluice::test
