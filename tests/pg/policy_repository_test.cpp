#include "storage/catalogue/policy_repository.hpp"

#include "config/base/files.hpp"
#include "config/base/token.hpp"
#include "config/policy/shipped.hpp"
#include "storage/catalogue/principal_repository.hpp"
#include "tests/pg/catalogue_site.hpp"

namespace sluice::catalogue {
namespace {

struct House {
    test::Database database;
    Pool owner{database.conninfo("sluice_super"), 1};
    Pool api{database.conninfo("sluice_api"), 2};
    PrincipalRow secretary = person("王小明", "secretariat");
    PrincipalRow director = person("局長", "director");

    [[nodiscard]] PrincipalRow person(const std::string& name, const std::string& role) {
        return need(create_person_token(owner, name, {role}, token_hash(make_token()), kStart)).value();
    }
};

policy::Rules with_window(policy::Rules rules, std::int64_t days) {
    for (policy::Rule& rule : rules)
        if (rule.id == "RET_KEEP") rule.value = days;
    return rules;
}

TEST_CASE("the first version and what was shipped after it are config/policy.toml", "[pg][policy]") {
    House house;
    const auto versions = need(load_policy_versions(house.api));
    REQUIRE(versions.size() == 1);
    const auto text =
        read_text_file(std::filesystem::path{SLUICE_SOURCE_DIR} / "config" / "policy.toml", 1U << 20U);
    REQUIRE(text);
    CHECK(
        versions[0].rules.size() == 8
    );  // as the first release had them; a migration does not change a version
    CHECK(policy::completed(versions[0].rules) == need(policy::parse_rules(*text, "policy.toml")));
    CHECK(versions[0].adoption);
    const auto history = need(load_policy_history(house.api));
    REQUIRE(history.size() == 1);
    CHECK(history[0].policy.floor_days == 30);
    CHECK(history[0].policy.deadlines.decision_days == 15);
}

TEST_CASE("a version is proposed by one person and adopted by another", "[pg][policy][article12]") {
    House house;
    const auto rules = with_window(need(load_policy_versions(house.api)).at(0).rules, 90);
    const int number = need(propose_policy(house.api, rules, "longer window", house.secretary, kStart));
    CHECK(number == 2);
    CHECK(need(load_policy_history(house.api)).size() == 1);  // a proposal is not in force

    const auto own = adopt_policy(house.api, 2, house.secretary, "115-7", kStart + 1h, kStart);
    REQUIRE_FALSE(own);
    CHECK(own.error().remedy() == Remedy::refuse);
    CHECK_FALSE(propose_policy(house.api, rules, "", house.director, kStart));
    const auto other = house.person("another", "secretariat");
    CHECK_FALSE(adopt_policy(house.api, 2, other, "115-7", kStart + 1h, kStart));
    const auto back = adopt_policy(house.api, 2, house.director, "115-7", kStart - 1s, kStart);
    REQUIRE_FALSE(back);
    CHECK(back.error().remedy() == Remedy::refuse);
    CHECK_FALSE(adopt_policy(house.api, 2, house.director, "", kStart + 1h, kStart));
    CHECK_FALSE(need(adopt_policy(house.api, 3, house.director, "115-7", kStart + 1h, kStart)));
    CHECK(need(adopt_policy(house.api, 2, house.director, "115-7", kStart + 1h, kStart)));
    CHECK_FALSE(need(adopt_policy(house.api, 2, house.director, "115-8", kStart + 2h, kStart)));

    const auto history = need(load_policy_history(house.api));
    REQUIRE(history.size() == 2);
    CHECK(policy::in_force(history, kStart).policy.keep_days == 30);
    CHECK(policy::in_force(history, kStart + 1h).policy.keep_days == 90);
    const auto version = need(load_policy_versions(house.api)).at(1);
    CHECK(version.proposer == "王小明");
    REQUIRE(version.adoption);
    CHECK(version.adoption->adopter == "局長");
    CHECK(version.adoption->document == "115-7");
    CHECK(version.note == "longer window");
    // What was refused left no record.
    CHECK(
        house.database.query("SELECT string_agg(action, ' ' ORDER BY filed_at) FROM ledger_records WHERE "
                             "action LIKE 'policy.%'") == "policy.proposed policy.adopted"
    );
}

TEST_CASE("a person keeps name and roles; a second token is the same person's", "[pg][catalogue]") {
    House house;
    const auto again =
        need(create_person_token(house.owner, "局長", {"director"}, token_hash(make_token()), kStart + 1h));
    REQUIRE(again);
    CHECK(again->id == house.director.id);
    CHECK_FALSE(
        need(create_person_token(house.owner, "局長", {"secretariat"}, token_hash(make_token()), kStart))
    );
    CHECK_FALSE(create_person_token(house.owner, "某人", {"operator"}, token_hash(make_token()), kStart));
    CHECK_FALSE(create_machine_token(house.owner, "machine", "director", token_hash(make_token()), kStart));
}

}  // namespace
}  // namespace sluice::catalogue
