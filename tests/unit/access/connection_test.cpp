#include "storage/access/connection.hpp"

#include <catch2/catch.hpp>

namespace sluice::access {
namespace {

using namespace std::chrono_literals;

constexpr UtcTime kJudgedAt = from_epoch_us(1'790'000'000'000'000);
constexpr unsigned kMissed = 3;

Controller with_heartbeat(std::optional<std::chrono::seconds> heartbeat) {
    Controller controller;
    controller.source = "urn:acs-1";
    controller.heartbeat = heartbeat;
    return controller;
}

}  // namespace

TEST_CASE("a controller is silent when more heartbeats are missed than the policy allows", "[access][rule]") {
    const Controller controller = with_heartbeat(60s);
    const auto at_age = [&](Microseconds age) {
        return judge_contact(controller, {.event = kJudgedAt - age}, kMissed, kJudgedAt);
    };
    CHECK(at_age(3min) == Connection::connected);
    CHECK(at_age(3min + 1us) == Connection::silent);
    CHECK(at_age(-1h) == Connection::connected);  // its clock is ahead
    CHECK(judge_contact(controller, {}, kMissed, kJudgedAt) == Connection::never_heard);
    CHECK_FALSE(judge_contact(controller, {.event = kJudgedAt}, 0, kJudgedAt));  // nothing is a silence
}

TEST_CASE("what is reported to be offline is silent, however young the report is", "[access][rule]") {
    const ContactFacts facts{.event = kJudgedAt, .is_reported_offline = true, .answer = kJudgedAt};
    for (const auto heartbeat : {std::optional{60s}, std::optional<std::chrono::seconds>{}})
        CHECK(judge_contact(with_heartbeat(heartbeat), facts, kMissed, kJudgedAt) == Connection::silent);
    // Nothing but reports: it was never heard itself.
    CHECK(
        judge_contact(with_heartbeat(60s), {.is_reported_offline = true}, kMissed, kJudgedAt) ==
        Connection::never_heard
    );
}

TEST_CASE("a controller that the worker speaks with needs no heartbeat", "[access][rule]") {
    Controller controller = with_heartbeat(std::nullopt);
    controller.kind = ControllerKind::uhppote;
    const auto at_age = [&](Microseconds age) {
        return judge_contact(
            controller, {.event = kJudgedAt - 30 * 24h, .answer = kJudgedAt - age}, kMissed, kJudgedAt
        );
    };
    CHECK(at_age(kAnswerPatience) == Connection::connected);
    CHECK(at_age(kAnswerPatience + 1us) == Connection::silent);
    // It posts by itself now: what the worker heard once says nothing.
    controller.kind = ControllerKind::http_push;
    CHECK_FALSE(at_age(1h));
}

TEST_CASE("nobody can tell of a controller that says nothing regularly, or is not in use", "[access][rule]") {
    const ContactFacts facts{.event = kJudgedAt - 1h};
    CHECK_FALSE(judge_contact(with_heartbeat(std::nullopt), facts, kMissed, kJudgedAt));
    Controller controller = with_heartbeat(60s);
    controller.state = InventoryState::planned;
    CHECK_FALSE(judge_contact(controller, {}, kMissed, kJudgedAt));
    controller.state = InventoryState::active;
    controller.source.clear();
    CHECK_FALSE(judge_contact(controller, {}, kMissed, kJudgedAt));
}

TEST_CASE("what was heard last is the newest of all that was", "[access][rule]") {
    CHECK_FALSE(last_heard({}));
    CHECK(last_heard({.event = kJudgedAt}) == kJudgedAt);
    CHECK(last_heard({.answer = kJudgedAt}) == kJudgedAt);
    CHECK(last_heard({.event = kJudgedAt - 1s, .answer = kJudgedAt}) == kJudgedAt);
}

}  // namespace sluice::access
