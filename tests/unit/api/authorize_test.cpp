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

TEST_CASE("bootstrap's roles belong to machines: a person has none of them", "[api][authorize][rule]") {
    auto person = machine({"operator"});
    person.kind = catalogue::PrincipalKind::person;
    CHECK_FALSE(authorize(&person, Action::read_clip, {}).is_allowed);
}

}  // namespace
}  // namespace sluice::api
