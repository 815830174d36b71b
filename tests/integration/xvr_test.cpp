// A recorder's events, clock and titles, against a recorder in a process of its own.
#include "tests/integration/xvr_stage.hpp"

using namespace std::chrono_literals;
using namespace sluice;
using namespace sluice::test;

TEST_CASE("A recorder's events are stored however it frames and cuts them", "[xvr][pg]") {
    XvrStage stage;
    stage.connect();
    std::string wanted;
    const auto tell = [&](const std::string& setting) {
        if (!setting.empty()) stage.simulator.command(setting);
        stage.simulator.event(R"(Code=VideoLoss;action=Start;index=1;data={\n  "Note" : "a;b;index=7"\n})");
        stage.simulator.event("Code=StrangeThing;action=Pulse");
        stage.simulator.event("Code=VideoMotion;action=Start;index=0");  // ignored as configured
        wanted += std::string{wanted.empty() ? "" : " "} + "camera.video_loss access.unknown";
        CAPTURE(setting);
        REQUIRE(stage.await_codes(wanted));
    };
    tell("");
    tell("piece 1");
    tell("unclosed on");
    // Without a length the end shows at the next boundary, a heartbeat's at the latest.
    tell("bare on");
    tell("unclosed off");
    CHECK(
        stage.query(
            "SELECT string_agg(DISTINCT concat_ws('|', source, clip_camera, data::jsonb->'data'->>'Note', "
            "data::jsonb->>'action'), ' ') FROM access_events WHERE code = 'camera.video_loss'"
        ) == "/recorders/xvr-1|drive-right|a;b;index=7|Start"
    );
    CHECK(
        stage.query("SELECT string_agg(DISTINCT data::jsonb->>'code', ' ') FROM access_events WHERE code = "
                    "'access.unknown'") == "StrangeThing"
    );
    stage.simulator.command(R"(raw --myboundary\r\nContent-Length: 7\r\n\r\nrubbish)");
    CHECK(stage.await_query("SELECT concat_ws(' ', unread, ignored, dropped) FROM recorder_links", "1 5 0"));
}

TEST_CASE(
    "A stream that breaks, falls silent or is not let in is begun again, and the gap is told",
    "[xvr][pg]"
) {
    XvrStage stage;
    stage.pauses.silence = 2s;
    const auto gaps = [&](const std::string& cause) {
        return stage.query(
                   "SELECT (count(*) > 0)::text FROM access_events WHERE code = 'recorder.gap' AND "
                   "data::jsonb->>'cause' LIKE '%" +
                   cause + "%'"
               ) == "true";
    };
    stage.connect();
    stage.simulator.command("drop");
    CHECK(eventually(kLong, [&] { return gaps("ended the stream"); }));
    REQUIRE(stage.await_state("connected"));
    stage.simulator.command("mute on");
    REQUIRE(stage.await_state("silent"));
    stage.simulator.command("mute off");
    CHECK(eventually(kLong, [&] { return gaps("not even a heartbeat"); }));
    stage.simulator.command("broken on");
    stage.simulator.command("drop");
    REQUIRE(stage.await_state("no_stream"));
    stage.simulator.command("broken off");
    REQUIRE(stage.await_state("connected"));
    stage.simulator.command("password another one");
    stage.simulator.command("drop");
    REQUIRE(stage.await_state("refused"));
    // Some recorders lock an account after a few wrong passwords: each try is a long wait after the last.
    const std::string counts = stage.simulator.command("counts");
    CAPTURE(counts);
    CHECK(std::stoul(counts.substr(counts.find("refused=") + 8)) <= 4);
    CHECK(stage.query("SELECT problem FROM recorder_links").find("password") != std::string::npos);
    stage.set_password("another one");
    REQUIRE(stage.await_state("connected"));
    stage.simulator.kill();
    REQUIRE(eventually(kLong, [&] {
        const std::string state = stage.query("SELECT state FROM recorder_links");
        return state == "unreachable";
    }));
    CHECK(stage.watch->stop(kLong));
    CHECK(stage.query("SELECT state FROM recorder_links") == "off");
    stage.watch.reset();
}

