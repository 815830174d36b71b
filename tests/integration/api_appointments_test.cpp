// Appointments: the next one replaces the one before, the same one again is the one that there is.
#include "jobs/release_keeper.hpp"
#include "tests/integration/bureau.hpp"

#include <string>

namespace sluice::test {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;

/// A granted viewing whose viewer has no account.
struct Diary : Bureau {
    Diary() {
        draft("王秘書", external());
        bring_to_decision();
        REQUIRE(step("局長", "grant", {{"reasons", "合於規定"}}) == "granted");
    }
    /// From now on for an hour, with changes; the case as it is then.
    json schedule(const json& changes = json::object()) {
        const UtcTime now = clock.now();
        json slot{{"from", to_rfc3339(now)}, {"to", to_rfc3339(now + 1h)}, {"escort", "張陪同"}};
        slot.update(changes);
        const std::string state = step("王秘書", "schedule", slot);
        INFO(last.body);
        REQUIRE(state == "scheduled");
        return body();
    }
    [[nodiscard]] Reply open(const std::string& escort = "張陪同") {
        return send(escort, "POST", request + "/sessions", json::object());
    }
    [[nodiscard]] std::string join(const std::string& session, const std::string& code) {
        const Reply reply = fetch(
            port(), "POST", session + "/join", {"Content-Type: application/json"}, json{{"code", code}}.dump()
        );
        return json::parse(reply.body).value("code", std::to_string(reply.status));
    }
    void keep() {
        catalogue::Pool worker{database.conninfo("sluice_worker"), 2};
        volume::RealFiles files;
        jobs::ReleaseKeeper keeper;
        const Status kept = keeper.tick({.pool = worker, .config = config, .files = files, .clock = clock});
        if (!kept) FAIL(kept.error().describe());
    }
    [[nodiscard]] std::string slots() const {
        return database.query("SELECT count(*) || ' ' || count(replaced_at) FROM request_slots");
    }
};

TEST_CASE("the same appointment again is the one that there is", "[api][request][integration]") {
    Diary diary;
    const json first = diary.schedule();
    const auto code = first["viewer_code"].get<std::string>();
    const json again = diary.schedule();
    CHECK_FALSE(again.contains("viewer_code"));
    CHECK(again["revision"] == first["revision"]);
    CHECK(again["history"] == first["history"]);
    CHECK(again["slot"] == first["slot"]);
    CHECK(diary.slots() == "1 0");
    // Anything else is judged as ever.
    CHECK(
        diary.step(
            "王秘書",
            "schedule",
            {{"from", first["slot"]["from"]}, {"to", first["slot"]["to"]}, {"escort", "小陳"}}
        ) == "ART9_4A_NO_ESCORT"
    );
    const Reply opened = diary.open();
    REQUIRE(opened.status == 201);
    CHECK(diary.join(opened.header("location"), code) == "200");
    CHECK(diary.step("張陪同", "start") == "in_session");
}

TEST_CASE("a lost code is replaced with its appointment", "[api][request][integration]") {
    Diary diary;
    const json first = diary.schedule();
    const json second = diary.schedule({{"new_code", true}});
    CHECK(second["viewer_code"] != first["viewer_code"]);
    CHECK(second["slot"]["id"] != first["slot"]["id"]);
    CHECK(diary.slots() == "2 1");
    const std::string session = diary.open().header("location");
    CHECK(diary.join(session, first["viewer_code"]) == "VIEWING_CODE_WRONG");
    CHECK(diary.join(session, second["viewer_code"]) == "200");
}

TEST_CASE(
    "another appointment replaces the one before, says which, and ends what was opened of it (article 9(4))",
    "[api][request][release][integration]"
) {
    Diary diary;
    const json first = diary.schedule();
    const Reply opened = diary.open();
    REQUIRE(opened.status == 201);
    const bool has_joined = GENERATE(true, false);
    CAPTURE(has_joined);
    if (has_joined) REQUIRE(diary.join(opened.header("location"), first["viewer_code"]) == "200");

    const json second =
        diary.schedule({{"to", to_rfc3339(diary.clock.now() + 2h)}, {"viewer", "王小明之子"}});
    const json& facts = second["history"].back()["facts"];
    CHECK(facts["replaces"]["id"] == first["slot"]["id"]);
    CHECK(facts["replaces"]["to"] == first["slot"]["to"]);
    CHECK(facts["slot"]["id"] == second["slot"]["id"]);
    CHECK(facts["slot"]["viewer"] == "王小明之子");
    CHECK(
        diary.database.query(
            "SELECT record::jsonb->'facts'->'replaces'->>'id' FROM ledger_records WHERE action = "
            "'request.scheduled' AND record::jsonb->'facts' ? 'replaces'"
        ) == first["slot"]["id"].get<std::string>()
    );
    CHECK(diary.slots() == "2 1");
    // Its session lets nobody in any more, and is no way to begin.
    if (!has_joined)
        CHECK(diary.join(opened.header("location"), first["viewer_code"]) == "ART7_NOT_APPROVED");
    CHECK(diary.step("張陪同", "start") == "ART9_4A_NO_ESCORT");
    CHECK(json::parse(diary.open().body)["code"] == "VIEWING_OPEN");
    diary.keep();
    CHECK(
        diary.database.query("SELECT string_agg(end_reason, ' ') FROM viewing_sessions") == "request_moved"
    );
    const Reply anew = diary.open();
    REQUIRE(anew.status == 201);
    CHECK(diary.join(anew.header("location"), second["viewer_code"]) == "200");
    CHECK(diary.step("張陪同", "start") == "in_session");
}

}  // namespace
}  // namespace sluice::test
