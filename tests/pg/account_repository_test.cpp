#include "storage/catalogue/account_repository.hpp"

#include "config/base/token.hpp"
#include "storage/catalogue/principal_repository.hpp"
#include "storage/catalogue/standing_repository.hpp"
#include "tests/pg/account_stage.hpp"

namespace sluice::catalogue {
namespace {

using namespace std::chrono_literals;

TEST_CASE("the first person's account ends bootstrap, for good", "[pg][account]") {
    AccountStage stage;
    CHECK(need(is_bootstrap(stage.api)));
    stage.create_machine("camera shop", {"contractor"});
    CHECK(need(is_bootstrap(stage.api)));
    const Uuid first = stage.create("王小明", {"admin"});
    CHECK_FALSE(need(is_bootstrap(stage.api)));
    CHECK_FALSE(need(load_standing(stage.api, std::nullopt, kStart)).is_bootstrap);
    need(depart_account(stage.api, first, {"離 1", "2026-01-02"}, stage.act("account.departed"), kStart + 1h)
    );
    CHECK_FALSE(need(is_bootstrap(stage.api)));
    CHECK_THROWS(stage.site.database.query("DELETE FROM accounts", "sluice_api"));
}

TEST_CASE("an account comes with its record, or not at all", "[pg][account]") {
    AccountStage stage;
    const Uuid id = stage.create("王小明", {"admin", "auditor"}, "資訊室");
    const auto account = need(find_account(stage.api, id));
    REQUIRE(account);
    CHECK(account->name == "王小明");
    CHECK(account->roles == std::vector<std::string>{"admin", "auditor"});
    CHECK(account->unit == "資訊室");
    CHECK(account->acknowledgement.document == "保密 1");
    CHECK(account->acknowledgement.date == "2026-01-01");
    CHECK(stage.records("account.created") == 1);
    CHECK(
        stage.site.database.query(
            "SELECT record::jsonb->'subject'->>'id' FROM ledger_records WHERE action = 'account.created'"
        ) == to_string(id)
    );
    // An act that can't be written down does not happen.
    auto made = stage.made("陳大文", {"guard"});
    auto act = stage.act("account.created");
    act.facts = "{\"half\":0.5}";
    CHECK_FALSE(create_account(stage.api, made, act).has_value());
    CHECK(need(load_accounts(stage.api, std::nullopt, 10)).size() == 1);
    CHECK(need(load_accounts(stage.api, id, 10)).empty());
}

TEST_CASE("no second account looks like the first", "[pg][account][hostile]") {
    AccountStage stage;
    stage.create("Anna Iris", {"guard"});
    for (const char* twin : {"Anna Iris", "ANNA IRIS", "Ａｎｎａ Ｉｒｉｓ", "Anna lris"}) {
        INFO(twin);
        CHECK_FALSE(need(create_account(stage.api, stage.made(twin, {"guard"}), stage.act("account.created")))
        );
    }
    CHECK(stage.records("account.created") == 1);
}

TEST_CASE("who had a token before keeps the id, and takes the account's roles", "[pg][account]") {
    AccountStage stage;
    const auto hash = sha256(as_bytes("token"));
    const auto before = need(create_person_token(stage.tool, "王小明", {"guard"}, hash, kStart));
    REQUIRE(before);
    CHECK(stage.create("王小明", {"director"}) == before->id);
    CHECK(need(find_by_token(stage.api, hash, kStart))->roles == std::vector<std::string>{"director"});
}

TEST_CASE("a person without an account is nobody once others have one", "[pg][account]") {
    AccountStage stage;
    const auto stranger =
        need(create_person_token(stage.tool, "陳大文", {"director"}, sha256(as_bytes("x")), kStart));
    REQUIRE(stranger);
    CHECK_FALSE(need(load_standing(stage.api, stranger->id, kStart)).is_shut);
    stage.create("王小明", {"admin"});
    CHECK(need(load_standing(stage.api, stranger->id, kStart)).is_shut);
    const auto machine =
        need(create_machine_token(stage.tool, "m", "operator", sha256(as_bytes("m")), kStart));
    CHECK_FALSE(need(load_standing(stage.api, machine.id, kStart)).is_shut);
}

TEST_CASE("an edit needs the revision it has seen, and none follows a departure", "[pg][account]") {
    AccountStage stage;
    const Uuid id = stage.create("王小明", {"admin"});
    AccountRow account = *need(find_account(stage.api, id));
    account.roles = {"auditor"};
    account.valid_to = kStart + 24h;
    CHECK(need(change_account(stage.api, account, stage.act("account.changed"), kStart)));
    CHECK_FALSE(need(change_account(stage.api, account, stage.act("account.changed"), kStart)));
    account = *need(find_account(stage.api, id));
    CHECK(account.roles == std::vector<std::string>{"auditor"});
    CHECK(account.valid_to == kStart + 24h);
    CHECK(account.revision == 2);
    CHECK(need(load_standing(stage.api, id, kStart)).roles == account.roles);
    CHECK(stage.records("account.changed") == 1);
    CHECK(need(depart_account(stage.api, id, {"離 1", "2026-01-02"}, stage.act("account.departed"), kStart)));
    CHECK_FALSE(
        need(depart_account(stage.api, id, {"離 2", "2026-01-02"}, stage.act("account.departed"), kStart))
    );
    account = *need(find_account(stage.api, id));
    CHECK(account.departure.document == "離 1");
    CHECK_FALSE(need(change_account(stage.api, account, stage.act("account.changed"), kStart)));
    CHECK_FALSE(need(disable_account(stage.api, id, "why", stage.act("account.disabled"), kStart)));
    CHECK(need(load_standing(stage.api, id, kStart)).is_departed);
    CHECK(stage.records("account.departed") == 1);
}

TEST_CASE("a disabled account is shut at once", "[pg][account]") {
    AccountStage stage;
    const Uuid id = stage.create("王小明", {"admin"});
    CHECK(need(disable_account(stage.api, id, "lost card", stage.act("account.disabled"), kStart + 1h)));
    CHECK_FALSE(need(disable_account(stage.api, id, "again", stage.act("account.disabled"), kStart + 2h)));
    CHECK_FALSE(need(load_standing(stage.api, id, kStart)).is_shut);
    CHECK(need(load_standing(stage.api, id, kStart + 1h)).is_shut);
    CHECK(need(find_account(stage.api, id))->disable_reason == "lost card");
}

TEST_CASE("a lent power counts from its day to its end, while the lender has it", "[pg][account]") {
    AccountStage stage;
    const Uuid director = stage.create("局長", {"director"});
    const Uuid deputy = stage.create("副局長", {"unit_head"});
    DelegationRow made{
        .id = make_uuid_v7(kStart),
        .role = "director",
        .from_id = director,
        .from = {},
        .to_id = deputy,
        .to = {},
        .valid = {kStart + 1h, kStart + 2h},
        .document = "代理 7",
        .created = kStart,
        .revoked = std::nullopt,
    };
    REQUIRE(need(create_delegation(stage.api, made, stage.act("delegation.created"))));
    CHECK_FALSE(need(create_delegation(stage.api, made, stage.act("delegation.created"))));
    const auto lent = [&](UtcTime at) { return need(load_standing(stage.api, deputy, at)).lent_roles; };
    CHECK(lent(kStart + 1h - 1us).empty());
    CHECK(lent(kStart + 1h) == std::vector<std::string>{"director"});
    CHECK(lent(kStart + 2h).empty());
    CHECK(need(load_standing(stage.api, director, kStart + 1h)).lent_roles.empty());
    CHECK(need(find_delegation(stage.api, made.id))->to == "副局長");
    SECTION("revoked") {
        CHECK(need(revoke_delegation(stage.api, made.id, stage.act("delegation.revoked"), kStart)));
        CHECK_FALSE(need(revoke_delegation(stage.api, made.id, stage.act("delegation.revoked"), kStart)));
        CHECK(lent(kStart + 1h).empty());
    }
    SECTION("the lender leaves") {
        need(
            depart_account(stage.api, director, {"離 1", "2026-01-02"}, stage.act("account.departed"), kStart)
        );
        CHECK(lent(kStart + 1h).empty());
    }
    SECTION("the lender loses the role") {
        AccountRow account = *need(find_account(stage.api, director));
        account.roles = {"unit_head"};
        need(change_account(stage.api, account, stage.act("account.changed"), kStart));
        CHECK(lent(kStart + 1h).empty());
    }
    SECTION("to oneself, on no paper, and of another role it can't be written") {
        for (auto change :
             {+[](DelegationRow& d) { d.to_id = d.from_id; },
              +[](DelegationRow& d) { d.document = ""; },
              +[](DelegationRow& d) { d.role = "admin"; },
              +[](DelegationRow& d) { d.valid.to = d.valid.from; }}) {
            DelegationRow wrong = made;
            wrong.id = make_uuid_v7(kStart);
            change(wrong);
            CHECK_FALSE(create_delegation(stage.api, wrong, stage.act("delegation.created")).has_value());
        }
        CHECK(need(load_delegations(stage.api, std::nullopt, 10)).size() == 1);
    }
}

TEST_CASE("an approval to see live ends by itself, or when it is taken back", "[pg][account]") {
    AccountStage stage;
    const Uuid chief = stage.create("秘書", {"secretariat"});
    const Uuid guard = stage.create("警衛", {"guard"});
    LiveApprovalRow made{
        .id = make_uuid_v7(kStart),
        .account_id = guard,
        .account = {},
        .valid = {kStart, kStart + 2h},
        .document = "即時 1",
        .reason = "值勤",
        .approver_id = chief,
        .approver = "秘書",
        .approved = kStart,
        .revoked = std::nullopt,
        .revoker = {},
    };
    REQUIRE(need(create_live_approval(stage.api, made, stage.act("live.approved"))));
    const auto until = [&](UtcTime at) { return need(load_standing(stage.api, guard, at)).live_until; };
    CHECK(until(kStart) == kStart + 2h);
    CHECK_FALSE(until(kStart + 2h));
    auto act = stage.act("live.revoked");
    act.actor.id = chief;
    act.actor.name = "秘書";
    CHECK(need(revoke_live_approval(stage.api, made.id, act, kStart + 1h)));
    CHECK_FALSE(until(kStart));
    CHECK(need(find_live_approval(stage.api, made.id))->revoker == "秘書");
    made.id = make_uuid_v7(kStart);
    made.approver_id = guard;
    CHECK_FALSE(create_live_approval(stage.api, made, stage.act("live.approved")).has_value());
}

TEST_CASE("a contractor's machine has its cameras and a token of its own", "[pg][account]") {
    AccountStage stage;
    const Uuid id = stage.create_machine("camera shop", {"contractor"}, {stage.site.inventory.cameras[0].id});
    const auto hash = sha256(as_bytes("contractor"));
    REQUIRE(create_account_token(stage.tool, id, hash, stage.act("account.token_created"), kStart).has_value()
    );
    const auto machine = need(find_by_token(stage.api, hash, kStart));
    REQUIRE(machine);
    CHECK(machine->kind == PrincipalKind::machine);
    CHECK(machine->roles == std::vector<std::string>{"contractor"});
    CHECK(
        need(load_standing(stage.api, id, kStart)).cameras ==
        std::vector<Uuid>{stage.site.inventory.cameras[0].id}
    );
    for (const char* role : {"operator", "admin"})
        CHECK_FALSE(create_account(stage.api, stage.machine_made(role, {role}), stage.act("account.created"))
                        .has_value());
}

}  // namespace
}  // namespace sluice::catalogue