TEST_CASE(
    "What somebody does at the recorder itself is an incident, unless it is our own log-in",
    "[xvr][pg]"
) {
    XvrStage stage;
    stage.connect();
    stage.simulator.event(R"(Code=Login;action=Pulse;data={"User":"sluice","Address":"192.0.2.1"})");
    stage.simulator.event(R"(Code=Login;action=Pulse;data={"User":"admin","Address":"local"})");
    stage.simulator.event(
        R"(Code=PlayBack;action=Start;index=0;data={"User":"admin","StartTime":"2019-10-02 18:00:00","EndTime":"2019-10-02 18:05:00"})"
    );
    stage.simulator.event(R"(Code=PlayBack;action=Stop;index=0;data={"User":"admin"})");
    stage.simulator.event(R"(Code=SecurityImExport;action=Pulse;data={"User":"sluice"})");
    stage.simulator.event(R"(Code=StorageFailure;action=Start;data={"Name":"/dev/sda"})");
    stage.simulator.event(R"(Code=StorageFailure;action=Start;data={"Name":"/dev/sda"})");
    REQUIRE(
        stage.await_codes("recorder.login recorder.login recorder.playback recorder.playback recorder.export "
                          "recorder.storage_failed recorder.storage_failed")
    );
    CHECK(
        stage.query(
            "SELECT string_agg(concat_ws('|', code, who, verdict, (incident_id IS NOT NULL)::text), ' ' "
            "ORDER BY code, who) FROM recorder_acts"
        ) ==
        "recorder.export|sluice|incident|true recorder.login|admin|incident|true "
        "recorder.login|sluice|own|false recorder.playback|admin|incident|true"
    );
    CHECK(
        stage.query("SELECT string_agg(kind, ' ' ORDER BY kind) FROM incidents") ==
        "cyber privacy_breach privacy_breach storage"
    );
    CHECK(
        stage.query("SELECT concat_ws('|', subject->>'recorder', subject->>'who', subject->>'channel', "
                    "subject->>'from', subject->>'to') FROM incidents WHERE cause LIKE '%played%'"
        ) == "xvr-1|admin|1|2019-10-02T10:00:00.000000Z|2019-10-02T10:05:00.000000Z"
    );
}

TEST_CASE("A rule flags the footage around an event by itself", "[xvr][pg]") {
    XvrStage stage;
    config::FlagRule rule;
    rule.name = "line-at-the-drive";
    rule.cameras = {"drive-left"};
    rule.code = "camera.line_crossed";
    rule.most_a_day = 2;
    rule.pre = 0s;
    stage.flag_rules = {rule};
    stage.connect();
    stage.simulator.event("Code=CrossLineDetection;action=Start;index=0");
    stage.simulator.event("Code=CrossLineDetection;action=Stop;index=0");
    stage.simulator.event("Code=CrossLineDetection;action=Start;index=1");
    stage.simulator.event("Code=CrossRegionDetection;action=Start;index=0");
    REQUIRE(
        stage.await_codes("camera.line_crossed camera.line_crossed camera.line_crossed camera.region_entered")
    );
    CHECK(
        stage.query(
            "SELECT string_agg(concat_ws('|', h.kind, h.owner_kind, h.owner, h.reason, h.placer, "
            "(h.placed_by IS NULL)::text, (h.to_at - h.from_at)::text, "
            "(h.expires_at - h.from_at)::text, c.slug), ' ') "
            "FROM holds h JOIN hold_cameras k ON k.hold_id = h.id JOIN cameras c ON c.id = k.camera_id"
        ) ==
        "flag|rule|line-at-the-drive|rule line-at-the-drive: "
        "camera.line_crossed|sluice-worker|true|00:01:00|30 "
        "days|drive-left"
    );
    CHECK(
        stage.query("SELECT count(*)::text FROM ledger_records WHERE action = 'hold.placed' AND "
                    "record::jsonb->'facts'->>'reason' LIKE 'rule line-at-the-drive: %'") == "1"
    );
    for (int i = 0; i < 3; ++i)
        stage.simulator.event("Code=CrossLineDetection;action=Start;index=0");
    REQUIRE(
        stage.await_query("SELECT count(*)::text FROM access_events WHERE code = 'camera.line_crossed'", "6")
    );
    CHECK(stage.query("SELECT count(*)::text FROM holds") == "2");  // no more than the most of a day
}

TEST_CASE(
    "The recorder's clock is measured, and titles that drift from the official names are a finding",
    "[xvr][pg]"
) {
    XvrStage stage;
    stage.simulator.command("clock 3600");
    stage.simulator.command("title 1 CAM 2");
    stage.connect();
    REQUIRE(stage.await_query("SELECT count(*)::text FROM notices WHERE kind = 'recorder_finding'", "2"));
    CHECK(
        stage.query("SELECT (abs(offset_ms - 3600000) < 60000)::text FROM recorder_clock_readings") == "true"
    );
    CHECK(
        stage.query("SELECT count(*)::text FROM ledger_records WHERE action = 'recorder.clock_measured'") ==
        "1"
    );
    CHECK(
        stage.query(
            "SELECT string_agg(concat_ws('|', channel, camera, official, shown), ' ' ORDER BY channel) "
            "FROM recorder_titles"
        ) == "1|drive-left|迎賓車道左側|迎賓車道左側 2|drive-right|迎賓車道右側|CAM 2"
    );
    CHECK(
        stage.query(
            "SELECT string_agg(code, ' ' ORDER BY code) FROM access_events WHERE code LIKE 'recorder.%'"
        ) == "recorder.clock_off recorder.title_drift"
    );
    catalogue::Pool api{stage.database.conninfo("sluice_api"), 1};
    CHECK(catalogue::count_recorder_findings(api, stage.clock.now()).value() == 1);
}

