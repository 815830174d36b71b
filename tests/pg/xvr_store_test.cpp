#include "jobs/xvr/store.hpp"
#include "tests/pg/release_stage.hpp"
#include "tests/support/studio.hpp"

using namespace std::chrono_literals;
using namespace sluice;
using namespace sluice::test;

namespace {

/// A playback at the recorder, in the words of its own clock in Asia/Taipei.
xvr::Pending playback(
    const std::shared_ptr<const config::Recorder>& recorder,
    const TimeRange& footage,
    std::string id,
    UtcTime at
) {
    const auto local = [](UtcTime time) {
        std::string text = to_rfc3339(time + 8h).substr(0, 19);
        text[10] = ' ';
        return text;
    };
    const xvr::RawEvent raw{
        "PlayBack",
        "Start",
        0,
        R"({"User":"admin","StartTime":")" + local(footage.from) + R"(","EndTime":")" + local(footage.to) +
            R"("})"
    };
    return {recorder, xvr::to_event(*recorder, raw, std::move(id), at), true};
}

}  // namespace

TEST_CASE("a playback at the recorder within a session's grant belongs to its request", "[pg][xvr]") {
    ClipStage stage;
    ReleaseCase request{stage};
    // To whole seconds, as the recorder tells them.
    const UtcTime from = std::chrono::ceil<std::chrono::seconds>(kStageStart) + 60s;
    request.grant("view", {{from, from + 10min}});
    request.open_session();
    stage.database.execute("INSERT INTO channels SELECT id, 1 FROM recorders; UPDATE cameras SET channel = 1"
    );
    auto recorder = std::make_shared<config::Recorder>();
    recorder->slug = "xvr-1";
    recorder->username = "sluice";
    ManualClock clock;
    clock.wall = request.now + 1min;
    xvr::Store store{stage.database.conninfo("sluice_worker"), clock};
    xvr::Inbox::Batch batch;
    batch.events.push_back(playback(recorder, {from + 1min, from + 2min}, "inside", request.now + 1min));
    batch.events.push_back(playback(recorder, {from + 1min, from + 11min}, "beyond", request.now + 1min));
    batch.events.push_back(playback(recorder, {from + 1min, from + 2min}, "before", request.now - 16min));
    for (int time = 0; time < 2; ++time) {  // twice, as after a commit in doubt
        REQUIRE(store.save(batch, {}));
        CHECK(
            stage.database.query("SELECT string_agg(concat_ws('|', e.event_id, a.verdict, a.request_id, "
                                 "(i.id IS NOT NULL)::text), ' ' "
                                 "ORDER BY e.event_id) FROM recorder_acts a JOIN access_events e ON e.id = "
                                 "a.event_id LEFT JOIN "
                                 "incidents i ON i.id = a.incident_id"
            ) == "before|incident|true beyond|incident|true inside|request|" + to_string(request.request_id) +
                     "|false"
        );
        CHECK(stage.database.query("SELECT count(*)::text FROM incidents") == "2");
        CHECK(stage.database.query("SELECT count(*)::text FROM access_batches") == "1");
    }
}

TEST_CASE("acts at a recorder are read page by page, newest first", "[pg][xvr]") {
    ClipStage stage;
    auto recorder = std::make_shared<config::Recorder>();
    recorder->slug = "xvr-1";
    recorder->username = "sluice";
    ManualClock clock;
    xvr::Store store{stage.database.conninfo("sluice_worker"), clock};
    xvr::Inbox::Batch batch;
    for (int i = 0; i < 5; ++i)
        batch.events.push_back(
            {recorder,
             xvr::to_event(
                 *recorder,
                 {"Login", "Pulse", {}, R"({"User":"sluice"})"},
                 std::to_string(i),
                 clock.wall + i * 1s
             ),
             true}
        );
    REQUIRE(store.save(batch, {}));
    std::vector<UtcTime> times;
    std::optional<catalogue::RecorderActCursor> after;
    while (true) {
        const auto acts = catalogue::load_recorder_acts(stage.api, "xvr-1", after, 2);
        REQUIRE(acts);
        if (acts->empty()) break;
        for (const auto& act : *acts)
            times.push_back(act.at);
        after = {.at = acts->back().at, .event_id = acts->back().event_id};
    }
    CHECK(
        times ==
        std::vector<UtcTime>{clock.wall + 4s, clock.wall + 3s, clock.wall + 2s, clock.wall + 1s, clock.wall}
    );
}

TEST_CASE("constraints keep acts explained, links known and holds of programs owned by rules", "[pg][xvr]") {
    const Database database;
    const auto refused = [&](const std::string& sql) {
        try {
            database.execute(sql);
            return std::string{"nothing"};
        } catch (const std::exception& error) {
            return std::string{error.what()};
        }
    };
    const std::string act =
        "INSERT INTO recorder_acts (event_id, at, recorder, code, who, verdict) VALUES "
        "(gen_random_uuid(), now(), 'xvr-1', ";
    CHECK(
        refused(act + "'recorder.playback', '', 'incident')").find("recorder_acts_explained") !=
        std::string::npos
    );
    CHECK(
        refused(act + "'recorder.export', '', 'own')").find("recorder_acts_explained") != std::string::npos
    );
    CHECK(refused(act + "'recorder.gap', '', 'own')").find("recorder_acts_code_known") != std::string::npos);
    CHECK(refused(act + "'recorder.login', '', 'own')") == "nothing");
    CHECK(
        refused("INSERT INTO recorder_links (recorder, state, since) VALUES ('xvr-1', 'odd', now())")
            .find("recorder_links_state_known") != std::string::npos
    );
    const auto picture = [&](int channel, const std::string& values) {
        return refused(
            "INSERT INTO recorder_pictures (recorder, channel, camera, asked_at, bytes, state, problem, "
            "width, "
            "height, had_at, usual_width, usual_height, other_since) VALUES ('xvr-1', " +
            std::to_string(channel) + ", 'drive-left', now(), 9, " + values + ")"
        );
    };
    for (const auto& [values, constraint] : {
             std::pair{"'odd', 'x', 0, 0, NULL, NULL, NULL, NULL", "recorder_pictures_state_known"},
             std::pair{"'error', '', 0, 0, NULL, NULL, NULL, NULL", "recorder_pictures_explained"},
             std::pair{"'ok', '', 0, 0, now(), 8, 8, NULL", "recorder_pictures_sized"},
             std::pair{"'ok', '', 8, 8, now(), NULL, NULL, NULL", "recorder_pictures_usual"},
             std::pair{"'ok', '', 8, 8, NULL, NULL, NULL, NULL", "recorder_pictures_had"},
             std::pair{"'other_size', 'x', 8, 8, now(), 9, 9, NULL", "recorder_pictures_other"},
         })
        CHECK(picture(1, values).find(constraint) != std::string::npos);
    CHECK(
        picture(0, "'flat', 'x', 8, 8, NULL, NULL, NULL, NULL").find("channel_positive") != std::string::npos
    );
    CHECK(picture(1, "'ok', '', 8, 8, now(), 8, 8, NULL") == "nothing");
    CHECK(
        refused("INSERT INTO holds (id, kind, from_at, to_at, reason, owner_kind, owner_id, owner, "
                "expires_at, placer, "
                "placed_at) VALUES (gen_random_uuid(), 'flag', now(), now() + interval '1 minute', 'r', "
                "'principal', "
                "gen_random_uuid(), 'o', now() + interval '1 day', 'p', now())")
            .find("holds_placer_known") != std::string::npos
    );
}
