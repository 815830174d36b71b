#include "api/doors/people_rules.hpp"
#include "api/doors/schedule_rules.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

namespace sluice::api {
namespace {

using namespace std::chrono_literals;
using catalogue::CredentialState;
using catalogue::CredentialStep;

constexpr UtcTime kNow = from_epoch_us(1'795'000'000'500'000);

http::Request request(const nlohmann::json& body) {
    http::Request made;
    made.method = "POST";
    made.headers.emplace_back("content-type", "application/json");
    made.body = body.dump();
    return made;
}

Body body(const nlohmann::json& object, const std::vector<std::string>& members) {
    auto read = Body::parse(request(object), members);
    if (!read) FAIL(read.error().detail);
    return std::move(*read);
}

TEST_CASE("an override begins at a whole second, now or up to a month before", "[api][doors]") {
    const auto parse = [](nlohmann::json change) {
        nlohmann::json object{{"mode", "controlled"}, {"reason", "x"}};
        object.update(change);
        return parse_override(body(object, kOverrideMembers), kNow);
    };
    CHECK(parse(nlohmann::json::object())->from == UtcTime{1'795'000'000s});
    CHECK_FALSE(parse(nlohmann::json::object())->to);
    CHECK(parse({{"from", to_rfc3339(kNow)}})->from == UtcTime{1'795'000'000s});
    CHECK(parse({{"from", to_rfc3339(kNow - 30 * 24h)}})->from == UtcTime{1'795'000'000s} - 30 * 24h);
    CHECK(parse({{"from", to_rfc3339(kNow - 32 * 24h)}}).error().code == "TIME_UNFIT");
    CHECK(parse({{"from", to_rfc3339(kNow + 367 * 24h)}}).error().code == "TIME_UNFIT");
    CHECK(parse({{"to", to_rfc3339(kNow)}}).error().code == "TIME_UNFIT");
    CHECK(parse({{"to", to_rfc3339(kNow + 367 * 24h)}}).error().code == "TIME_UNFIT");
    CHECK(parse({{"mode", "manual"}}).error().code == "MEMBER_MISSING");
    CHECK(parse({{"mode", "manual"}, {"person", "王"}})->person == "王");
}

TEST_CASE("a card goes from state to state as it may, and expires by itself", "[api][doors]") {
    using enum CredentialState;
    const CredentialState states[] = {applied, refused, active, suspended, expired};
    const CredentialStep steps[] = {
        CredentialStep::approve,
        CredentialStep::refuse,
        CredentialStep::suspend,
        CredentialStep::reactivate,
        CredentialStep::expire
    };
    std::string told;
    for (const CredentialState state : states)
        for (const CredentialStep step : steps)
            if (const auto next = catalogue::next_state(state, step))
                told += std::string{to_string(state)} + " " + std::string{to_string(step)} + " " +
                        std::string{to_string(*next)} + "\n";
    CHECK(
        told ==
        "applied approve active\n"
        "applied refuse refused\n"
        "active suspend suspended\n"
        "active expire expired\n"
        "suspended reactivate active\n"
        "suspended expire expired\n"
    );
    catalogue::CredentialRow row;
    row.state = active;
    row.valid = {kNow, kNow + 1h};
    CHECK(state_at(row, kNow + 1h - 1us) == active);
    CHECK(state_at(row, kNow + 1h) == expired);
    row.state = applied;
    CHECK(state_at(row, kNow + 1h) == applied);
}

TEST_CASE("a pass lets in while it is valid, once at a time", "[api][doors]") {
    catalogue::PassRow row;
    row.valid = {kNow, kNow + 1h};
    const auto code = [&](PassStep step, UtcTime at) {
        const auto done = after_step(row, step, "why", at);
        if (done) row = *done;
        return done ? std::string{} : done.error().code;
    };
    CHECK(code(PassStep::enter, kNow - 1us) == "PASS_NOT_VALID");
    CHECK(code(PassStep::leave, kNow).ends_with("NOT_INSIDE"));
    CHECK(code(PassStep::enter, kNow).empty());
    CHECK(code(PassStep::enter, kNow) == "PASS_INSIDE");
    CHECK(code(PassStep::leave, kNow + 2h).empty());  // who is inside may leave late
    CHECK(row.out == kNow + 2h);
    CHECK(code(PassStep::enter, kNow + 1h) == "PASS_NOT_VALID");
    CHECK(code(PassStep::revoke, kNow).empty());
    CHECK(row.revoke_reason == "why");
    CHECK(code(PassStep::enter, kNow) == "PASS_NOT_VALID");
    CHECK(code(PassStep::revoke, kNow) == "PASS_REVOKED");
}

TEST_CASE("a retired door is no finding, a planned one is nothing but planned", "[api][doors]") {
    catalogue::DoorRow door;
    door.door.slug = "x";
    const auto kinds = [&] {
        std::vector<std::string> found;
        const std::vector doors{door};
        for (const Finding& finding :
             findings_of({.controllers = {}, .doors = doors, .hours = {}, .missing_years = {}}))
            found.push_back(finding.kind);
        return found;
    };
    CHECK(
        kinds() ==
        std::vector<std::string>{
            "door_unplaced", "door_fail_mode_unknown", "door_without_controller", "door_without_camera"
        }
    );
    door.door.state = access::InventoryState::planned;
    CHECK(kinds() == std::vector<std::string>{"door_planned"});
    door.door.state = access::InventoryState::retired;
    CHECK(kinds().empty());
}

TEST_CASE(
    "a controller that can't be missed is a finding while somebody waits for its heartbeat",
    "[api][doors]"
) {
    catalogue::ControllerRow row;
    row.controller.slug = "x";
    row.controller.make = "y";
    const auto count = [&] {
        const std::vector controllers{row};
        return findings_of({.controllers = controllers, .doors = {}, .hours = {}, .missing_years = {}}
        ).size();
    };
    CHECK(count() == 0);
    row.controller.heartbeat = 600s;
    CHECK(count() == 1);
    row.controller.source = "/controllers/x";
    CHECK(count() == 0);
}

}  // namespace
}  // namespace sluice::api
