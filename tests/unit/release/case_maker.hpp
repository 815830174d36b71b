#pragma once

#include "storage/release/rules.hpp"

#include <chrono>
#include <string>
#include <utility>
#include <vector>

/// Cases that nothing stands against, for tests that take one thing away.
namespace sluice::release::test {

inline constexpr UtcTime kNow =
    UtcTime{std::chrono::sys_days{std::chrono::year{2026} / 11 / 23}} + std::chrono::hours{2};

inline Uuid person(std::uint8_t number) {
    Uuid id;
    id.bytes[15] = number;
    return id;
}
inline const Uuid kApplicantId = person(1);
inline const Uuid kHandlerId = person(2);
inline const Uuid kCamera = person(100);
inline const Uuid kOtherCamera = person(101);

inline policy::RequestPolicy policy_of_tests() {
    return {
        .chain_a_reviewer = policy::Seat::optional,
        .chain_a_head = policy::ChainHead::level1,
        .chain_b_reviewer = policy::Seat::optional,
        .longest_period_hours = 24,
        .grant_days = 30,
        .hold_days = 180,
        .withdrawn_hold_days = 7,
        .code_tries = 5,
        .record_floor_years = 1,
    };
}

inline void add_paper(Case& request, EvidenceKind kind) {
    Evidence piece;
    piece.kind = kind;
    piece.added = kNow;
    request.evidence.push_back(piece);
}

inline Case whole_case(Channel channel = Channel::internal) {
    Case request;
    request.channel = channel;
    request.since = kNow - std::chrono::hours{1};
    if (channel == Channel::internal) request.applicant_id = kApplicantId;
    request.applicant = "王小明";
    request.unit = "工程科";
    request.cameras = {kCamera, kOtherCamera};
    request.interval = TimeRange{kNow - std::chrono::hours{5}, kNow - std::chrono::hours{4}};
    request.form.phone = "06-1234567";
    request.form.reason = "車輛遭擦撞";
    request.form.purpose = Purpose::personal_rights;
    request.form.legal_interest = "車主";
    request.form.necessity = "提告";
    request.form.is_undertaken = true;
    if (channel == Channel::judicial) {
        request.form.letter_number = "南院1151123";
        request.form.letter_date = "2026-11-20";
        request.form.authority = Authority::court;
    }
    for (const EvidenceKind kind : all_of<EvidenceKind, kEvidenceKinds>())
        add_paper(request, kind);
    for (const Ground ground : all_of<Ground, kGrounds>())
        request.findings.push_back({ground, GroundAnswer::no, "", {}});
    return request;
}

inline void remove_paper(Case& request, EvidenceKind kind) {
    std::erase_if(request.evidence, [&](const Evidence& piece) { return piece.kind == kind; });
}

inline void sign(Case& request, Chain chain, Part seat, const Uuid& signer, std::string unit = {}) {
    Signature made;
    made.chain = chain;
    made.round = chain == Chain::a ? request.round_a : request.round_b;
    made.seat = seat;
    made.unit = std::move(unit);
    made.signer_id = signer;
    request.signatures.push_back(made);
}

inline void sign_chain_a(Case& request) {
    sign(request, Chain::a, Part::applicant, kApplicantId);
    sign(request, Chain::a, Part::unit_head, person(3));
    sign(request, Chain::a, Part::level1, person(4));
}

/// In `deciding`, everything signed and agreed to.
inline Case decidable_case(Channel channel = Channel::internal) {
    Case request = whole_case(channel);
    request.state = RequestState::deciding;
    request.handler_id = kHandlerId;
    request.dossier_number = "115/000001";
    request.due = kNow + std::chrono::days{15};
    sign(request, Chain::b, Part::handler, kHandlerId);
    sign(request, Chain::b, Part::secretariat_head, person(5));
    if (channel != Channel::judicial) {
        sign(request, Chain::b, Part::ethics, person(6));
        Opinion opinion;
        opinion.giver_id = person(6);
        request.opinions.push_back(opinion);
    }
    return request;
}

inline Case granted_case() {
    Case request = decidable_case();
    request.state = RequestState::granted;
    request.decided = kNow;
    Grant grant;
    grant.decided = kNow;
    grant.valid_to = kNow + std::chrono::days{30};
    request.grant = grant;
    return request;
}

/// Who tries something, and as what.
struct Someone {
    Doer doer;
    std::vector<Part> parts;
};
inline Someone someone(std::uint8_t number, Part part) {
    return {{.id = person(number), .name = "某", .unit = {}, .is_secretariats = false}, {part}};
}

inline Verdict attempt(
    const Case& request,
    const Attempt& tried,
    const Someone& who,
    std::optional<UtcTime> remedy = std::nullopt
) {
    const Circumstances circumstances{kNow, policy_of_tests(), remedy, 15};
    return judge(request, tried, who.doer, who.parts, circumstances);
}

inline Attempt attempt_of(RequestAction action) {
    Attempt tried;
    tried.action = action;
    tried.reasons = "理由";
    tried.listed = "缺件";
    tried.is_letter_verified = true;
    tried.refusal_grounds = {"ART9_1A_NOT_PERSONAL_RIGHTS"};
    tried.is_footage_held = false;
    tried.is_escort_present = tried.is_viewer_present = tried.is_attested = true;
    tried.slot = SlotWish{
        {kNow + std::chrono::hours{1}, kNow + std::chrono::hours{2}},
        Kind::view,
        person(7),
        kApplicantId,
        "王小明"
    };
    return tried;
}

}  // namespace sluice::release::test
