#pragma once

#include "storage/account/name.hpp"
#include "storage/account/password.hpp"
#include "storage/catalogue/account_repository.hpp"
#include "tests/pg/catalogue_site.hpp"

#include <string>
#include <vector>

#include <catch2/catch.hpp>

namespace sluice::catalogue {

/// Accounts in a catalogue of their own, kept as the API does.
struct AccountStage {
    Site site{};
    Pool api{site.database.conninfo("sluice_api"), 1};
    Pool tool{site.database.conninfo("sluice_super"), 1};

    static ledger::Act act(const std::string& action) {
        return {
            .action = action,
            .actor = ledger::system_actor("test"),
            .subject = {.kind = "account", .id = "-"},
            .facts = "{}",
        };
    }
    static NewAccount made(const std::string& name, std::vector<std::string> roles) {
        const auto known = account::to_name(name);
        if (!known) FAIL(known.error().message());
        AccountRow account;
        account.id = make_uuid_v7(kStart);
        account.name = known->shown;
        account.roles = std::move(roles);
        account.valid_from = kStart;
        account.acknowledgement = {"保密 1", "2026-01-01"};
        account.created = kStart;
        return {.account = account, .name_key = known->key, .password_hash = std::nullopt};
    }
    static NewAccount machine_made(const std::string& name, std::vector<std::string> roles) {
        NewAccount wanted = made(name, std::move(roles));
        wanted.account.kind = PrincipalKind::machine;
        return wanted;
    }
    Uuid create(const std::string& name, std::vector<std::string> roles, const std::string& unit = {}) {
        NewAccount wanted = made(name, std::move(roles));
        wanted.account.unit = unit;
        return create(wanted);
    }
    Uuid
    create_machine(const std::string& name, std::vector<std::string> roles, std::vector<Uuid> cameras = {}) {
        NewAccount wanted = machine_made(name, std::move(roles));
        wanted.account.cameras = std::move(cameras);
        return create(wanted);
    }
    Uuid create(const NewAccount& wanted) {
        const auto id = need(create_account(api, wanted, act("account.created")));
        if (!id) FAIL("the name is taken");
        return *id;
    }
    [[nodiscard]] int records(const std::string& action) const {
        return std::stoi(
            site.database.query("SELECT count(*) FROM ledger_records WHERE action = '" + action + "'")
        );
    }
};

}  // namespace sluice::catalogue
