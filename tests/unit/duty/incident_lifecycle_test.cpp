#include "storage/duty/incident_lifecycle.hpp"

#include "tests/support/lifecycle_lines.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

namespace sluice::duty {
namespace {

using namespace std::chrono_literals;

using test::first_difference;
using test::Line;
using test::Matrix;
using test::to_matrix;

std::vector<Line> read_expected() {
    return test::read_lifecycle(SLUICE_SOURCE_DIR "/tests/data/incident_lifecycle.csv");
}

Line to_line(const IncidentTransition& row) {
    return {
        std::string{to_string(row.state)},
        std::string{to_string(row.action)},
        std::string{to_string(row.part)},
        std::string{to_string(row.guard)},
        std::string{row.next ? to_string(*row.next) : row.code},
        std::string{row.article}
    };
}

std::vector<Line> coded() {
    std::vector<Line> lines;
    for (const IncidentTransition& row : incident_transitions())
        lines.push_back(to_line(row));
    return lines;
}

TEST_CASE("the life cycle of incidents is the one that was written down, cell by cell", "[duty][incidents]") {
    CHECK(first_difference(to_matrix(coded()), to_matrix(read_expected())) == "");
}

TEST_CASE(
    "every cell of the life cycle of incidents is tested: a flipped one is found",
    "[duty][incidents]"
) {
    const Matrix expected = to_matrix(read_expected());
    const std::vector<Line> sound = coded();
    std::size_t flipped = 0;
    const auto other_word = [](const std::string& word, std::string_view one, std::string_view two) {
        return std::string{word == one ? two : one};
    };
    for (std::size_t i = 0; i < sound.size(); ++i) {
        const auto check = [&](std::string Line::* cell, std::string_view one, std::string_view two) {
            std::vector<Line> mutant = sound;
            mutant[i].*cell = other_word(sound[i].*cell, one, two);
            ++flipped;
            if (first_difference(to_matrix(mutant), expected).empty())
                FAIL(
                    "row " << i << " can be changed unnoticed: " << mutant[i].state << ' ' << mutant[i].action
                );
        };
        check(&Line::state, "detected", "closed");
        check(&Line::action, "triage", "close");
        check(&Line::role, "head", "handler");
        check(&Line::guard, "ready", "is_fact");
        check(&Line::result, "closed", "triaged");
        check(&Line::article, "control", "incident");
        std::vector<Line> without = sound;
        without.erase(without.begin() + static_cast<std::ptrdiff_t>(i));
        if (first_difference(to_matrix(without), expected).empty())
            FAIL("row " << i << " can be left out unnoticed");
    }
    CHECK(flipped == sound.size() * 6);
}

TEST_CASE(
    "every refusal of the life cycle of incidents has its status and says what to do",
    "[duty][incidents]"
) {
    for (const IncidentTransition& row : incident_transitions()) {
        CAPTURE(to_string(row.state), to_string(row.action), to_string(row.guard));
        CHECK(row.next.has_value() == row.code.empty());
        if (row.next) continue;
        REQUIRE(find_incident_code(row.code) != nullptr);
        CHECK(find_incident_code(row.code)->status >= 400);
        CHECK_FALSE(find_incident_code(row.code)->detail.empty());
    }
    CHECK(find_incident_code("INCIDENT_STATE")->status == 409);
    CHECK(find_incident_code("ROLE_NOT_ALLOWED")->status == 403);
    CHECK(find_incident_code("X") == nullptr);
}

constexpr IncidentPart kHandler[] = {IncidentPart::handler};
constexpr IncidentPart kHead[] = {IncidentPart::head};
constexpr IncidentPart kBoth[] = {IncidentPart::handler, IncidentPart::head};
constexpr IncidentAttempt kWhole{.kind = IncidentKind::power, .has_finding = true, .has_recipient = true};

TEST_CASE(
    "an incident goes from its detection to its end step by step, and nothing follows the end",
    "[duty][incidents]"
) {
    IncidentState state = IncidentState::detected;
    for (const IncidentAction action :
         {IncidentAction::triage,
          IncidentAction::report,
          IncidentAction::contain,
          IncidentAction::remediate,
          IncidentAction::close}) {
        const auto verdict = step(state, action, kHead, kWhole);
        REQUIRE(verdict.next);
        state = *verdict.next;
    }
    CHECK(state == IncidentState::closed);
    for (std::size_t each = 0; each < kIncidentStates; ++each)
        for (std::size_t action = 0; action < kIncidentActions; ++action) {
            const auto from = static_cast<IncidentState>(each);
            if (!is_end(from)) continue;
            CHECK(step(from, static_cast<IncidentAction>(action), kBoth, kWhole).code == "INCIDENT_STATE");
        }
}

TEST_CASE("each guard of an incident stands in the way of its step, and of no other", "[duty][incidents]") {
    const auto code = [](IncidentState state,
                         IncidentAction action,
                         std::span<const IncidentPart> parts,
                         IncidentAttempt attempt) {
        return std::string{step(state, action, parts, attempt).code};
    };
    IncidentAttempt silent = kWhole;
    silent.has_finding = false;
    IncidentAttempt to_nobody = kWhole;
    to_nobody.has_recipient = false;
    IncidentAttempt broken = kWhole;
    broken.has_open_repair = true;
    IncidentAttempt own = kWhole;
    own.is_remediator = true;
    IncidentAttempt leak = kWhole;
    leak.kind = IncidentKind::leak;
    IncidentAttempt breach = kWhole;
    breach.kind = IncidentKind::floor_violation;
    using enum IncidentState;
    using enum IncidentAction;
    CHECK(code(detected, triage, kHandler, silent) == "INCIDENT_NO_FINDING");
    CHECK(code(triaged, report, kHandler, to_nobody) == "INCIDENT_NO_RECIPIENT");
    CHECK(code(contained, remediate, kHandler, broken) == "INCIDENT_REPAIR_OPEN");
    CHECK(code(remediated, close, kHead, own) == "SOD_SELF_APPROVAL");
    CHECK(code(remediated, close, kHandler, kWhole) == "ROLE_NOT_ALLOWED");
    CHECK(code(detected, close, kHead, kWhole) == "INCIDENT_STATE");
    CHECK(code(detected, dismiss, kHandler, leak) == "INCIDENT_NEEDS_HEAD");
    CHECK(code(detected, dismiss, kHead, leak).empty());
    CHECK(step(detected, dismiss, kBoth, leak).part == IncidentPart::head);
    CHECK(code(detected, dismiss, kHead, breach) == "INCIDENT_IS_FACT");
    CHECK(code(detected, mark_exercise, kHead, breach) == "INCIDENT_IS_FACT");
    CHECK(code(detected, mark_exercise, kHandler, kWhole) == "ROLE_NOT_ALLOWED");
    CHECK(code(detected, triage, {}, kWhole) == "ROLE_NOT_ALLOWED");
}

TEST_CASE(
    "a security incident is reported within an hour, by the numbers of the policy",
    "[duty][incidents][clock]"
) {
    const policy::IncidentPolicy policy{
        .report_security = 1h, .report = 24h, .contain = 72h, .remediate = 720h
    };
    const UtcTime opened{std::chrono::sys_days{std::chrono::year{2019} / 10 / 2} + 3h};
    using enum IncidentState;
    for (const IncidentKind kind :
         {IncidentKind::privacy_breach, IncidentKind::leak, IncidentKind::cyber, IncidentKind::break_glass}) {
        CHECK(due_of(kind, detected, opened, policy) == opened + 1h);
        CHECK(due_of(kind, triaged, opened, policy) == opened + 1h);
    }
    CHECK(due_of(IncidentKind::door_held, triaged, opened, policy) == opened + 24h);
    CHECK(due_of(IncidentKind::cyber, reported, opened, policy) == opened + 72h);
    CHECK(due_of(IncidentKind::cyber, contained, opened, policy) == opened + 720h);
    for (const IncidentState end : {remediated, closed, false_alarm, exercise})
        CHECK_FALSE(due_of(IncidentKind::cyber, end, opened, policy).has_value());
}

TEST_CASE("words of incidents are read as they are written", "[duty][incidents]") {
    for (std::size_t each = 0; each < kIncidentKinds; ++each)
        CHECK(
            incident_kind_from(to_string(static_cast<IncidentKind>(each))) == static_cast<IncidentKind>(each)
        );
    for (std::size_t each = 0; each < kIncidentStates; ++each)
        CHECK(
            incident_state_from(to_string(static_cast<IncidentState>(each))) ==
            static_cast<IncidentState>(each)
        );
    for (std::size_t each = 0; each < kIncidentActions; ++each)
        CHECK(
            incident_action_from(to_string(static_cast<IncidentAction>(each))) ==
            static_cast<IncidentAction>(each)
        );
    for (std::size_t each = 0; each < kSeverities; ++each)
        CHECK(severity_from(to_string(static_cast<Severity>(each))) == static_cast<Severity>(each));
    CHECK_FALSE(incident_kind_from("").has_value());
    CHECK(raised(Severity::low, 1) == Severity::medium);
    CHECK(raised(Severity::high, 3) == Severity::critical);
    CHECK(raised(Severity::medium, 0) == Severity::medium);
}

}  // namespace
}  // namespace sluice::duty
