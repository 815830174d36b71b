#include "api/authorisation_table.hpp"
#include "config/base/files.hpp"

#include <algorithm>
#include <sstream>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

/// The table behind `authorize` against tests/data/authorisation.csv, which was written by hand before it.
namespace sluice::api {
namespace {

struct Expected {
    std::string result = "ROLE_NOT_ALLOWED";  // what no line allows
    std::string article;
    std::size_t line = 0;  // of the file; 0: none
};

struct Case {
    Role role;
    Action action;
    Relation relation;
    State state;
};

std::string describe(const Case& one) {
    return std::string{to_string(one.role)} + " " + std::string{to_string(one.action)} + " " +
           std::string{to_string(one.relation)} + " " + std::string{to_string(one.state)};
}

/// Every case that there is, in a fixed order.
std::vector<Case> all_cases() {
    std::vector<Case> cases;
    for (std::size_t r = 0; r < kRoleCount; ++r)
        for (const ActionFacts& facts : all_actions())
            for (std::size_t w = 0; w < (facts.is_personal ? kRelationCount : 1); ++w)
                for (const State state : states_of(facts.action))
                    cases.push_back({static_cast<Role>(r), facts.action, static_cast<Relation>(w), state});
    return cases;
}

std::vector<std::string> split(const std::string& text, char separator) {
    std::vector<std::string> parts;
    std::istringstream stream{text};
    for (std::string part; std::getline(stream, part, separator);)
        parts.push_back(part);
    if (text.ends_with(separator)) parts.emplace_back();
    return parts;
}

struct Line {
    std::size_t number;
    std::vector<std::string> roles;
    std::vector<std::string> actions;
    std::vector<std::string> resources;
    std::vector<std::string> states;
    Expected expected;
    bool is_general = false;
};

bool names(const std::vector<std::string>& words, const std::string& word) {
    return words.front() == "*" || std::ranges::find(words, word) != words.end();
}

/// "request:own", or "request" where it does not matter whose it is.
std::string resource_of(const Case& one) {
    const ActionFacts& facts = facts_of(one.action);
    std::string text{to_string(facts.resource)};
    if (facts.is_personal) text += ":" + std::string{to_string(one.relation)};
    return text;
}

bool covers(const Line& line, const Case& one) {
    return names(line.roles, std::string{to_string(one.role)}) &&
           names(line.actions, std::string{to_string(one.action)}) &&
           names(line.resources, resource_of(one)) && names(line.states, std::string{to_string(one.state)});
}

std::vector<Line> read_lines() {
    const auto text = read_text_file(SLUICE_SOURCE_DIR "/tests/data/authorisation.csv", 1U << 20U);
    REQUIRE(text.has_value());
    std::vector<Line> lines;
    std::size_t number = 0;
    for (const std::string& row : split(*text, '\n')) {
        ++number;
        if (row.empty() || row.starts_with('#') || row.starts_with("role,")) continue;
        const auto columns = split(row, ',');
        INFO("line " << number);
        REQUIRE(columns.size() == 6);
        Line line{
            .number = number,
            .roles = split(columns[0], ' '),
            .actions = split(columns[1], ' '),
            .resources = split(columns[2], ' '),
            .states = split(columns[3], ' '),
            .expected = {columns[4], columns[5], number},
            .is_general = row.find('*') != std::string::npos,
        };
        lines.push_back(std::move(line));
    }
    return lines;
}

/// Later lines stand above earlier ones.
std::vector<Expected> read_expected(const std::vector<Case>& cases) {
    std::vector<Expected> all(cases.size());
    for (const Line& line : read_lines()) {
        std::size_t count = 0;
        for (std::size_t i = 0; i < cases.size(); ++i) {
            if (!covers(line, cases[i])) continue;
            all[i] = line.expected;
            ++count;
        }
        INFO("line " << line.number << " says nothing about anything");
        CHECK(count > 0);
    }
    return all;
}

bool agrees(const Verdict& verdict, const Expected& expected) {
    const bool is_allowed = verdict.effect == Verdict::Effect::allow;
    return (is_allowed ? expected.result == "allow" : expected.result == verdict.code) &&
           expected.article == verdict.article;
}

/// The first case of [from, to) in which the table says something else; `to`: none.
std::size_t first_difference(
    const AuthorisationTable& table,
    const std::vector<Case>& cases,
    const std::vector<Expected>& expected,
    std::size_t from,
    std::size_t to
) {
    for (std::size_t i = from; i < to; ++i)
        if (!agrees(
                table.look_up(cases[i].role, cases[i].action, cases[i].relation, cases[i].state), expected[i]
            ))
            return i;
    return to;
}

TEST_CASE(
    "the authorisation table says what was written by hand, and nothing else",
    "[api][authorize][rule]"
) {
    const auto cases = all_cases();
    const auto expected = read_expected(cases);
    std::size_t allowed = 0;
    for (std::size_t i = 0; i < cases.size(); ++i) {
        const Case& one = cases[i];
        const Verdict& verdict = authorisation_table().look_up(one.role, one.action, one.relation, one.state);
        if (expected[i].result == "allow") ++allowed;
        if (agrees(verdict, expected[i])) continue;
        FAIL_CHECK(
            describe(one) << ": line " << expected[i].line << " says " << expected[i].result << " ["
                          << expected[i].article << "], the table "
                          << (verdict.effect == Verdict::Effect::allow ? "allow" : verdict.code) << " ["
                          << verdict.article << "]"
        );
    }
    // A test that compares nothing would pass as well.
    CHECK(allowed > 500);
    CHECK(cases.size() > 5000);
}

TEST_CASE("every word of the hand-written matrix is known", "[api][authorize][rule]") {
    const auto cases = all_cases();
    for (const Line& line : read_lines()) {
        INFO("line " << line.number);
        for (const std::string& role : line.roles)
            CHECK((role == "*" || role_from_string(role).has_value()));
        for (const std::string& action : line.actions)
            CHECK((action == "*" || action_from_string(action).has_value()));
        const auto is_real = [&](const std::string& resource) {
            return std::ranges::any_of(cases, [&](const Case& one) {
                return names(line.actions, std::string{to_string(one.action)}) &&
                       resource_of(one) == resource;
            });
        };
        for (const std::string& resource : line.resources)
            CHECK((resource == "*" || is_real(resource)));
    }
}

TEST_CASE("no line of the matrix contradicts another one in silence", "[api][authorize][rule]") {
    const auto lines = read_lines();
    for (const Case& one : all_cases()) {
        std::size_t said = 0;
        for (const Line& line : lines)
            if (!line.is_general && covers(line, one)) ++said;
        if (said > 1) FAIL_CHECK(describe(one) << ": " << said << " lines");
    }
}

TEST_CASE("each cell of the table that is flipped is found out", "[api][authorize][rule]") {
    const auto cases = all_cases();
    const auto expected = read_expected(cases);
    AuthorisationTable table = authorisation_table();
    REQUIRE(first_difference(table, cases, expected, 0, cases.size()) == cases.size());
    // All cells of a role are compared each time; all cells of all roles would take minutes.
    const std::size_t per_role = cases.size() / kRoleCount;
    REQUIRE(cases[per_role - 1].role != cases[per_role].role);
    std::size_t missed = 0;
    for (std::size_t i = 0; i < cases.size(); ++i) {
        const std::size_t begin = i - i % per_role;
        const auto& [role, action, relation, state] = cases[i];
        const Verdict right = table.look_up(role, action, relation, state);
        const bool was_allowed = right.effect == Verdict::Effect::allow;
        const Verdict wrong =
            was_allowed ? Verdict{}
                        : Verdict{.effect = Verdict::Effect::allow, .code = {}, .article = right.article};
        const Verdict other_code{.effect = right.effect, .code = "ANOTHER", .article = right.article};
        const Verdict other_article{.effect = right.effect, .code = right.code, .article = "99"};
        for (const Verdict& flipped : {wrong, other_code, other_article}) {
            if (was_allowed && flipped == other_code) continue;  // a permission has no code
            table.set(role, action, relation, state, flipped);
            if (first_difference(table, cases, expected, begin, begin + per_role) != i) ++missed;
        }
        table.set(role, action, relation, state, right);
    }
    CHECK(missed == 0);
}

}  // namespace
}  // namespace sluice::api
