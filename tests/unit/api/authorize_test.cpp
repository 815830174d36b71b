#include "api/authorize.hpp"

#include <array>

#include <catch2/catch.hpp>

namespace sluice::api {
namespace {

catalogue::PrincipalRow machine(std::vector<std::string> roles) {
    catalogue::PrincipalRow row;
    row.name = "test";
    row.roles = std::move(roles);
    return row;
}

/// Written by hand, one line for each action: may operator, viewer, metrics, nobody?
struct Line {
    Action action;
    bool is_for_operator;
    bool is_for_viewer;
    bool is_for_metrics;
    bool is_for_nobody;
};
constexpr std::array kTable{
    Line{Action::read_health, true, true, true, true},
    Line{Action::read_metrics, true, false, true, false},
    Line{Action::read_contract, true, true, false, false},
    Line{Action::list_cameras, true, true, false, false},
    Line{Action::read_camera, true, true, false, false},
    Line{Action::list_segments, true, true, false, false},
    Line{Action::read_coverage, true, true, false, false},
    Line{Action::read_clip, true, true, false, false},
    Line{Action::read_snapshot, true, true, false, false},
    Line{Action::read_live, true, true, false, false},
    Line{Action::read_media, true, true, false, false},
    Line{Action::open_session, true, true, false, false},
    Line{Action::close_session, true, true, false, false},
    Line{Action::list_jobs, true, false, false, false},
    Line{Action::read_job, true, false, false, false},
    Line{Action::start_job, true, false, false, false},
    Line{Action::cancel_job, true, false, false, false},
    Line{Action::start_purge, true, false, false, false},
    Line{Action::read_retention, true, false, false, false},
    Line{Action::read_holds, true, false, false, false},
    Line{Action::change_hold, true, false, false, false},
    Line{Action::read_policy, true, false, false, false},
    Line{Action::propose_policy, false, false, false, false},
    Line{Action::adopt_policy, false, false, false, false},
};

TEST_CASE("each role may do what its table says, and nothing else", "[api][authorize][rule]") {
    const auto operator_role = machine({"operator"});
    const auto viewer = machine({"viewer"});
    const auto metrics = machine({"metrics"});
    const auto stranger = machine({"root"});
    const auto none = machine({});
    for (const Line& line : kTable) {
        INFO(to_string(line.action));
        CHECK(authorize(&operator_role, line.action, {}).is_allowed == line.is_for_operator);
        CHECK(authorize(&viewer, line.action, {}).is_allowed == line.is_for_viewer);
        CHECK(authorize(&metrics, line.action, {}).is_allowed == line.is_for_metrics);
        CHECK(authorize(&stranger, line.action, {}).is_allowed == line.is_for_nobody);
        CHECK(authorize(&none, line.action, {}).is_allowed == line.is_for_nobody);
        CHECK(authorize(nullptr, line.action, {}).is_allowed == line.is_for_nobody);
    }
}

TEST_CASE("a refusal has a code: 401 without a principal, the role with one", "[api][authorize][rule]") {
    const auto metrics = machine({"metrics"});
    CHECK(authorize(nullptr, Action::read_clip, {}).code == "UNAUTHENTICATED");
    CHECK(authorize(&metrics, Action::read_clip, {}).code == "ROLE_NOT_ALLOWED");
}

TEST_CASE("roles add up", "[api][authorize][rule]") {
    const auto both = machine({"metrics", "viewer"});
    CHECK(authorize(&both, Action::read_metrics, {}).is_allowed);
    CHECK(authorize(&both, Action::read_clip, {}).is_allowed);
}

catalogue::PrincipalRow person(const std::string& role) {
    auto row = machine({role});
    row.kind = catalogue::PrincipalKind::person;
    return row;
}

/// Written by hand: what secretariat, director, ethics, auditor, admin and any other person may.
struct PersonLine {
    Action action;
    std::array<bool, 6> may;
};
constexpr std::array kPersonRoles{"secretariat", "director", "ethics", "auditor", "admin", "applicant"};
constexpr std::array kPersonTable{
    PersonLine{Action::read_metrics, {}},
    PersonLine{Action::read_contract, {true, true, true, true, true, true}},
    PersonLine{Action::list_cameras, {true, true, true, true, true, false}},
    PersonLine{Action::read_camera, {true, true, true, true, true, false}},
    PersonLine{Action::list_segments, {true, true, true, true, true, false}},
    PersonLine{Action::read_coverage, {true, true, true, true, true, false}},
    PersonLine{Action::read_clip, {}},
    PersonLine{Action::read_snapshot, {}},
    PersonLine{Action::read_live, {}},
    PersonLine{Action::read_media, {}},
    PersonLine{Action::open_session, {true, true, true, true, true, true}},
    PersonLine{Action::close_session, {true, true, true, true, true, true}},
    PersonLine{Action::list_jobs, {true, false, true, true, true, false}},
    PersonLine{Action::read_job, {true, false, true, true, true, false}},
    PersonLine{Action::start_job, {}},
    PersonLine{Action::cancel_job, {}},
    PersonLine{Action::start_purge, {true, false, false, false, false, false}},
    PersonLine{Action::read_retention, {true, true, true, true, true, false}},
    PersonLine{Action::read_ledger, {true, true, true, true, true, true}},
    PersonLine{Action::cosign_ledger, {false, false, true, true, false, false}},
    PersonLine{Action::read_records, {false, false, true, true, false, false}},
    PersonLine{Action::read_holds, {true, true, true, true, false, false}},
    PersonLine{Action::change_hold, {true, false, false, false, false, false}},
    PersonLine{Action::read_policy, {true, true, true, true, true, false}},
    PersonLine{Action::propose_policy, {true, false, false, false, false, false}},
    PersonLine{Action::adopt_policy, {false, true, false, false, false, false}},
};

TEST_CASE(
    "article 7: no person sees footage, and each role may do its part alone",
    "[api][authorize][rule]"
) {
    for (const PersonLine& line : kPersonTable)
        for (std::size_t i = 0; i < kPersonRoles.size(); ++i) {
            INFO(to_string(line.action) << " " << kPersonRoles[i]);
            const auto row = person(kPersonRoles[i]);
            CHECK(authorize(&row, line.action, {}).is_allowed == line.may[i]);
        }
}

TEST_CASE("a machine's role is none of a person's, and the other way round", "[api][authorize][rule]") {
    const auto human = person("operator");
    CHECK_FALSE(authorize(&human, Action::read_clip, {}).is_allowed);
    const auto robot = machine({"director"});
    CHECK_FALSE(authorize(&robot, Action::adopt_policy, {}).is_allowed);
    auto program = machine({"operator"});
    program.kind = catalogue::PrincipalKind::system;
    CHECK_FALSE(authorize(&program, Action::read_clip, {}).is_allowed);
}

}  // namespace
}  // namespace sluice::api
