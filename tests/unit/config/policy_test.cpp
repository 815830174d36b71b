#include "config/policy/policy.hpp"

#include "config/base/files.hpp"
#include "config/policy/history.hpp"
#include "config/policy/json.hpp"
#include "config/policy/shipped.hpp"

#include <algorithm>
#include <chrono>
#include <filesystem>

#include <catch2/catch.hpp>

using namespace std::chrono_literals;
using namespace sluice;
using namespace sluice::policy;

namespace {

Rules shipped() {
    const auto text =
        read_text_file(std::filesystem::path{SLUICE_SOURCE_DIR} / "config" / "policy.toml", 1U << 20U);
    REQUIRE(text);
    auto rules = parse_rules(*text, "policy.toml");
    REQUIRE(rules);
    return *rules;
}

Rule& find(Rules& rules, std::string_view id) {
    return *std::ranges::find(rules, id, &Rule::id);
}

std::string complaint(const Rules& rules) {
    const auto policy = to_policy(rules);
    return policy ? "" : policy.error().message();
}

constexpr UtcTime kDay0{std::chrono::sys_days{std::chrono::year{2026} / 1 / 1}};

}  // namespace

TEST_CASE("the shipped policy says what the draft of the rules says", "[policy]") {
    const auto policy = to_policy(shipped());
    REQUIRE(policy);
    CHECK(policy->floor_days == 30);
    CHECK(policy->ceiling_years == 1);
    CHECK(policy->keep_days == 30);
    CHECK(policy->when_full == WhenFull::overwrite_oldest);
    CHECK(policy->last_resort == LastResort::stop);
    CHECK(policy->at_risk_days == 7);
    CHECK(policy->purge_guard_percent == 20);
    CHECK(policy->clock == ClockLimits{.unsynchronised = 24h, .apart = 60min});
    CHECK(policy->expiry_notice_days_ahead == std::vector<unsigned>{30, 7, 1});
    CHECK(policy->deadlines == Deadlines{15, 15, 30, 10, 7, 30});
    CHECK(
        policy->release ==
        ReleasePolicy{
            .presence_minutes = 5,
            .ahead_seconds = 30,
            .package_days = 30,
            .collect_notice_days_ahead = {7, 1},
            .due_notice_days_ahead = {30, 7, 1},
        }
    );
    CHECK(
        policy->requests ==
        RequestPolicy{
            .chain_a_reviewer = Seat::optional,
            .chain_a_head = ChainHead::level1,
            .chain_b_reviewer = Seat::optional,
            .longest_period_hours = 24,
            .grant_days = 30,
            .hold_days = 180,
            .withdrawn_hold_days = 7,
            .code_tries = 5,
            .record_floor_years = 1,
        }
    );
    using namespace std::chrono_literals;
    CHECK(policy->recorders == RecorderPolicy{.clock_limit = 60s, .act_grace = 15min});
    CHECK(policy->logins == Logins{12, 365, 3, 5, 15min, 60min, 12h, 365, false, false, false});
    CHECK(policy->incidents == IncidentPolicy{1h, 24h, 72h, 30 * 24h});
    CHECK(policy->duties == DutyPolicy{60min, 8h + 30min, 95, {7, 1}, 4h, 1});
    CHECK(
        policy->doors ==
        DoorPolicy{.free_from = 8h, .free_to = 18h, .is_free_from_assumed = true, .held_open = 60s}
    );
    CHECK(policy->access == AccessPolicy{15min, 15s, 3, 7, 30, 30s, 60s, 1});
    CHECK(policy->contractor == ContractorPolicy{24, 2, 30, 7});
}

TEST_CASE("a version older than a rule takes the rule as it was shipped, until one that has it", "[policy]") {
    CHECK(shipped_rules() == shipped());
    CHECK(rules_missing_in(shipped()).empty());
    Rules older = shipped();
    std::erase_if(older, [](const Rule& rule) { return rule.id.starts_with("DEADLINE_"); });
    CHECK_FALSE(to_policy(older));  // a new version has to say it
    CHECK(rules_missing_in(older).size() == 6);
    const auto policy = to_policy(completed(older));
    REQUIRE(policy);
    CHECK(policy->deadlines.decision_days == 15);
    Rules newer = shipped();
    find(newer, "DEADLINE_DECISION").value = std::int64_t{20};
    CHECK(to_policy(completed(newer))->deadlines.decision_days == 20);
}

