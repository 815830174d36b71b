#include "storage/release/grounds.hpp"

#include "storage/release/chain.hpp"
#include "storage/release/rules.hpp"
#include "tests/unit/release/case_maker.hpp"

#include <random>

#include <catch2/catch.hpp>

namespace sluice::release {
namespace {

using namespace std::chrono_literals;
using namespace test;

const TimeRange kHour{kNow - 5h, kNow - 4h};

Finding privacy(std::vector<Place> places) {
    return {Ground::third_party, GroundAnswer::yes, "路人", std::move(places)};
}
Place seen(const std::string& person, Microseconds from, Microseconds to, const Uuid& camera = kCamera) {
    return {{camera, {kHour.from + from, kHour.from + to}}, person};
}
Consent consent_of(const std::string& person) {
    Consent consent;
    consent.person = person;
    consent.cameras = {kCamera};
    consent.interval = kHour;
    consent.kinds = {Kind::view};
    consent.recipient = "王小明";
    return consent;
}
Wanted all_of_it() {
    return {{{kCamera, kHour}, {kOtherCamera, kHour}}, Kind::view, "王小明", false};
}

TEST_CASE("article 10(3): only what the consent covers is lifted", "[release][grounds][article10]") {
    const std::vector<Finding> findings{privacy({seen("甲", 5min, 10min)})};
    Consent consent = consent_of("甲");
    const auto is_lifted_by = [&](const Consent& given) {
        return blockers(findings, std::vector{given}, all_of_it(), kNow).empty();
    };
    CHECK(is_lifted_by(consent));
    CHECK_FALSE(blockers(findings, {}, all_of_it(), kNow).empty());
    SECTION("another person") {
        consent.person = "乙";
    }
    SECTION("another camera") {
        consent.cameras = {kOtherCamera};
    }
    SECTION("a shorter time") {
        consent.interval.to = kHour.from + 9min;
    }
    SECTION("another kind") {
        consent.kinds = {Kind::copy};
    }
    SECTION("another recipient") {
        consent.recipient = "李四";
    }
    SECTION("withdrawn") {
        consent.withdrawn = kNow;
    }
    SECTION("a minor without representative") {
        consent.is_minor = true;
    }
    CHECK_FALSE(is_lifted_by(consent));
}

TEST_CASE(
    "article 10(3): a grant is covered as long as consents lift all that it gives out",
    "[release][grounds][article10]"
) {
    Case request = granted_case();
    request.findings = {privacy({seen("甲", 5min, 10min), seen("乙", 40min, 50min)})};
    request.consents = {consent_of("甲")};
    const auto granted = [](Microseconds from, Microseconds to) {
        return GrantItem{.camera_id = kCamera, .asked = {kHour.from + from, kHour.from + to}, .resolved = {}};
    };
    request.grant->items = {granted(0min, 20min)};
    CHECK(is_grant_covered(request, kNow));
    SECTION("withdrawn") {
        request.consents.front().withdrawn = kNow;
    }
    SECTION("it gives out another person too") {
        request.grant->items.push_back(granted(45min, 46min));
    }
    SECTION("it is of another kind") {
        request.grant->kind = Kind::copy;
    }
    CHECK_FALSE(is_grant_covered(request, kNow));
    request.grant->is_masked = true;
    CHECK(is_grant_covered(request, kNow));
    request.grant.reset();
    CHECK(is_grant_covered(request, kNow));
}

TEST_CASE(
    "a minor's consent is the representative's, and a withdrawal counts from its time on",
    "[release][grounds]"
) {
    const std::vector<Finding> findings{privacy({seen("甲", 5min, 10min)})};
    Consent consent = consent_of("甲");
    consent.is_minor = true;
    consent.representative = "甲父";
    consent.withdrawn = kNow + 1us;
    CHECK(blockers(findings, std::vector{consent}, all_of_it(), kNow).empty());
    CHECK_FALSE(blockers(findings, std::vector{consent}, all_of_it(), kNow + 1us).empty());
}

TEST_CASE(
    "article 10: cutting by camera and time severs what is placed, and nothing severs what is everywhere",
    "[release][grounds][article10]"
) {
    for (const Ground ground : all_of<Ground, kGrounds>()) {
        CAPTURE(to_string(ground));
        std::vector<Finding> findings{{ground, GroundAnswer::yes, "e", {seen("甲", 20min, 30min)}}};
        Wanted wanted = all_of_it();
        CHECK(blockers(findings, {}, wanted, kNow).size() == 1);
        wanted.areas = {{kOtherCamera, kHour}};
        CHECK(blockers(findings, {}, wanted, kNow).empty());
        wanted.areas = {
            {kCamera, {kHour.from, kHour.from + 20min}}, {kCamera, {kHour.from + 30min, kHour.to}}
        };
        CHECK(blockers(findings, {}, wanted, kNow).empty());
        wanted.areas = {{kCamera, {kHour.from, kHour.from + 20min + 1us}}};
        CHECK(blockers(findings, {}, wanted, kNow).size() == 1);
        // A mask is nothing against 10(1) and 10(2).
        wanted.is_masked = true;
        CHECK(blockers(findings, {}, wanted, kNow).empty() == (ground == Ground::third_party));
        findings.front().places.clear();
        wanted.is_masked = false;
        wanted.areas = {{kOtherCamera, kHour}};
        CHECK(blockers(findings, {}, wanted, kNow).size() == 1);
    }
}

TEST_CASE("a ground that nobody has answered is as unknown as one that is", "[release][grounds]") {
    Case request = whole_case();
    CHECK_FALSE(has_unknown(request.findings));
    request.findings.front().answer = GroundAnswer::unknown;
    CHECK(has_unknown(request.findings));
    request.findings.erase(request.findings.begin());
    CHECK(has_unknown(request.findings));
}

TEST_CASE("chains are signed in order, one person once, the consulted in any order", "[release][chain]") {
    const policy::RequestPolicy policy = policy_of_tests();
    Case request = whole_case();
    const auto turn = [&](Chain chain, Part part, const std::string& unit = {}) {
        return is_next(request, chain, policy, part, unit);
    };
    CHECK(turn(Chain::a, Part::applicant));
    CHECK_FALSE(turn(Chain::a, Part::unit_head));
    sign(request, Chain::a, Part::applicant, kApplicantId);
    sign(request, Chain::a, Part::unit_head, person(3));
    CHECK(turn(Chain::a, Part::reviewer));
    CHECK(turn(Chain::a, Part::level1));  // the reviewer is optional
    CHECK(open_seats(request, Chain::a, policy).size() == 1);
    sign(request, Chain::a, Part::level1, person(4));
    CHECK_FALSE(turn(Chain::a, Part::reviewer));  // too late
    CHECK(open_seats(request, Chain::a, policy).empty());
    request.round_a = 2;  // handed in again: signed again
    CHECK(open_seats(request, Chain::a, policy).size() == 3);

    request.asked_units = {"資訊科"};
    sign(request, Chain::b, Part::handler, kHandlerId);
    CHECK_FALSE(turn(Chain::b, Part::ethics));
    sign(request, Chain::b, Part::secretariat_head, person(5));
    CHECK(turn(Chain::b, Part::ethics));
    CHECK(turn(Chain::b, Part::consulted, "資訊科"));
    CHECK_FALSE(turn(Chain::b, Part::consulted, "別科"));
    CHECK(has_signed(request, Chain::b, kHandlerId));

    policy::RequestPolicy strict = policy;
    strict.chain_a_reviewer = policy::Seat::required;
    strict.chain_a_head = policy::ChainHead::director;
    CHECK(seats_of(request, Chain::a, strict).back().part == Part::director);
    CHECK_FALSE(seats_of(request, Chain::a, strict).at(2).is_optional);
    CHECK(seats_of(whole_case(Channel::judicial), Chain::b, policy).size() == 3);
    CHECK(seats_of(whole_case(Channel::external), Chain::a, policy).empty());
}

/// Random steps by random people on a case of random evidence, applied as the repository applies them.
TEST_CASE(
    "no sequence of steps reaches a grant without signatures, evidence and grounds",
    "[release][lifecycle]"
) {
    std::mt19937 random{20261126};
    const auto pick = [&](std::size_t count) { return random() % count; };
    std::size_t grants = 0;
    for (int round = 0; round < 400; ++round) {
        const auto channel = static_cast<Channel>(pick(kChannels));
        Case request = whole_case(channel);
        request.due = kNow + 24h;
        if (pick(4) == 0) remove_paper(request, static_cast<EvidenceKind>(pick(kEvidenceKinds)));
        if (pick(4) == 0)
            request.findings[pick(kGrounds)].answer = static_cast<GroundAnswer>(pick(kGroundAnswers));
        for (int tries = 0; tries < 150; ++tries) {
            // Mostly what somebody may do in this state, else anything.
            std::vector<Transition> open;
            for (const Transition& row : transitions())
                if (row.state == request.state && row.next && *row.next != RequestState::withdrawn)
                    open.push_back(row);
            const bool is_wild = open.empty() || pick(8) == 0;
            const auto action =
                is_wild ? static_cast<RequestAction>(pick(kRequestActions)) : open[pick(open.size())].action;
            const auto part = is_wild ? static_cast<Part>(pick(kParts)) : open[pick(open.size())].part;
            // Nobody is the applicant of a case whose applicant has no account.
            if (part == Part::applicant && !request.applicant_id) continue;
            const bool is_own = pick(8) != 0;
            const std::size_t number = 20 + (is_own ? static_cast<std::size_t>(part) : pick(kParts));
            Someone who = someone(static_cast<std::uint8_t>(number), part);
            if (part == Part::applicant) who.doer.id = kApplicantId;
            Attempt tried = attempt_of(action);
            const Verdict verdict = attempt(request, tried, who);
            if (!verdict.next) continue;
            if (action == RequestAction::sign)
                sign(
                    request, request.state == RequestState::submitted ? Chain::a : Chain::b, part, who.doer.id
                );
            if (action == RequestAction::opine) {
                Opinion opinion;
                opinion.round = request.round_b;
                opinion.part = part;
                opinion.giver_id = who.doer.id;
                request.opinions.push_back(opinion);
            }
            if (action == RequestAction::extend) request.extended = kNow;
            if (action == RequestAction::accept) {
                request.handler_id = who.doer.id;
                request.dossier_number = "115/000001";
            }
            if (*verdict.next == RequestState::screening && request.state != RequestState::accepted)
                ++request.round_b;
            request.state = *verdict.next;
            if (request.state == RequestState::granted || request.state == RequestState::granted_partial) {
                ++grants;
                const bool is_internal = channel == Channel::internal;
                CHECK(request.dossier_number.has_value());
                CHECK(open_seats(request, Chain::a, policy_of_tests()).empty());
                CHECK(open_seats(request, Chain::b, policy_of_tests()).empty());
                CHECK(
                    (channel != Channel::external || request.has(EvidenceKind::police_report_form) ||
                     request.has(EvidenceKind::police_report_certificate))
                );
                CHECK((channel != Channel::judicial || request.has(EvidenceKind::official_letter)));
                CHECK((is_internal || channel == Channel::judicial || request.has(EvidenceKind::undertaking))
                );
                CHECK(blockers(request.findings, request.consents, wanted_of(request, {}), kNow).empty());
                CHECK_FALSE(has_unknown(request.findings));
                CHECK(who.doer.id != kApplicantId);
                break;
            }
        }
    }
    CHECK(grants > 20);  // else the walk has shown nothing
}

}  // namespace
}  // namespace sluice::release
