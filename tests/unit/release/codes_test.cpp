#include "storage/release/codes.hpp"

#include "api/acts.hpp"
#include "api/authorize.hpp"
#include "api/copies/rules.hpp"
#include "storage/clip/detail/select.hpp"
#include "storage/release/not_held.hpp"
#include "storage/retention/rules.hpp"
#include "tests/unit/release/faults.hpp"

#include <set>

#include <catch2/catch.hpp>

/// Every stable code: the input that raises it, and the one that cures it.
namespace sluice::release {
namespace {

using namespace std::chrono_literals;
using namespace test;
using std::chrono::days;

/// `raise` comes to the code; `cure`, which differs in what cures it, does not. Of a fact that nothing cures
/// it is what would have to be otherwise.
struct Row {
    std::string_view code;
    std::function<std::string()> raise;
    std::function<std::string()> cure;
};

std::vector<Row> steps_of_requests() {
    std::vector<Row> rows;
    for (const Fault& fault : all_faults())
        rows.push_back(
            {fault.code, [fault] { return code_of_spoiled(fault); }, [fault] { return code_of_sound(fault); }}
        );
    const Case refused = in_state(granted_case(), RequestState::refused);
    const auto code_at = [refused](RequestAction action, Someone who, UtcTime remedy) {
        return std::string{attempt(refused, attempt_of(action), who, remedy).code};
    };
    const Someone applicant = someone(1, Part::applicant);
    const Someone head = someone(5, Part::secretariat_head);
    rows.push_back(
        {"APPEAL_TOO_LATE",
         [=] { return code_at(RequestAction::appeal, applicant, kNow); },
         [=] { return code_at(RequestAction::appeal, applicant, kNow + 1s); }}
    );
    rows.push_back(
        {"REMEDY_OPEN",
         [=] { return code_at(RequestAction::close, head, kNow + 1s); },
         [=] { return code_at(RequestAction::close, head, kNow); }}
    );
    const auto destroying = [](days since) {
        Case closed = in_state(whole_case(), RequestState::closed);
        closed.since = kNow - since;
        return std::string{check_destroying(closed, policy_of_tests(), kNow)};
    };
    rows.push_back(
        {"ART9_4C_RECORD_FLOOR_1Y",
         [=] { return destroying(days{365}); },
         [=] { return destroying(days{366}); }}
    );
    return rows;
}

std::string said(const catalogue::PrincipalRow* who, api::Action action, api::Standing standing) {
    standing.at = kNow;
    api::Subject subject;
    subject.relation = api::Relation::other;
    return api::authorize(who, action, subject, standing).code;
}

std::vector<Row> who_asks() {
    static const catalogue::PrincipalRow secretary{
        .id = kHandlerId,
        .kind = catalogue::PrincipalKind::person,
        .name = "林秘書",
        .roles = {"secretariat"},
        .valid_from = {},
        .valid_to = std::nullopt
    };
    const auto standing = [](bool is_departed, bool wants_factor, bool has_factor) {
        api::Standing made;
        made.is_departed = is_departed;
        made.wants_factor_to_export = wants_factor;
        made.has_second_factor = has_factor;
        return made;
    };
    using api::Action;
    return {
        {"UNAUTHENTICATED",
         [=] { return said(nullptr, Action::list_cameras, standing(false, false, false)); },
         [=] { return said(&secretary, Action::list_cameras, standing(false, false, false)); }},
        {"ART7_2_DEPARTED_ACCOUNT",
         [=] { return said(&secretary, Action::list_cameras, standing(true, false, false)); },
         [=] { return said(&secretary, Action::list_cameras, standing(false, false, false)); }},
        {"AUTH_TOTP_REQUIRED",
         [=] { return said(&secretary, Action::read_copy, standing(false, true, false)); },
         [=] { return said(&secretary, Action::read_copy, standing(false, true, true)); }},
    };
}

std::string kept_by(days age, bool is_held) {
    policy::Version version{.number = 1, .valid_from = kNow - days{1000}, .policy = {}};
    version.policy.floor_days = 30;
    version.policy.ceiling_years = 1;
    version.policy.keep_days = 30;
    const retention::SegmentFacts segment{
        .id = person(50),
        .camera_id = kCamera,
        .volume_id = person(51),
        .range = {kNow - age - 60s, kNow - age},
        .bytes = 1
    };
    const retention::HoldFacts hold{
        .id = person(52), .camera_ids = {kCamera}, .interval = segment.range, .outlives_ceiling = false
    };
    const retention::HoldFacts* const holds[] = {&hold};
    const auto decision =
        retention::decide(segment, std::span{holds}.first(is_held ? 1 : 0), policy::History{version}, kNow);
    return decision.is_destroyed ? "" : std::string{retention::to_string(decision.rule)};
}

std::string not_held(std::uint64_t destroyed, const std::vector<std::string>& rules, bool is_others) {
    return std::string{not_held_code(
        {.is_known = true, .destroyed = destroyed, .rules = rules, .has_other_controller = is_others}
    )};
}

std::string due_code(UtcTime due) {
    const auto checked = api::due_of(due, kNow - days{10}, 1, kNow);
    return checked ? "" : checked.error().code;
}

/// A clip over one run, or over two that a gap divides.
std::string clip_code(bool is_divided) {
    const UtcTime begin = kNow - 60s;
    clip::Candidates candidates{.asked = {begin, begin + 30s}, .rows = {}};
    for (const int i : {0, 1}) {
        catalogue::SegmentRow row;
        row.id = person(static_cast<std::uint8_t>(60 + i));
        row.run_id = person(is_divided ? static_cast<std::uint8_t>(70 + i) : 70);
        row.state = catalogue::SegmentState::finished;
        row.range = {begin + 10s * (2 * i), begin + 10s * (2 * i) + (is_divided ? 15s : 20s)};
        if (is_divided && i == 1) row.range = {begin + 5s, begin + 25s};  // two runs at the same time
        candidates.rows.push_back(row);
    }
    return clip::find_breaks(candidates).empty() ? "" : "CLIP_NOT_UNIFORM";
}

std::string durable_code(UtcTime to) {
    const clip::Horizon horizon{.available_to = kNow, .presented_to = kNow, .is_growing = true};
    const auto refusal = clip::check_durable(horizon, {kNow - 60s, to});
    return refusal ? refusal->code : "";
}

std::vector<Row> footage() {
    const std::vector<std::string> window{"RET_WINDOW"};
    const std::vector<std::string> ordered{"RET_CEILING_1Y"};
    return {
        {"RET_FLOOR_30D", [] { return kept_by(days{29}, false); }, [] { return kept_by(days{31}, false); }},
        {"RET_HOLD_ACTIVE", [] { return kept_by(days{40}, true); }, [] { return kept_by(days{40}, false); }},
        {"RET_CEILING_1Y",
         [] { return due_code(kNow + days{400}); },
         [] { return due_code(kNow + days{300}); }},
        {"NOT_HELD_NEVER_RECORDED",
         [] { return not_held(0, {}, false); },
         [=] { return not_held(1, window, false); }},
        {"NOT_HELD_OTHER_CONTROLLER",
         [] { return not_held(0, {}, true); },
         [] { return not_held(0, {}, false); }},
        {"NOT_HELD_OVERWRITTEN",
         [=] { return not_held(1, window, true); },
         [] { return not_held(0, {}, true); }},
        {"NOT_HELD_DESTROYED",
         [=] { return not_held(2, ordered, false); },
         [=] { return not_held(2, window, false); }},
        {"CLIP_NOT_UNIFORM", [] { return clip_code(true); }, [] { return clip_code(false); }},
        {"NOT_YET_DURABLE", [] { return durable_code(kNow + 1s); }, [] { return durable_code(kNow); }},
        {"LEDGER_UNAVAILABLE",
         [] {
             return api::act_problem(Error{Remedy::retry, {}, "no checkpoint", "LEDGER_UNAVAILABLE"}).code;
         },
         [] { return api::act_problem(Error{Remedy::retry, "the catalogue is away"}).code; }},
    };
}

TEST_CASE("every code has an input that raises it and one that cures it", "[release][rules]") {
    std::set<std::string_view> raised;
    for (const auto& rows : {steps_of_requests(), who_asks(), footage()})
        for (const Row& row : rows) {
            CAPTURE(row.code);
            CHECK(row.raise() == row.code);
            CHECK(row.cure() != row.code);
            CHECK(find_code(row.code) != nullptr);
            raised.insert(row.code);
        }
    // The table of codes itself says what has to be here.
    for (const CodeRow& row : all_codes()) {
        CAPTURE(row.code);
        CHECK(raised.contains(row.code));
        CHECK_FALSE(row.title.empty());
        CHECK_FALSE(row.title_zh.empty());
        CHECK(row.status >= 400);
    }
}

TEST_CASE("of several answers that nothing is held the one that tells most is given", "[release][rules]") {
    const std::vector<std::string> codes{
        "NOT_HELD_NEVER_RECORDED", "NOT_HELD_OVERWRITTEN", "NOT_HELD_OTHER_CONTROLLER"
    };
    CHECK(foremost_not_held(codes) == "NOT_HELD_OVERWRITTEN");
    CHECK(foremost_not_held(std::span{codes}.first(1)) == "NOT_HELD_NEVER_RECORDED");
    CHECK(foremost_not_held({}).empty());
}

}  // namespace
}  // namespace sluice::release
