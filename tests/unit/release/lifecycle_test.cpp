#include "storage/release/lifecycle.hpp"

#include "storage/release/codes.hpp"
#include "tests/support/lifecycle_lines.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

namespace sluice::release {
namespace {

using sluice::test::first_difference;
using sluice::test::Line;
using sluice::test::Matrix;
using sluice::test::to_matrix;

constexpr const char* kFile = SLUICE_SOURCE_DIR "/tests/data/lifecycle.csv";

Line to_line(const Transition& row) {
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
    for (const Transition& row : transitions())
        lines.push_back(to_line(row));
    return lines;
}

TEST_CASE("the life cycle is the one that was written down, cell by cell", "[release][lifecycle]") {
    CHECK(first_difference(to_matrix(coded()), to_matrix(sluice::test::read_lifecycle(kFile))) == "");
}

TEST_CASE("every cell of the life cycle is tested: a flipped one is found", "[release][lifecycle]") {
    const Matrix expected = to_matrix(sluice::test::read_lifecycle(kFile));
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
        check(&Line::state, "draft", "closed");
        check(&Line::action, "submit", "lapse");
        check(&Line::role, "clock", "applicant");
        check(&Line::guard, "ready", "no_outcome");
        check(&Line::result, "closed", "draft");
        check(&Line::article, "12", "7");
        std::vector<Line> without = sound;
        without.erase(without.begin() + static_cast<std::ptrdiff_t>(i));
        if (first_difference(to_matrix(without), expected).empty())
            FAIL("row " << i << " can be left out unnoticed");
    }
    CHECK(flipped == sound.size() * 6);
}

TEST_CASE("the refusals of the life cycle are codes of the rules", "[release][lifecycle]") {
    for (const Transition& row : transitions()) {
        CAPTURE(to_string(row.state), to_string(row.action), to_string(row.guard));
        CHECK(row.next.has_value() == row.code.empty());
        if (row.next) continue;
        REQUIRE(find_code(row.code) != nullptr);
        CHECK(find_code(row.code)->status >= 400);
    }
}

TEST_CASE("what is in no row is refused: 409 for the state, 403 for the person", "[release][lifecycle]") {
    const Holds nothing = [](Guard, Part) { return false; };
    for (const RequestState state : all_of<RequestState, kRequestStates>())
        for (const RequestAction action : all_of<RequestAction, kRequestActions>())
            for (const Part part : all_of<Part, kParts>()) {
                const Part parts[] = {part};
                const Verdict verdict = step(state, action, parts, nothing);
                const auto has = [&](bool with_part) {
                    return std::ranges::any_of(transitions(), [&](const Transition& row) {
                        return row.state == state && row.action == action &&
                               (!with_part || (row.part == part && row.guard == Guard::ready));
                    });
                };
                CAPTURE(to_string(state), to_string(action), to_string(part));
                if (!has(false)) CHECK(verdict.code == "REQUEST_STATE");
                if (has(false) && !has(true)) CHECK(verdict.code == "ROLE_NOT_ALLOWED");
                if (has(true) && verdict.code.empty()) CHECK(verdict.next.has_value());
            }
}

TEST_CASE(
    "of several parts the first that may counts, else the first one's refusal",
    "[release][lifecycle]"
) {
    const Part both[] = {Part::secretariat_head, Part::handler};
    const auto not_yet = [](Guard guard, Part part) {
        return guard == Guard::not_next && part == Part::secretariat_head;
    };
    const Verdict verdict = step(RequestState::deciding, RequestAction::sign, both, not_yet);
    CHECK(verdict.next == RequestState::deciding);
    CHECK(verdict.part == Part::handler);
    const auto never = [](Guard guard, Part) { return guard == Guard::not_next; };
    CHECK(step(RequestState::deciding, RequestAction::sign, both, never).code == "FORM_CHAIN_INCOMPLETE");
    CHECK(step(RequestState::deciding, RequestAction::sign, both, never).part == Part::secretariat_head);
}

TEST_CASE("words of requests are read as they are written", "[release][lifecycle]") {
    for (const RequestState state : all_of<RequestState, kRequestStates>())
        CHECK(request_state_from(to_string(state)) == state);
    for (const RequestAction action : all_of<RequestAction, kRequestActions>())
        CHECK(request_action_from(to_string(action)) == action);
    for (const Guard guard : all_of<Guard, kGuards>())
        CHECK(guard_from(to_string(guard)) == guard);
    for (const EvidenceKind kind : all_of<EvidenceKind, kEvidenceKinds>())
        CHECK(evidence_kind_from(to_string(kind)) == kind);
    CHECK(to_string(RequestAction::return_) == "return");
    CHECK_FALSE(request_state_from("").has_value());
}

}  // namespace
}  // namespace sluice::release
