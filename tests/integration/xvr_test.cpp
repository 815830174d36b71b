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
