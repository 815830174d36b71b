#include "api/authorize.hpp"

#include <catch2/catch.hpp>

/// How a principal, its standing and a subject lead to a cell of the table. The cells themselves are
/// compared in authorisation_matrix_test.cpp.
namespace sluice::api {
namespace {

using namespace std::chrono_literals;

constexpr UtcTime kNow{std::chrono::sys_days{std::chrono::year{2026} / 11 / 20} + 9h};
constexpr TimeRange kGranted{kNow - 2h, kNow - 1h};
const Uuid kHall = make_uuid_v7(kNow);
const Uuid kYard = make_uuid_v7(kNow);

catalogue::PrincipalRow machine(std::vector<std::string> roles) {
    catalogue::PrincipalRow row;
    row.name = "test";
    row.roles = std::move(roles);
    return row;
}
catalogue::PrincipalRow person(std::vector<std::string> roles) {
    auto row = machine(std::move(roles));
    row.kind = catalogue::PrincipalKind::person;
    return row;
}

Standing bootstrap() {
    Standing standing;
    standing.at = kNow;
    standing.is_bootstrap = true;
    return standing;
}
Standing with_accounts() {
    Standing standing;
    standing.at = kNow;
    return standing;
}
Standing granted(FootageRight::Kind kind, bool is_masked = false) {
    Standing standing = with_accounts();
    standing.footage.push_back(
        {.camera_id = kHall,
         .stream = StreamKind::main,
         .interval = kGranted,
         .kind = kind,
         .is_masked = is_masked}
    );
    return standing;
}

Subject footage_of(const Uuid& camera, TimeRange interval, StreamKind stream = StreamKind::main) {
    return {.camera_id = camera, .stream = stream, .interval = interval};
}

std::string
said(const catalogue::PrincipalRow& who, Action action, const Subject& subject, const Standing& standing) {
    const Decision decision = authorize(&who, action, subject, standing);
    CHECK(decision.is_allowed == decision.code.empty());
    return decision.is_allowed ? "allow" : decision.code;
}

TEST_CASE("without a token only health and the door are open", "[api][authorize][rule]") {
    for (const Standing& standing : {bootstrap(), with_accounts()}) {
        CHECK(authorize(nullptr, Action::read_health, {}, standing).is_allowed);
        CHECK(authorize(nullptr, Action::open_session, {}, standing).is_allowed);
        CHECK(authorize(nullptr, Action::read_clip, {}, standing).code == "UNAUTHENTICATED");
        CHECK(authorize(nullptr, Action::read_metrics, {}, standing).code == "UNAUTHENTICATED");
    }
}

TEST_CASE("roles add up, and one that nobody knows adds nothing", "[api][authorize][rule]") {
    const auto both = machine({"metrics", "viewer", "root"});
    CHECK(said(both, Action::read_metrics, {}, bootstrap()) == "allow");
    CHECK(said(both, Action::read_clip, {}, bootstrap()) == "allow");
    CHECK(said(machine({"metrics"}), Action::read_clip, {}, bootstrap()) == "ROLE_NOT_ALLOWED");
    CHECK(said(machine({"root"}), Action::read_contract, {}, bootstrap()) == "ROLE_NOT_ALLOWED");
    CHECK(said(machine({}), Action::read_contract, {}, bootstrap()) == "ROLE_NOT_ALLOWED");
}

TEST_CASE("a machine's role is none of a person's, and the other way round", "[api][authorize][rule]") {
    CHECK(said(person({"operator"}), Action::read_clip, {}, bootstrap()) == "ROLE_NOT_ALLOWED");
    CHECK(said(machine({"director"}), Action::adopt_policy, {}, bootstrap()) == "ROLE_NOT_ALLOWED");
    CHECK(said(machine({"nobody"}), Action::open_session, {}, bootstrap()) == "ROLE_NOT_ALLOWED");
    auto program = machine({"operator"});
    program.kind = catalogue::PrincipalKind::system;
    CHECK(said(program, Action::read_clip, {}, bootstrap()) == "ROLE_NOT_ALLOWED");
}

TEST_CASE(
    "with the first account the machines lose footage and what is a person's",
    "[api][authorize][rule]"
) {
    for (const char* role : {"operator", "viewer"}) {
        CHECK(said(machine({role}), Action::read_clip, {}, bootstrap()) == "allow");
        CHECK(said(machine({role}), Action::read_clip, {}, with_accounts()) == "ART7_NOT_APPROVED");
        CHECK(said(machine({role}), Action::read_live, {}, with_accounts()) == "ART7_NOT_APPROVED");
    }
    CHECK(said(machine({"operator"}), Action::change_hold, {}, with_accounts()) == "ROLE_NOT_ALLOWED");
    CHECK(said(machine({"metrics"}), Action::read_metrics, {}, with_accounts()) == "allow");
}

TEST_CASE(
    "a viewing opens what lies wholly inside it: camera, stream and interval",
    "[api][authorize][rule]"
) {
    const auto who = person({"applicant"});
    const Standing standing = granted(FootageRight::Kind::viewing);
    const auto play = [&](const Subject& subject) {
        return said(who, Action::play_recorded, subject, standing);
    };
    CHECK(play(footage_of(kHall, kGranted)) == "allow");
    CHECK(play(footage_of(kHall, {kNow - 90min, kNow - 80min})) == "allow");
    CHECK(play(footage_of(kHall, {kGranted.from - 1us, kGranted.to})) == "ART7_NOT_APPROVED");
    CHECK(play(footage_of(kHall, {kGranted.from, kGranted.to + 1us})) == "ART7_NOT_APPROVED");
    CHECK(play(footage_of(kHall, {kGranted.to, kGranted.to + 1s})) == "ART7_NOT_APPROVED");
    CHECK(play(footage_of(kYard, kGranted)) == "ART7_NOT_APPROVED");
    CHECK(play(footage_of(kHall, kGranted, StreamKind::sub)) == "ART7_NOT_APPROVED");
    // Neither a file of it, nor what is there now.
    CHECK(said(who, Action::read_clip, footage_of(kHall, kGranted), standing) == "ART7_NOT_APPROVED");
    CHECK(said(who, Action::read_snapshot, footage_of(kHall, kGranted), standing) == "ART7_NOT_APPROVED");
    CHECK(said(who, Action::read_live, footage_of(kHall, kGranted), standing) == "ART7_NOT_APPROVED");
}

TEST_CASE("a decision to let somebody see plays nothing before the viewing", "[api][authorize][rule]") {
    const Standing standing = granted(FootageRight::Kind::view);
    CHECK(
        said(person({"applicant"}), Action::play_recorded, footage_of(kHall, kGranted), standing) ==
        "ART7_NOT_APPROVED"
    );
}

TEST_CASE("a copy opens files and plays nothing", "[api][authorize][rule]") {
    const auto who = person({"secretariat"});
    const Standing standing = granted(FootageRight::Kind::copy);
    CHECK(said(who, Action::read_clip, footage_of(kHall, kGranted), standing) == "allow");
    CHECK(said(who, Action::read_snapshot, footage_of(kHall, kGranted), standing) == "allow");
    CHECK(said(who, Action::play_recorded, footage_of(kHall, kGranted), standing) == "ART7_NOT_APPROVED");
}

TEST_CASE("what is granted with a mask stays shut until the mask is rendered", "[api][authorize][rule]") {
    const auto who = person({"applicant"});
    for (const auto kind :
         {FootageRight::Kind::view, FootageRight::Kind::viewing, FootageRight::Kind::copy}) {
        Standing standing = granted(kind, true);
        const Subject subject = footage_of(kHall, kGranted);
        CHECK(said(who, Action::play_recorded, subject, standing) == "MASK_NOT_RENDERED");
        CHECK(said(who, Action::read_clip, subject, standing) == "MASK_NOT_RENDERED");
        CHECK(said(who, Action::read_snapshot, subject, standing) == "MASK_NOT_RENDERED");
        CHECK(authorize(&who, Action::read_clip, subject, standing).article == "10(3)");
        CHECK(said(who, Action::read_live, subject, standing) == "ART7_NOT_APPROVED");
        // Another grant, without a mask, opens what it names.
        standing.footage.push_back(granted(FootageRight::Kind::viewing).footage.front());
        CHECK(said(who, Action::play_recorded, subject, standing) == "allow");
    }
}

TEST_CASE("of several roles the one that allows is told, a lent power too", "[api][authorize][rule]") {
    const auto role = [](const catalogue::PrincipalRow& who, Action action, const Standing& standing) {
        Subject subject;
        subject.relation = Relation::other;
        return authorize(&who, action, subject, standing).role;
    };
    Standing standing = with_accounts();
    CHECK(role(person({"auditor", "secretariat"}), Action::request_accept, standing) == Role::secretariat);
    CHECK(role(person({"auditor", "secretariat"}), Action::read_request, standing) == Role::auditor);
    CHECK(role(person({"unit_head"}), Action::request_grant, standing) == std::nullopt);
    standing.lent_roles = {Role::delegate_of_director};
    CHECK(role(person({"unit_head"}), Action::request_grant, standing) == Role::delegate_of_director);
}

TEST_CASE("live takes a standing approval, up to its end", "[api][authorize][rule]") {
    for (const char* role : {"guard", "unit_head"}) {
        Standing standing = with_accounts();
        CHECK(said(person({role}), Action::read_live, {}, standing) == "ART7_NOT_APPROVED");
        standing.live_until = kNow + 1us;
        CHECK(said(person({role}), Action::read_live, {}, standing) == "allow");
        CHECK(said(person({role}), Action::play_recorded, {}, standing) == "ART7_NOT_APPROVED");
        CHECK(said(machine({"viewer"}), Action::read_live, {}, standing) == "ART7_NOT_APPROVED");
        standing.live_until = kNow;
        CHECK(said(person({role}), Action::read_live, {}, standing) == "ART7_NOT_APPROVED");
    }
}

TEST_CASE("admin sees no footage, whatever else the person is and was granted", "[api][authorize][rule]") {
    Standing standing = granted(FootageRight::Kind::viewing);
    standing.footage.push_back(granted(FootageRight::Kind::copy).footage.front());
    standing.live_until = kNow + 1h;
    for (const auto& roles :
         {std::vector<std::string>{"admin"}, {"admin", "guard"}, {"secretariat", "admin"}})
        for (const Action action :
             {Action::read_clip,
              Action::read_snapshot,
              Action::play_recorded,
              Action::read_live,
              Action::read_media})
            CHECK(said(person(roles), action, footage_of(kHall, kGranted), standing) == "ART7_NOT_APPROVED");
}

TEST_CASE("article 7(2): whoever has left may do nothing", "[api][authorize][rule]") {
    Standing standing = granted(FootageRight::Kind::viewing);
    standing.is_departed = true;
    const auto who = person({"director", "secretariat"});
    CHECK(
        said(who, Action::play_recorded, footage_of(kHall, kGranted), standing) == "ART7_2_DEPARTED_ACCOUNT"
    );
    CHECK(said(who, Action::read_contract, {}, standing) == "ART7_2_DEPARTED_ACCOUNT");
    CHECK(authorize(&who, Action::adopt_policy, {}, standing).article == "7(2)");
}

TEST_CASE(
    "where the policy says so, approving, exporting and escorting take a second factor",
    "[api][authorize][rule]"
) {
    Standing standing = with_accounts();
    const Subject another{.camera_id = {}, .stream = {}, .interval = {}, .relation = Relation::other};
    const auto director = person({"director"});
    const auto secretary = person({"secretariat"});
    CHECK(said(director, Action::request_grant, another, standing) == "allow");
    standing.wants_factor_to_approve = true;
    CHECK(said(director, Action::request_grant, another, standing) == "AUTH_TOTP_REQUIRED");
    CHECK(said(director, Action::request_revoke, another, standing) == "allow");
    CHECK(said(secretary, Action::request_grant, another, standing) == "ROLE_NOT_ALLOWED");
    CHECK(said(secretary, Action::export_copy, {}, standing) == "allow");
    CHECK(said(secretary, Action::open_viewing, {}, standing) == "allow");
    standing.wants_factor_to_export = true;
    CHECK(said(secretary, Action::export_copy, {}, standing) == "AUTH_TOTP_REQUIRED");
    CHECK(said(secretary, Action::open_viewing, {}, standing) == "allow");
    standing.wants_factor_to_escort = true;
    CHECK(said(secretary, Action::open_viewing, {}, standing) == "AUTH_TOTP_REQUIRED");
    standing.has_second_factor = true;
    CHECK(said(director, Action::request_grant, another, standing) == "allow");
    CHECK(said(secretary, Action::export_copy, {}, standing) == "allow");
    CHECK(said(secretary, Action::open_viewing, {}, standing) == "allow");
}

TEST_CASE("a lent power decides and does nothing else, and never for a machine", "[api][authorize][rule]") {
    Standing standing = with_accounts();
    const Subject another{.camera_id = {}, .stream = {}, .interval = {}, .relation = Relation::other};
    const Subject own{.camera_id = {}, .stream = {}, .interval = {}, .relation = Relation::own};
    const auto deputy = person({"unit_head"});
    CHECK(said(deputy, Action::request_grant, another, standing) == "ROLE_NOT_ALLOWED");
    standing.lent_roles = {Role::delegate_of_director};
    CHECK(said(deputy, Action::request_grant, another, standing) == "allow");
    CHECK(said(deputy, Action::request_grant, own, standing) == "SOD_SELF_APPROVAL");
    CHECK(said(deputy, Action::adopt_policy, {}, standing) == "ROLE_NOT_ALLOWED");
    CHECK(said(deputy, Action::create_delegation, {}, standing) == "ROLE_NOT_ALLOWED");
    CHECK(said(machine({"operator"}), Action::request_grant, another, standing) == "ROLE_NOT_ALLOWED");
}

TEST_CASE(
    "a contractor's machine sees the state of its own cameras, and no picture",
    "[api][authorize][rule]"
) {
    Standing standing = with_accounts();
    standing.cameras = {kHall};
    const auto contractor = machine({"contractor"});
    const Subject hall{.camera_id = kHall, .stream = {}, .interval = {}};
    const Subject yard{.camera_id = kYard, .stream = {}, .interval = {}};
    CHECK(said(contractor, Action::read_camera, hall, standing) == "allow");
    CHECK(said(contractor, Action::read_camera, yard, standing) == "ROLE_NOT_ALLOWED");
    CHECK(said(contractor, Action::list_cameras, {}, standing) == "ROLE_NOT_ALLOWED");
    CHECK(said(contractor, Action::read_live, hall, standing) == "ART7_NOT_APPROVED");
    CHECK(said(machine({"operator"}), Action::read_camera, yard, standing) == "allow");
}

TEST_CASE(
    "while it isn't known whose it is, it is asked whether it can be allowed at all",
    "[api][authorize][rule]"
) {
    const auto applicant = person({"applicant"});
    const Subject another{.camera_id = {}, .stream = {}, .interval = {}, .relation = Relation::other};
    CHECK(said(applicant, Action::read_request, {}, with_accounts()) == "allow");
    CHECK(said(applicant, Action::read_request, another, with_accounts()) == "ROLE_NOT_ALLOWED");
    CHECK(said(applicant, Action::request_grant, {}, with_accounts()) == "ROLE_NOT_ALLOWED");
    CHECK(said(applicant, Action::play_recorded, {}, granted(FootageRight::Kind::viewing)) == "allow");
    CHECK(said(applicant, Action::play_recorded, {}, with_accounts()) == "ART7_NOT_APPROVED");
}

/// A granted interval of which a session is open, with everything that it takes.
catalogue::GrantedFootageRow session_row(const std::string& kind) {
    return {
        .camera_id = kHall,
        .stream = StreamKind::main,
        .interval = kGranted,
        .kind = kind,
        .is_masked = false,
        .grant_to = kNow + 24h,
        .request_state = "in_session",
        .session =
            catalogue::GrantedFootageRow::Session{
                .id = kYard,
                .slot = {kNow - 1h, kNow + 1h},
                .joined = kNow - 1min,
                .presence_to = kNow + 1min,
                .copy_id = kind == "copy" ? std::optional{kHall} : std::nullopt,
            },
    };
}

TEST_CASE(
    "what was granted opens in its session, while its escort is there (article 9(4))",
    "[api][authorize][rule]"
) {
    using Kind = FootageRight::Kind;
    CHECK(right_of(session_row("view"), kNow).kind == Kind::viewing);
    CHECK(right_of(session_row("view"), kNow).session_id == kYard);
    const FootageRight copy = right_of(session_row("copy"), kNow);
    CHECK(copy.kind == Kind::copy);
    CHECK(copy.copy_id == kHall);
    struct Row {
        const char* name;
        void (*spoil)(catalogue::GrantedFootageRow&);
    };
    const Row rows[]{
        {"no session", [](auto& row) { row.session.reset(); }},
        {"nobody has joined", [](auto& row) { row.session->joined.reset(); }},
        {"presence ran out", [](auto& row) { row.session->presence_to = kNow; }},
        {"before the slot", [](auto& row) { row.session->slot.from = kNow + 1us; }},
        {"after the slot", [](auto& row) { row.session->slot.to = kNow; }},
        {"not begun", [](auto& row) { row.request_state = "scheduled"; }},
        {"no longer valid", [](auto& row) { row.grant_to = kNow; }},
    };
    for (const std::string kind : {"view", "copy"})
        for (const Row& row : rows) {
            INFO(kind << ": " << row.name);
            catalogue::GrantedFootageRow spoilt = session_row(kind);
            row.spoil(spoilt);
            CHECK(right_of(spoilt, kNow).kind == Kind::view);
        }
    catalogue::GrantedFootageRow unordered = session_row("copy");
    unordered.session->copy_id.reset();
    CHECK(right_of(unordered, kNow).kind == Kind::view);
    catalogue::GrantedFootageRow masked = session_row("view");
    masked.is_masked = true;
    CHECK(right_of(masked, kNow).is_masked);
}

TEST_CASE("a delivery rests on the right that its whole interval lies inside", "[api][authorize][rule]") {
    const Standing standing = granted(FootageRight::Kind::copy);
    const auto find = [&](FootageRight::Kind kind, TimeRange interval) {
        return find_right(standing, kind, footage_of(kHall, interval));
    };
    CHECK(find(FootageRight::Kind::copy, kGranted) == &standing.footage.front());
    CHECK(find(FootageRight::Kind::viewing, kGranted) == nullptr);
    CHECK(find(FootageRight::Kind::copy, {kGranted.from - 1us, kGranted.to}) == nullptr);
    CHECK(find_right(standing, FootageRight::Kind::copy, footage_of(kYard, kGranted)) == nullptr);
    const Standing masked = granted(FootageRight::Kind::copy, true);
    CHECK(find_right(masked, FootageRight::Kind::copy, footage_of(kHall, kGranted)) == nullptr);
}

}  // namespace
}  // namespace sluice::api
