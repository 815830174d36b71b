// What the register says of the end of a case.
#include "storage/release/rules.hpp"
#include "tests/support/lifecycle_lines.hpp"
#include "tests/unit/release/case_maker.hpp"

#include <compare>
#include <optional>
#include <set>
#include <string_view>
#include <tuple>
#include <vector>

#include <catch2/catch.hpp>

namespace sluice::release {
namespace {

using enum RequestState;
using Appealed = std::optional<RequestState>;
using sluice::test::Line;

std::vector<Line> read_lifecycle() {
    return sluice::test::read_lifecycle(SLUICE_SOURCE_DIR "/tests/data/lifecycle.csv");
}

TEST_CASE("which step enters the end of a case, and as what", "[release][register][article9]") {
    using enum RequestAction;
    const std::vector<std::tuple<RequestAction, Appealed, Entry>> entering{
        {complete, {}, Entry::completed},
        {refuse, {}, Entry::refused},
        {answer_not_held, {}, Entry::not_held},
        {RequestAction::withdraw, {}, Entry::withdrawn},
        {lapse, {}, Entry::lapsed},
        {revoke, {}, Entry::revoked},
        {uphold, granted_partial, Entry::refused},
    };
    for (const RequestAction action : all_of<RequestAction, kRequestActions>())
        for (const Appealed appealed :
             {Appealed{}, Appealed{granted_partial}, Appealed{refused}, Appealed{not_held}}) {
            std::optional<Entry> expected;
            for (const auto& [step, against, entry] : entering)
                if (step == action && (step != uphold || against == appealed)) expected = entry;
            CAPTURE(to_string(action), appealed ? to_string(*appealed) : "no appeal");
            CHECK(closing_entry(action, appealed) == expected);
        }
}

TEST_CASE("the line of an end has the word of its state", "[release][register][article9]") {
    for (const Line& line : read_lifecycle()) {
        const auto entry = closing_entry(request_action_from(line.action).value(), std::nullopt);
        if (!entry || !request_state_from(line.result)) continue;
        CAPTURE(line.state, line.action);
        CHECK(to_string(*entry) == line.result);
    }
}

/// Where a case can be, and how often the register says how it ended since it was last screened.
struct Standing {
    RequestState state = draft;
    bool is_accepted = false;
    Appealed appealed;
    int endings = 0;
    auto operator<=>(const Standing&) const = default;
};

Standing after(Standing standing, RequestAction action, RequestState next) {
    if (action == RequestAction::accept) standing.is_accepted = true;
    if (action == RequestAction::appeal) standing.appealed = standing.state;
    const auto entry = closing_entry(action, standing.appealed);
    if (entry && standing.is_accepted) ++standing.endings;
    if (next == screening && standing.state != screening) standing.endings = 0;
    standing.state = next;
    return standing;
}

/// All that the life cycle leads to from a draft.
std::set<Standing> reachable() {
    const std::vector<Line> lines = read_lifecycle();
    std::set<Standing> seen;
    std::vector<Standing> open{Standing{}};
    while (!open.empty()) {
        const Standing standing = open.back();
        open.pop_back();
        // Any more of them is told by the check; the walk has to end.
        if (standing.endings > 3 || !seen.insert(standing).second) continue;
        for (const Line& line : lines) {
            const auto next = request_state_from(line.result);
            if (next && line.state == to_string(standing.state))
                open.push_back(after(standing, request_action_from(line.action).value(), *next));
        }
    }
    return seen;
}

TEST_CASE(
    "by whatever way an accepted case comes to its end, one line of the register says so, and none before",
    "[release][register][article9]"
) {
    const std::set<RequestState> ends{completed, refused, not_held, withdrawn, lapsed, revoked, closed};
    std::set<RequestState> reached;
    std::set<Appealed> upheld;
    for (const Standing& standing : reachable()) {
        CAPTURE(
            to_string(standing.state),
            standing.is_accepted,
            standing.appealed ? to_string(*standing.appealed) : "no appeal"
        );
        reached.insert(standing.state);
        if (standing.state == closed) upheld.insert(standing.appealed);
        const bool is_appealed = standing.state == appealed && standing.appealed != granted_partial;
        const bool is_over = is_appealed || ends.contains(standing.state);
        CHECK(standing.endings == (standing.is_accepted && is_over ? 1 : 0));
    }
    CHECK(reached.size() == kRequestStates);
    CHECK(upheld == std::set<Appealed>{std::nullopt, granted_partial, refused, not_held});
}

TEST_CASE(
    "what a decision in part leaves out rests on what the worksheet has found",
    "[release][rules][article10]"
) {
    Case request = test::decidable_case();
    CHECK(found_grounds(request).empty());
    const auto answer = [&](Ground ground, GroundAnswer given) {
        for (Finding& finding : request.findings)
            if (finding.ground == ground) finding.answer = given;
    };
    answer(Ground::third_party, GroundAnswer::yes);
    answer(Ground::life_safety, GroundAnswer::unknown);
    CHECK(found_grounds(request) == std::vector<std::string_view>{"ART10_3_THIRD_PARTY_PRIVACY"});
    for (const Ground ground : all_of<Ground, kGrounds>())
        answer(ground, GroundAnswer::yes);
    CHECK(
        found_grounds(request) ==
        std::vector<std::string_view>{
            "ART10_1_STATUTORY_SECRET",
            "ART10_2A_INVESTIGATION",
            "ART10_2B_FAIR_TRIAL",
            "ART10_2C_LIFE_SAFETY",
            "ART10_3_THIRD_PARTY_PRIVACY",
        }
    );
}

}  // namespace
}  // namespace sluice::release