TEST_CASE("a policy that can't be kept is refused, rule by rule, with the cure", "[policy]") {
    Rules rules = shipped();
    SECTION("missing") {
        std::erase_if(rules, [](const Rule& rule) { return rule.id == "RET_KEEP"; });
        CHECK(complaint(rules) == "RET_KEEP: is missing; add its [[rule]]");
    }
    SECTION("twice") {
        rules.push_back(rules.front());
        CHECK(complaint(rules) == "RET_FLOOR_30D: stands twice; keep one");
    }
    SECTION("unknown") {
        rules.push_back(
            {.id = "RET_FLOR", .value = std::int64_t{1}, .unit = "days", .article = "7", .allowed_by = {}}
        );
        CHECK(complaint(rules) == "RET_FLOR: is no rule of this program; take it out");
    }
    SECTION("out of its limits") {
        find(rules, "RET_FLOOR_30D").value = std::int64_t{0};
        CHECK(complaint(rules) == "RET_FLOOR_30D: must be a whole number from 1 to 36500");
    }
    SECTION("no time of the day") {
        for (const char* text : {"8:00", "24:00", "08:60", "0800", "08:0x", ""}) {
            find(rules, "DOOR_FREE_FROM").value = std::string{text};
            CHECK(complaint(rules) == "DOOR_FREE_FROM: must be a time of the day such as \"08:00\"");
        }
    }
    SECTION("doors that open after they close") {
        find(rules, "DOOR_FREE_FROM").value = std::string{"18:00"};
        CHECK(complaint(rules) == "DOOR_FREE_TO: must come after DOOR_FREE_FROM");
    }
    SECTION("another word") {
        find(rules, "RET_WHEN_FULL").value = std::string{"delete"};
        CHECK(complaint(rules) == "RET_WHEN_FULL: must be \"overwrite_oldest\" or \"stop\"");
    }
    SECTION("another unit") {
        find(rules, "RET_KEEP").unit = "hours";
        CHECK(complaint(rules) == "RET_KEEP: unit must be \"days\"");
    }
    SECTION("no article") {
        find(rules, "RET_KEEP").article.clear();
        CHECK(complaint(rules) == "RET_KEEP: needs the article that it rests on");
    }
    SECTION("a window shorter than the floor") {
        find(rules, "RET_KEEP").value = std::int64_t{29};
        CHECK(complaint(rules) == "RET_KEEP: must not be shorter than RET_FLOOR_30D");
    }
    SECTION("a floor beyond the ceiling") {
        find(rules, "RET_FLOOR_30D").value = std::int64_t{365};
        find(rules, "RET_KEEP").value = std::string{"capacity"};
        CHECK(complaint(rules) == "RET_FLOOR_30D: must end before RET_CEILING_1Y");
    }
    SECTION("a floor that may be broken, and nobody allowed it") {
        find(rules, "RET_LAST_RESORT").value = std::string{"breach_floor"};
        CHECK(
            complaint(rules) == "RET_LAST_RESORT: breach_floor needs allowed_by: who allowed it, and where"
        );
        find(rules, "RET_LAST_RESORT").allowed_by = "letter 115-7";
        CHECK(complaint(rules).empty());
    }
    SECTION("several at once") {
        find(rules, "RET_KEEP").article.clear();
        find(rules, "HOLD_EXPIRY_NOTICE").value = std::int64_t{7};
        CHECK(
            complaint(rules) ==
            "RET_KEEP: needs the article that it rests on\nHOLD_EXPIRY_NOTICE: must be a list of whole "
            "numbers from 1 "
            "to 36500"
        );
    }
}

TEST_CASE("\"capacity\" keeps as long as the disk holds", "[policy]") {
    Rules rules = shipped();
    find(rules, "RET_KEEP").value = std::string{"capacity"};
    const auto policy = to_policy(rules);
    REQUIRE(policy);
    CHECK(policy->keep_days == 0);
}

