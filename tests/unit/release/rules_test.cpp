#include "storage/release/rules.hpp"

#include "storage/release/codes.hpp"
#include "tests/unit/release/faults.hpp"

#include <string>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

namespace sluice::release {
namespace {

using namespace std::chrono_literals;
using namespace test;

TEST_CASE(
    "before its dossier nothing is screened, and before the decision nothing from outside is scheduled",
    "[release][rules]"
) {
    const Someone handler = someone(2, Part::handler);
    const Case submitted = acceptable(Channel::external);
    CHECK(attempt(submitted, attempt_of(RequestAction::screen), handler).code == "ART8_NO_DOSSIER");
    CHECK(
        attempt(submitted, attempt_of(RequestAction::schedule), handler).code == "ART9_2D_NO_BUREAU_CONSENT"
    );
    CHECK(
        attempt(in_state(submitted, RequestState::accepted), attempt_of(RequestAction::screen), handler)
            .next == RequestState::screening
    );
    CHECK(
        attempt(granted_case(), attempt_of(RequestAction::schedule), handler).next == RequestState::scheduled
    );
}

TEST_CASE("the time to appeal ends appeals and begins closing", "[release][rules]") {
    const Case refused_case = in_state(granted_case(), RequestState::refused);
    const Someone applicant = someone(1, Part::applicant);
    const Someone head = someone(5, Part::secretariat_head);
    const Attempt appeal = attempt_of(RequestAction::appeal);
    const Attempt close = attempt_of(RequestAction::close);
    CHECK(attempt(refused_case, appeal, applicant, kNow + 1s).next == RequestState::appealed);
    CHECK(attempt(refused_case, appeal, applicant, kNow).code == "APPEAL_TOO_LATE");
    CHECK(attempt(refused_case, close, head, kNow + 1s).code == "REMEDY_OPEN");
    CHECK(attempt(refused_case, close, head, kNow).next == RequestState::closed);
}

TEST_CASE(
    "a refusal rests on grounds of articles 9 and 10, and on one of article 10 only when it was found",
    "[release][rules][article10]"
) {
    const Someone director = someone(10, Part::director);
    Attempt tried = attempt_of(RequestAction::refuse);
    const auto refuse_on = [&](const Case& request, std::vector<std::string> codes) {
        tried.refusal_grounds = std::move(codes);
        return std::string{attempt(request, tried, director).code};
    };
    const Case nothing_found = decidable_case();
    CHECK(refuse_on(nothing_found, {"ART9_1A_NOT_PERSONAL_RIGHTS"}).empty());
    CHECK(refuse_on(nothing_found, {"ART9_3B_NOT_JUDICIAL"}).empty());
    // Gates, facts and guards are no grounds, nor does a ground carry one along.
    for (const CodeRow& row : all_codes()) {
        if (row.code.starts_with("ART10_") || row.code == "ART9_1A_NOT_PERSONAL_RIGHTS" ||
            row.code == "ART9_3B_NOT_JUDICIAL")
            continue;
        CAPTURE(row.code);
        CHECK(refuse_on(nothing_found, {std::string{row.code}}) == "REFUSAL_NO_GROUND");
        CHECK(
            refuse_on(nothing_found, {"ART9_1A_NOT_PERSONAL_RIGHTS", std::string{row.code}}) ==
            "REFUSAL_NO_GROUND"
        );
    }
    const std::vector<std::pair<std::string, Ground>> grounds{
        {"ART10_1_STATUTORY_SECRET", Ground::statutory_secret},
        {"ART10_2A_INVESTIGATION", Ground::investigation},
        {"ART10_2B_FAIR_TRIAL", Ground::fair_trial},
        {"ART10_2C_LIFE_SAFETY", Ground::life_safety},
        {"ART10_3_THIRD_PARTY_PRIVACY", Ground::third_party},
    };
    for (const auto& [found_code, found] : grounds) {
        Case request = decidable_case();
        for (Finding& finding : request.findings)
            if (finding.ground == found) finding.answer = GroundAnswer::yes;
        for (const auto& [code, ground] : grounds) {
            CAPTURE(found_code, code);
            CHECK(refuse_on(nothing_found, {code}) == "REFUSAL_NO_GROUND");
            CHECK(refuse_on(request, {code}) == (ground == found ? "" : "REFUSAL_NO_GROUND"));
        }
    }
}

TEST_CASE("records of a case are kept a year at least after its end", "[release][rules][article9]") {
    // ART9_4C_RECORD_FLOOR_1Y: a leap year's day more rather than one less.
    CHECK(records_until(kNow, policy_of_tests()) - kNow == std::chrono::days{366});
    Case closed = in_state(whole_case(), RequestState::closed);
    closed.since = kNow - std::chrono::days{366};
    CHECK(check_destroying(closed, policy_of_tests(), kNow).empty());
    CHECK(check_destroying(closed, policy_of_tests(), kNow - 1us) == "ART9_4C_RECORD_FLOOR_1Y");
    closed.state = RequestState::completed;
    CHECK(check_destroying(closed, policy_of_tests(), kNow) == "REQUEST_STATE");
}

TEST_CASE(
    "article 12: an exception sets aside gates of the form, and never article 10",
    "[release][rules][article12]"
) {
    const Someone applicant = someone(1, Part::applicant);
    Case wide = whole_case();
    wide.interval->to += 48h;
    CHECK(attempt(wide, attempt_of(RequestAction::submit), applicant).code == "FORM_PERIOD_TOO_WIDE");
    wide.form.exception_lifts = {"FORM_PERIOD_TOO_WIDE"};
    CHECK(attempt(wide, attempt_of(RequestAction::submit), applicant).code == "ART12_EXCEPTION_INVALID");
    wide.form.exception_document = "水秘字第1150001號";
    CHECK(attempt(wide, attempt_of(RequestAction::submit), applicant).next == RequestState::submitted);
    remove_paper(wide, EvidenceKind::exception_document);
    CHECK(attempt(wide, attempt_of(RequestAction::submit), applicant).code == "ART12_EXCEPTION_INVALID");

    for (const char* code :
         {"ART10_1_STATUTORY_SECRET",
          "ART10_2A_INVESTIGATION",
          "ART10_2B_FAIR_TRIAL",
          "ART10_2C_LIFE_SAFETY",
          "ART10_3_THIRD_PARTY_PRIVACY",
          "FORM_CHAIN_INCOMPLETE",
          "SOD_SELF_APPROVAL",
          "NO_SUCH_CODE"}) {
        CAPTURE(code);
        Case request = whole_case();
        request.form.exception_document = "水秘字第1150001號";
        request.form.exception_lifts = {code};
        CHECK(
            attempt(request, attempt_of(RequestAction::submit), applicant).code == "ART12_EXCEPTION_INVALID"
        );
    }
}

TEST_CASE("the act that a request rests on sets the time for its decision", "[release][rules]") {
    const policy::Deadlines deadlines{
        .decision_days = 15,
        .extension_days = 14,
        .archives_days = 30,
        .third_party_days = 10,
        .correction_days = 7,
        .remedy_days = 30,
    };
    CHECK(decision_time(Basis::personal_data, deadlines) == DecisionTime{15, 14});
    CHECK(decision_time(Basis::government_information, deadlines) == DecisionTime{15, 14});
    CHECK(decision_time(Basis::archives, deadlines) == DecisionTime{30, 0});
}

TEST_CASE(
    "a decision is put off once, in time, with reasons, and only if the policy allows",
    "[release][rules]"
) {
    const Someone handler = someone(2, Part::handler);
    for (const RequestState state :
         {RequestState::accepted,
          RequestState::screening,
          RequestState::countersigning,
          RequestState::deciding}) {
        const Case request = in_state(decidable_case(), state);
        CHECK(attempt(request, attempt_of(RequestAction::extend), handler).next == state);
        const Circumstances none{kNow, policy_of_tests(), std::nullopt, 0};
        CHECK(
            judge(request, attempt_of(RequestAction::extend), handler.doer, handler.parts, none).code ==
            "EXTENSION_SPENT"
        );
    }
}

TEST_CASE("an appointment is the same when nothing of it differs", "[release][rules]") {
    const Slot slot{
        .id = make_uuid_v7(kNow),
        .interval = {kNow, kNow + 1h},
        .kind = Kind::view,
        .escort_id = make_uuid_v7(kNow),
        .escort = "張陪同",
        .viewer_id = std::nullopt,
        .viewer = "王小明",
    };
    const SlotWish same{slot.interval, slot.kind, slot.escort_id, slot.viewer_id, slot.viewer};
    CHECK(is_same(slot, same));
    const std::vector<void (*)(SlotWish&)> changes{
        [](SlotWish& wish) { wish.interval.to += 1min; },
        [](SlotWish& wish) { wish.interval.from += 1min; },
        [](SlotWish& wish) { wish.kind = Kind::copy; },
        [](SlotWish& wish) { wish.escort_id = make_uuid_v7(kNow); },
        [](SlotWish& wish) { wish.escort_id.reset(); },
        [](SlotWish& wish) { wish.viewer_id = make_uuid_v7(kNow); },
        [](SlotWish& wish) { wish.viewer = "王大明"; },
    };
    for (const auto& change : changes) {
        SlotWish other = same;
        change(other);
        CHECK_FALSE(is_same(slot, other));
    }
}

}  // namespace
}  // namespace sluice::release
