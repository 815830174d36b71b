#include "storage/ledger/record.hpp"

#include <catch2/catch.hpp>

namespace sluice::ledger {
namespace {

constexpr UtcTime kNow{std::chrono::microseconds{1'764'100'000'123'456}};

Act example() {
    return {
        .action = "hold.placed",
        .actor = {.id = Uuid{{1, 2, 3}}, .name = "秘書室", .role = "secretariat"},
        .subject = {.kind = "hold", .id = "h-1"},
        .facts = R"({"to":"2026","from":"2025","cameras":["lobby"]})",
        .policy_version = "7",
    };
}

TEST_CASE("a record says who did what to what, when, by which policy, in canonical form", "[ledger]") {
    const auto record = make_record(example(), kNow);
    REQUIRE(record);
    CHECK(
        record->text ==
        R"({"action":"hold.placed","at":"2025-11-25T19:46:40.123456Z","facts":{"cameras":["lobby"],"from":"2025","to":"2026"},)"
        R"("format":1,"id":")" +
            to_string(record->id) +
            R"(","policy_version":"7","principal":{"id":"01020300-0000-0000-0000-000000000000","name":"秘書室","role":"secretariat"},)"
            R"("subject":{"id":"h-1","kind":"hold"}})"
    );
}

TEST_CASE("the same act twice has two ids, two salts and two leaves", "[ledger]") {
    const auto first = make_record(example(), kNow);
    const auto second = make_record(example(), kNow);
    REQUIRE(first);
    REQUIRE(second);
    CHECK(first->id != second->id);
    CHECK(first->salt != second->salt);
    CHECK(leaf_data(first->salt, first->text) != leaf_data(second->salt, first->text));
}

TEST_CASE("a program by itself has no id, and no policy is null", "[ledger]") {
    Act act = example();
    act.actor = system_actor("sluice-worker");
    act.policy_version.reset();
    const auto record = make_record(act, kNow);
    REQUIRE(record);
    CHECK(record->text.contains(
        R"("policy_version":null,"principal":{"id":null,"name":"sluice-worker","role":"system"})"
    ));
}

TEST_CASE("an act that can't be written down is refused", "[ledger]") {
    const auto is_refused = [](const auto& change) {
        Act act = example();
        change(act);
        const auto record = make_record(act, kNow);
        return !record && record.error().remedy() == Remedy::refuse;
    };
    CHECK_FALSE(is_refused([](Act&) {}));
    CHECK_FALSE(is_refused([](Act& act) { act.action = "purge.run.started"; }));
    for (const char* action :
         {"", "hold", ".placed", "hold.", "hold..placed", "Hold.placed", "hold placed"}) {
        CAPTURE(action);
        CHECK(is_refused([&](Act& act) { act.action = action; }));
    }
    for (const char* facts : {"", "[]", "null", "{\"a\":1.5}", "{\"a\":1,\"a\":1}", "{"}) {
        CAPTURE(facts);
        CHECK(is_refused([&](Act& act) { act.facts = facts; }));
    }
    CHECK(is_refused([](Act& act) { act.actor.name.clear(); }));
    CHECK(is_refused([](Act& act) { act.actor.role.clear(); }));
}

TEST_CASE("a name that is not UTF-8 does not keep an act from being recorded", "[ledger]") {
    Act act = example();
    act.actor.name = "caf\xE9";
    const auto record = make_record(act, kNow);
    REQUIRE(record);
    CHECK(record->text.contains("caf\xEF\xBF\xBD"));
}

TEST_CASE("the leaf is HMAC-SHA-256 with the salt as key", "[ledger]") {
    // RFC 4231 test case 1 has a key of 20 bytes; HMAC pads keys with zeros, so 32 with zeros behind is the
    // same.
    Salt salt{};
    std::fill_n(salt.begin(), 20, std::uint8_t{0x0b});
    CHECK(
        to_hex(leaf_data(salt, "Hi There")) ==
        "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
    );
}

}  // namespace
}  // namespace sluice::ledger
