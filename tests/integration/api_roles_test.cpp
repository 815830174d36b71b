// The audit log names the role in which somebody acted.
#include "tests/integration/bureau.hpp"

namespace sluice::test {
namespace {

using nlohmann::json;

TEST_CASE(
    "an act is recorded in the role that allows it, not in the account's first one",
    "[api][request][ledger][integration]"
) {
    Bureau bureau;
    const auto role_of = [&](const std::string& action) {
        return bureau.database.query(
            "SELECT record::jsonb -> 'principal' ->> 'role' FROM ledger_records WHERE action = '" + action +
            "' ORDER BY filed_at DESC LIMIT 1"
        );
    };
    // Each has another role in front of the one that counts.
    bureau.tokens["王秘書"] = bureau.token_of(bureau.create("趙秘書", {"auditor", "secretariat"}, "秘書室"));
    const Uuid deputy = bureau.create("副局長", {"auditor", "unit_head"}, "副局長室");
    bureau.tokens["副局長"] = bureau.token_of(deputy);
    bureau.last = bureau.send(
        "局長",
        "POST",
        "/v1/delegations",
        {{"role", "director"},
         {"to", to_string(deputy)},
         {"valid_to", to_rfc3339(bureau.clock.now() + std::chrono::hours{24})},
         {"document", "代理 7"}}
    );
    REQUIRE(bureau.last.status == 201);
    CHECK(role_of("delegation.created") == "director");
    bureau.draft("王秘書", Bureau::external());
    CHECK(role_of("request.drafted") == "secretariat");
    bureau.bring_to_screening();
    CHECK(role_of("request.accepted") == "secretariat");
    bureau.bring_on_to_decision();
    CHECK(role_of("request.opined") == "ethics");
    REQUIRE(bureau.step("副局長", "grant", {{"reasons", "合於規定"}}) == "granted");
    CHECK(role_of("request.granted") == "delegate_of_director");
    REQUIRE(bureau.step("局長", "revoke", {{"reasons", "x"}}) == "revoked");
    CHECK(role_of("request.revoked") == "director");
}

TEST_CASE(
    "whoever signs in several seats is recorded in the one that was taken",
    "[api][request][ledger][integration]"
) {
    Bureau bureau;
    bureau.tokens["科長"] = bureau.token_of(bureau.create("新科長", {"level1", "unit_head"}, "工程科"));
    bureau.draft(
        "小陳",
        {{"channel", "internal"},
         {"kind", "view"},
         {"cameras", {"drive-left"}},
         {"from", "2026-11-18T11:07:00Z"},
         {"to", "2026-11-18T11:08:00Z"},
         {"purpose", "personal_rights"},
         {"reason", "公務車遭擦撞"},
         {"extension", "1234"},
         {"undertaking", true}}
    );
    REQUIRE(bureau.step("小陳", "submit") == "submitted");
    for (const auto& [who, role] :
         {std::pair{"小陳", "applicant"}, std::pair{"科長", "unit_head"}, std::pair{"一層", "level1"}}) {
        REQUIRE(bureau.step(who, "sign") == "submitted");
        CHECK(
            bureau.database.query(
                "SELECT record::jsonb -> 'principal' ->> 'role' FROM ledger_records WHERE action = "
                "'request.signed' ORDER BY filed_at DESC LIMIT 1"
            ) == role
        );
    }
}

}  // namespace
}  // namespace sluice::test