TEST_CASE("a policy file that can't be read is told with its place", "[policy]") {
    struct Row {
        const char* text;
        const char* said;
    };
    for (const Row& row : std::initializer_list<Row>{
             {"[[rule]]\nid = 3", "p.toml:2:6: id: must be a text"},
             {"[[rule]]\nid = \"A\"", "p.toml:1:1: value: is missing"},
             {"[[rule]]\nvalue = 1", "p.toml:1:1: id: is missing"},
             {"[[rule]]\nid = \"A\"\nvalue = 1.5",
              "p.toml:3:9: value: must be a whole number, a word or a list of whole numbers"},
             {"[[rule]]\nid = \"A\"\nvalue = [1, \"x\"]", "p.toml:3:13: value: must hold whole numbers only"},
             {"[[rule]]\nid = \"A\"\nvalue = 1\nvalid = 2",
              "p.toml:4:9: valid: is not known; a rule has id, value, unit, article, allowed_by"},
             {"floor = 30", "p.toml:1:9: floor: a policy holds [[rule]] tables only"},
         }) {
        CAPTURE(row.text);
        const auto rules = parse_rules(row.text, "p.toml");
        REQUIRE_FALSE(rules);
        CHECK(rules.error().message() == row.said);
    }
    const auto broken = parse_rules("[[rule", "p.toml");
    REQUIRE_FALSE(broken);
    CHECK(broken.error().message().starts_with("p.toml:1:"));
}

TEST_CASE("rules go through JSON and come back the same", "[policy]") {
    Rules rules = shipped();
    find(rules, "RET_LAST_RESORT").allowed_by = "局長 115年第7號";
    const auto back = rules_from_json(to_json(rules));
    REQUIRE(back);
    CHECK(*back == rules);
    for (const char* wrong :
         {"{}",
          "[1]",
          "[{}]",
          "[{\"id\":1,\"value\":1,\"article\":\"\"}]",
          "[{\"id\":\"A\",\"value\":null,\"article\":\"1\"}]",
          "[{\"id\":\"A\",\"value\":1,\"article\":\"1\",\"other\":1}]",
          "nonsense"}) {
        CAPTURE(wrong);
        CHECK_FALSE(rules_from_json(wrong));
    }
}

TEST_CASE("what a new version changes is said rule by rule", "[policy]") {
    const Rules before = shipped();
    Rules after = before;
    find(after, "RET_KEEP").value = std::int64_t{90};
    find(after, "RET_FLOOR_AT_RISK").article = "6";
    CHECK(describe_changes(before, before).empty());
    CHECK(
        describe_changes(before, after) ==
        std::vector<std::string>{"RET_KEEP: 30 days -> 90 days", "RET_FLOOR_AT_RISK: article 7(3) -> 6"}
    );
    after.pop_back();
    CHECK(describe_changes(before, after).back() == before.back().id + ": taken out");
}

TEST_CASE(
    "article 12: a longer floor counts at once, a shorter one only for later footage",
    "[policy][article12]"
) {
    const auto version = [](int number, int from_day, unsigned floor) {
        Version made;
        made.number = number;
        made.valid_from = kDay0 + std::chrono::days{from_day};
        made.policy.floor_days = floor;
        return made;
    };
    const auto at = [](int day) { return kDay0 + std::chrono::days{day}; };
    const History history{version(1, 0, 30), version(2, 100, 60), version(3, 200, 40)};
    CHECK(in_force(history, at(-5)).number == 1);
    CHECK(in_force(history, at(99)).number == 1);
    CHECK(in_force(history, at(100)).number == 2);
    CHECK(in_force(history, at(500)).number == 3);
    CHECK(floor_days(history, at(50), at(99)) == 30);
    CHECK(floor_days(history, at(50), at(100)) == 60);
    CHECK(floor_days(history, at(50), at(300)) == 60);  // it was there while 60 days were in force
    CHECK(floor_days(history, at(199), at(300)) == 60);
    CHECK(floor_days(history, at(200), at(300)) == 40);
    CHECK(floor_days(history, at(250), at(300)) == 40);
}