TEST_CASE("A channel that had a picture and has none is a finding", "[xvr][pg]") {
    XvrStage stage;
    stage.pauses.look = 200ms;
    stage.simulator.command("picture 2 400");  // never had one, as a channel that speaks another protocol
    stage.connect();
    const auto states = [&] {
        return stage.query(
            "SELECT string_agg(concat_ws('|', channel, camera, state, width, height), ' ' ORDER BY channel) "
            "FROM recorder_pictures"
        );
    };
    const std::string good = "1|drive-left|ok|1920|1080 2|drive-right|error|0|0";
    REQUIRE(eventually(kLong, [&] { return states() == good; }));
    CHECK(
        stage.query("SELECT record::jsonb->'facts'->>'missing' FROM ledger_records WHERE action = "
                    "'recorder.pictures_asked' LIMIT 1") == R"({"2": "error"})"
    );
    catalogue::Pool api{stage.database.conninfo("sluice_api"), 1};
    CHECK(catalogue::count_recorder_findings(api, stage.clock.now()).value() == 0);
    for (const auto& [fault, state] :
         {std::pair{"html", "no_picture"},
          std::pair{"empty", "no_picture"},
          std::pair{"cut", "cut_off"},
          std::pair{"mislabelled", "ok"},
          std::pair{"short", "cut_off"},
          std::pair{"huge", "too_large"},
          std::pair{"500", "error"},
          std::pair{"401", "refused"},
          std::pair{"flat", "flat"},
          std::pair{"small", "other_size"}}) {
        INFO(fault);
        stage.simulator.command(std::string{"picture 1 "} + fault);
        CHECK(stage.await_query("SELECT state FROM recorder_pictures WHERE channel = 1", state));
    }
    CHECK(
        stage.query("SELECT concat_ws(' ', problem, usual_width, usual_height) FROM recorder_pictures WHERE "
                    "channel = 1") == "the recorder's picture is 704 × 576 instead of 1920 × 1080 1920 1080"
    );
    CHECK(catalogue::count_recorder_findings(api, stage.clock.now()).value() == 1);
    // Once a day what was there, once what never was; midnight may have passed.
    const auto told = [&](const std::string& when) {
        return std::stoi(stage.query(
            "SELECT count(*)::text FROM access_events e JOIN notices n ON n.kind = 'recorder_finding' AND "
            "n.subject_id = e.id WHERE e.code = 'recorder.no_picture' AND e.event_id LIKE 'pictures/" +
            when + "/%'"
        ));
    };
    CHECK(eventually(kLong, [&] { return told("20%") >= 1; }));
    CHECK(told("20%") <= 2);
    CHECK(told("never") == 1);
    stage.simulator.command("picture 1 ok");
    REQUIRE(eventually(kLong, [&] { return states() == good; }));
    CHECK(catalogue::count_recorder_findings(api, stage.clock.now()).value() == 0);
}

TEST_CASE("A recorder that hangs over a picture holds up its round no longer than told", "[xvr][pg]") {
    XvrStage stage;
    stage.pauses.look = 200ms;
    stage.pauses.pictures.answer = 1s;
    stage.simulator.command("picture 1 hang");
    stage.connect();
    const auto state_of = [](int channel) {
        return "SELECT state FROM recorder_pictures WHERE channel = " + std::to_string(channel);
    };
    CHECK(stage.await_query(state_of(1), "no_answer"));
    CHECK(stage.await_query(state_of(2), "ok"));
    stage.simulator.command("picture 1 ok");
    CHECK(stage.await_query(state_of(1), "ok"));
    // A stop waits for no answer.
    CHECK(stage.watch->stop(kLong));
    stage.watch.reset();
    stage.pauses.pictures.answer = 10 * kLong;
    stage.simulator.command("picture 1 hang");
    const auto asked = [&] {
        const std::string counts = stage.simulator.command("counts");
        return counts.substr(counts.find("pictures="));
    };
    const std::string before = asked();
    stage.start();
    REQUIRE(eventually(kLong, [&] { return asked() != before; }));
    CHECK(stage.watch->stop(kLong));
    stage.watch.reset();
}

TEST_CASE("A recorder that refuses pictures is not asked for all of them, nor again", "[xvr][pg]") {
    XvrStage stage;
    for (int channel : {3, 4}) {
        config::Camera camera;
        camera.slug = "camera-" + std::to_string(channel);
        camera.channel = channel;
        stage.recorder.cameras.push_back(camera);
    }
    for (int channel : {1, 2, 3, 4})
        stage.simulator.command("picture " + std::to_string(channel) + " 401");
    stage.connect();
    CHECK(stage.await_query(
        "SELECT string_agg(state, ' ' ORDER BY channel) FROM recorder_pictures",
        "refused refused not_asked not_asked"
    ));
    CHECK(stage.simulator.command("counts").ends_with(" pictures=2"));
}

TEST_CASE("While the database is away events wait, and all are stored once", "[xvr][pg]") {
    XvrStage stage;
    stage.connect();
    Postgres::instance().stop();
    for (int i = 0; i < 20; ++i)
        stage.simulator.event("Code=VideoBlind;action=Start;index=0");
    Postgres::instance().start();
    CHECK(stage.await_query("SELECT count(*)::text FROM access_events WHERE code = 'camera.blind'", "20"));
    CHECK(stage.query("SELECT state FROM recorder_links") == "connected");
}
