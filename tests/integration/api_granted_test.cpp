// Footage once accounts exist: every route gives out what was granted, in its session, and nothing else.
#include "jobs/release_keeper.hpp"
#include "jobs/worker.hpp"
#include "storage/catalogue/copy_repository.hpp"
#include "tests/integration/granted_viewer.hpp"
#include "tests/integration/hls_client.hpp"
#include "tests/support/delivered.hpp"

#include <fstream>
#include <random>
#include <set>

namespace sluice::test {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;

constexpr auto kViewer = GrantedViewer::kViewer;
constexpr auto kOther = GrantedViewer::kOther;
constexpr const char* kAway = "ART7_NOT_APPROVED";

/// A key frame each 1.6 s; 92 s of it and a second much later.
const Media& pictures() {
    static const Media kMedia = make_media({.gop = 40, .b_frames = 2, .seconds = 8});
    return kMedia;
}

class House : public ApiStage {
public:
    House() {
        StageRun run{*this, pictures(), 0};
        for (int i = 0; i < 4; ++i)
            run.record(575);
        run.end(GapCause::shutdown);
        start();
    }
    [[nodiscard]] std::string deliveries(const std::string& what) const {
        return database.query("SELECT " + what + " FROM deliveries");
    }
    void end_session(GrantedViewer& viewer) { viewer.post(GrantedViewer::kEscort, viewer.session + "/end"); }
    [[nodiscard]] json entry() const {
        return json::parse(database.query(
            "SELECT facts::text FROM register_entries WHERE kind = 'session' ORDER BY line DESC LIMIT 1"
        ));
    }
};

std::vector<std::string> everything(TimeRange range) {
    return {
        GrantedViewer::clip_of(range),
        GrantedViewer::picture_at(range.from + range.length() / 2),
        GrantedViewer::recording_of(range),
    };
}

TEST_CASE(
    "a clip of a granted copy holds exactly the granted frames and is in the register before its bytes go "
    "(article 9(4))",
    "[api][granted][clip][integration]"
) {
    House house;
    GrantedViewer viewer{house};
    const TimeRange asked{at_second(10), at_second(40)};
    for (const std::string& target : everything(asked))
        CHECK(GrantedViewer::code_of(viewer.get(target)) == kAway);
    viewer.grant("copy", 10, 40);
    CHECK(asked.from <= viewer.granted.from);
    CHECK(viewer.granted.to <= asked.to);
    const std::string target = GrantedViewer::clip_of(viewer.granted);
    CHECK(GrantedViewer::code_of(viewer.get(target)) == kAway);  // decided is not open
    viewer.begin();
    CHECK(GrantedViewer::code_of(viewer.get(target)) == kAway);  // no custodian has ordered it
    viewer.order();

    const Reply clip = viewer.get(target);
    INFO(clip.body.substr(0, 600));
    REQUIRE(clip.status == 200);
    CHECK(clip.header("cache-control") == "no-store");
    CHECK(clip.header("sluice-interval").starts_with("from=\"" + to_rfc3339(viewer.granted.from)));
    const auto file = house.data.path() / "clip.mp4";
    std::ofstream{file, std::ios::binary} << clip.body;
    const Verdict verdict = judge(file);
    CHECK(verdict.errors == "");
    CHECK(std::to_string(verdict.frames * 40'000) == std::to_string(viewer.granted.length().count()));
    CHECK(
        house.deliveries(
            "kind || ' ' || bytes || ' ' || (copy_id IS NOT NULL) || ' ' || (principal_id = (SELECT "
            "viewer_id FROM viewing_sessions))"
        ) == "clip " + std::to_string(clip.body.size()) + " true true"
    );
    // A part is a delivery of its own; what gives no byte is none.
    CHECK(viewer.get(target, {"Range: bytes=0-99"}).status == 206);
    CHECK(viewer.get(target, {"If-None-Match: " + clip.header("etag")}).status == 304);
    CHECK(viewer.ask(kViewer, "HEAD", target).status == 200);
    CHECK(house.deliveries("count(*) || ' ' || sum(bytes)") == "2 " + std::to_string(clip.body.size() + 100));

    const Reply picture = viewer.get(GrantedViewer::picture_at(viewer.granted.from + 5s));
    REQUIRE(picture.status == 200);
    CHECK(picture.body.starts_with("\xff\xd8\xff"));
    CHECK(viewer.granted.contains(from_rfc3339(picture.header("sluice-at")).value()));
    // Nobody else, nothing outside, no other way.
    for (const char* who : {kOther, GrantedViewer::kHandler, GrantedViewer::kEscort, "局長"})
        CHECK(GrantedViewer::code_of(viewer.ask(who, "GET", target)) == kAway);
    for (const TimeRange& outside :
         {TimeRange{viewer.granted.from - 1us, viewer.granted.to},
          TimeRange{viewer.granted.from, viewer.granted.to + 1us},
          TimeRange{at_second(0), at_second(5)}})
        CHECK(GrantedViewer::code_of(viewer.get(GrantedViewer::clip_of(outside))) == kAway);
    CHECK(
        GrantedViewer::code_of(
            viewer.get("/v1/cameras/drive-left/clip.mp4?from=" + to_rfc3339(viewer.granted.from))
        ) == kAway
    );
    CHECK(GrantedViewer::code_of(viewer.get(GrantedViewer::picture_at(viewer.granted.from - 1us))) == kAway);
    CHECK(GrantedViewer::code_of(viewer.get("/v1/cameras/drive-left/snapshot.jpg")) == kAway);
    CHECK(GrantedViewer::code_of(viewer.get(GrantedViewer::recording_of(viewer.granted))) == kAway);
    CHECK(GrantedViewer::code_of(viewer.get("/v1/cameras/drive-left/live.m3u8")) == kAway);

    const std::string bytes = house.deliveries("sum(bytes)");
    house.end_session(viewer);
    CHECK(GrantedViewer::code_of(viewer.get(target)) == kAway);
    const json camera = house.entry()["cameras"][0];
    CHECK(camera["clips"] == 2);
    CHECK(camera["snapshots"] == 1);
    CHECK(std::to_string(camera["bytes"].get<std::uint64_t>()) == bytes);
    CHECK(
        house.database.query(
            "SELECT string_agg(action, ' ' ORDER BY filed_at) FROM ledger_records WHERE action LIKE "
            "'%.opened' AND action <> 'viewing.opened'"
        ) == "clip.opened snapshot.opened"
    );
}

TEST_CASE("a clip breaks off when its escort is gone", "[api][granted][clip][integration]") {
    ApiStage stage;
    StageRun run{stage, plain(), 0};
    run.begin();
    for (int i = 0; i < 400; ++i)
        run.append(100);
    static_cast<void>(run.finish());
    run.end(GapCause::shutdown);
    stage.start();
    GrantedViewer viewer{stage};
    viewer.take_copy(0, 1500);
    Client client{stage.port(), 65536};
    REQUIRE(client.send(
        "GET " + GrantedViewer::clip_of(viewer.granted) + " HTTP/1.1\r\nHost: x\r\n" +
        viewer.token_of(kViewer) + "\r\n\r\n"
    ));
    client.await_head();
    stage.clock.move(10min);  // nobody has renewed the presence
    const Reply cut = client.receive();
    CHECK(cut.status == 200);
    CHECK_FALSE(cut.is_whole);
    CHECK(GrantedViewer::code_of(viewer.get(GrantedViewer::clip_of(viewer.granted))) == kAway);
}

TEST_CASE(
    "recorded HLS of a viewing is paced and entered at the camera's own address too (article 9(4))",
    "[api][granted][hls][integration]"
) {
    House house;
    GrantedViewer viewer{house};
    viewer.watch(10, 75);
    const std::string base = "/v1/cameras/drive-left/hls/";
    const Reply playlist = viewer.get(GrantedViewer::recording_of(viewer.granted));
    INFO(playlist.body);
    REQUIRE(playlist.status == 200);
    CHECK(playlist.header("cache-control") == "no-store");
    CHECK(playlist.body.find("#EXT-X-ENDLIST") == std::string::npos);
    const std::string init = lines_with(playlist.body, "#EXT-X-MAP:URI=\"").front();
    CHECK(viewer.get(base + init.substr(0, init.find('"'))).status == 200);
    // Seeks everywhere, at both addresses; one account for all.
    std::mt19937 random{4};
    std::set<std::string> known;
    std::uint64_t bytes = 0;
    std::size_t early = 0;
    Microseconds media{0};
    const UtcTime began = house.clock.now();
    for (int round = 0; round < 12; ++round) {
        const UtcTime at = at_second(std::uniform_real_distribution{0.0, 90.0}(random));
        const bool is_inside = viewer.granted.contains(at);
        const Reply sought =
            viewer.get(GrantedViewer::recording_of({at, std::max(at + 1s, viewer.granted.to)}));
        if (!is_inside) {
            CHECK(GrantedViewer::code_of(sought) == kAway);
        } else {
            for (const std::string& name : segments_of(sought.body))
                known.insert(name);
        }
        for (const std::string& name : known) {
            const bool is_own = random() % 2 == 0;
            const Reply piece = is_own ? viewer.get(base + name)
                                       : fetch(
                                             house.port(),
                                             "GET",
                                             viewer.session + "/cameras/drive-left/" + name,
                                             {viewer.session_token}
                                         );
            if (piece.status == 429) {
                ++early;
                continue;
            }
            REQUIRE(piece.status == 200);
            bytes += piece.body.size();
            for (const DeliveredSample& sample : delivered_samples(as_bytes(piece.body))) {
                if (!viewer.granted.contains(sample.shown + 20us))
                    FAIL("a frame shown at " << to_rfc3339(sample.shown));
                media += sample.shown_to - sample.shown;
            }
        }
        house.clock.move(std::uniform_int_distribution{0, 4}(random) * 1s);
        REQUIRE(media <= house.clock.now() - began + 30s + 1ms);
    }
    CHECK(early > 5);
    REQUIRE(bytes > 0);
    CHECK(house.deliveries("sum(bytes)") == std::to_string(bytes));
    const std::string name = *known.begin();
    CHECK(GrantedViewer::code_of(viewer.get(base + name.substr(0, name.rfind('/')) + "/0-25.m4s")) == kAway);
    CHECK(GrantedViewer::code_of(viewer.ask(kOther, "GET", base + name)) == kAway);
    CHECK(GrantedViewer::code_of(viewer.get(GrantedViewer::clip_of(viewer.granted))) == kAway);
    CHECK(GrantedViewer::code_of(viewer.get(GrantedViewer::picture_at(viewer.granted.from))) == kAway);
    house.end_session(viewer);
    CHECK(GrantedViewer::code_of(viewer.get(base + name)) == kAway);
    CHECK(house.entry()["cameras"][0]["bytes"] == bytes);
}

TEST_CASE("live is seen by a standing approval and gives nothing older", "[api][granted][hls][integration]") {
    ApiStage stage;
    StageRun old{stage, plain(), 0};
    static_cast<void>(old.record(100));
    old.end(GapCause::shutdown);
    StageRun run{stage, plain(), 3590};
    static_cast<void>(run.record(100));
    run.begin();
    run.append(50);
    run.save_open();
    stage.start();
    const std::string viewer_token = stage.authorization("viewer");
    const Reply before =
        fetch(stage.port(), "GET", GrantedViewer::recording_of({at_second(0), at_second(4)}), {viewer_token});
    REQUIRE(before.status == 200);
    const std::string old_piece = "/v1/cameras/drive-left/hls/" + segments_of(before.body).front();
    CHECK(fetch(stage.port(), "GET", old_piece, {viewer_token}).status == 200);

    GrantedViewer viewer{stage};
    const std::string live = "/v1/cameras/drive-left/live.m3u8";
    CHECK(GrantedViewer::code_of(fetch(stage.port(), "GET", live, {viewer_token})) == kAway);
    CHECK(GrantedViewer::code_of(viewer.get(live)) == kAway);
    viewer.approve_live();
    const Reply playlist = viewer.get(live);
    INFO(playlist.body);
    REQUIRE(playlist.status == 200);
    const std::string piece = "/v1/cameras/drive-left/" + segments_of(playlist.body).back();
    CHECK(viewer.get(piece).status == 200);
    CHECK(GrantedViewer::code_of(viewer.ask(kOther, "GET", piece)) == kAway);
    CHECK(GrantedViewer::code_of(viewer.get(old_piece)) == kAway);
    CHECK(GrantedViewer::code_of(fetch(stage.port(), "GET", old_piece, {viewer_token})) == kAway);
    stage.clock.move(1h);
    CHECK(GrantedViewer::code_of(viewer.get(live)) == kAway);
}

TEST_CASE(
    "a mask shuts every route, and departure every door (articles 10(3), 7(2))",
    "[api][granted][integration]"
) {
    House house;
    GrantedViewer viewer{house};
    const std::string kind = GENERATE("view", "copy");
    viewer.grant(kind, 10, 40, true);
    for (const std::string& target : everything(viewer.granted)) {
        INFO(target);
        const Reply reply = viewer.get(target);
        CHECK(reply.status == 409);
        CHECK(GrantedViewer::code_of(reply) == "MASK_NOT_RENDERED");
        CHECK(GrantedViewer::code_of(viewer.ask(kOther, "GET", target)) == kAway);
    }
    house.database.execute(
        "UPDATE accounts SET departed_at = '2026-11-18T11:30:00Z', departure_document = 'd', "
        "departure_on = '2026-01-01' "
        "WHERE unit = '工程科'"
    );
    for (const std::string& target : everything(viewer.granted))
        CHECK(GrantedViewer::code_of(viewer.get(target)) == "ART7_2_DEPARTED_ACCOUNT");
    CHECK(house.deliveries("count(*)") == "0");
}

TEST_CASE(
    "an export's progress comes as events, from the order to the sealed package",
    "[api][granted][sse][integration]"
) {
    House house;
    GrantedViewer viewer{house};
    viewer.take_copy(10, 40);
    const json copy = json::parse(viewer.last.body);
    const std::string events = "/v1/jobs/" + copy["job"].get<std::string>() + "/events";
    CHECK(viewer.get(events).status == 403);
    Client client{house.port()};
    REQUIRE(client.send(
        "GET " + events + " HTTP/1.1\r\nHost: x\r\n" + viewer.token_of(GrantedViewer::kHandler) + "\r\n\r\n"
    ));
    const std::string first = client.read_until("event: progress");
    CHECK(first.find("Content-Type: text/event-stream") != std::string::npos);
    CHECK(first.find("event: ended") == std::string::npos);
    volume::RealFiles files;
    jobs::Worker worker{
        {.conninfo = house.database.conninfo("sluice_worker"),
         .config = house.config,
         .owner = jobs::make_owner(house.clock.now()),
         .is_once = true},
        files,
        house.clock
    };
    worker.start();
    const std::string all = client.read_to_end();  // the stream ends with the job
    REQUIRE(worker.stop(20s));
    const std::size_t ended = all.find("event: ended\ndata: ");
    REQUIRE(ended != std::string::npos);
    const std::size_t data = all.find('{', ended);
    const json job = json::parse(all.substr(data, all.find('\n', data) - data));
    INFO(job.dump());
    CHECK(job["state"] == "done");
    CHECK(job["kind"] == "export");
    const json sealed = json::parse(
        viewer.ask(GrantedViewer::kHandler, "GET", "/v1/copies/" + copy["id"].get<std::string>()).body
    );
    CHECK(sealed["state"] == "sealed");
    const json told = json::parse(
        viewer.ask(GrantedViewer::kHandler, "GET", "/v1/jobs/" + copy["job"].get<std::string>()).body
    );
    CHECK(told["result"]["sha256"] == sealed["package"]["sha256"]);
    // The package's own copy does not end what the session opens.
    CHECK(viewer.get(GrantedViewer::clip_of(viewer.granted)).status == 200);
}

TEST_CASE(
    "a session whose escort is lost or whose slot is over is interrupted, and can be held again (article "
    "9(4))",
    "[api][granted][release][integration]"
) {
    const std::string reason = GENERATE("presence_lost", "slot_over");
    CAPTURE(reason);
    House house;
    GrantedViewer viewer{house};
    viewer.watch(10, 40);
    const Reply playlist = viewer.get(GrantedViewer::recording_of(viewer.granted));
    REQUIRE(playlist.status == 200);
    const std::string piece = "/v1/cameras/drive-left/hls/" + segments_of(playlist.body).at(0);
    REQUIRE(viewer.get(piece).status == 200);
    catalogue::Pool pool{house.database.conninfo("sluice_worker"), 2};
    volume::RealFiles files;
    const jobs::Tools tools{.pool = pool, .config = house.config, .files = files, .clock = house.clock};
    const auto keep = [&] {
        jobs::ReleaseKeeper keeper;
        const Status kept = keeper.tick(tools);
        if (!kept) FAIL(kept.error().describe());
    };
    const auto request = [&] {
        return json::parse(viewer.ask(GrantedViewer::kHandler, "GET", viewer.request).body);
    };
    if (reason == "slot_over")  // of an hour, with an escort who stays
        for (int i = 0; i < 50; i += 5) {
            house.clock.move(5min - 1s);
            viewer.post(GrantedViewer::kEscort, viewer.session + "/presence");
            house.clock.move(1s);
        }
    house.clock.move(10min - 1s);
    if (reason == "slot_over") viewer.post(GrantedViewer::kEscort, viewer.session + "/presence");
    keep();
    CHECK(request()["state"] == "in_session");
    house.clock.move(1s);
    keep();
    const json after = request();
    CHECK(after["state"] == "scheduled");
    const json last = after["history"].back();
    CHECK(last["action"] == "interrupt");
    CHECK(last["part"] == "clock");
    CHECK(last["facts"]["note"] == reason);
    CHECK(house.entry()["reason"] == reason);
    CHECK(house.database.query("SELECT end_reason FROM viewing_sessions") == reason);
    CHECK(GrantedViewer::code_of(viewer.get(piece)) == kAway);
    if (reason == "slot_over")
        viewer.step(
            GrantedViewer::kHandler,
            "schedule",
            {{"from", to_rfc3339(house.clock.now())},
             {"to", to_rfc3339(house.clock.now() + 1h)},
             {"escort", GrantedViewer::kEscort},
             {"viewer", kViewer}}
        );
    viewer.begin();
    CHECK(viewer.get(piece).status == 200);
    keep();
    CHECK(request()["state"] == "in_session");
}

TEST_CASE(
    "a viewer who has left, or whose account was shut, plays on with no token (article 7(2))",
    "[api][granted][hls][integration]"
) {
    const bool has_left = GENERATE(true, false);
    House house;
    GrantedViewer viewer{house};
    viewer.watch(10, 40);
    const std::string base = viewer.session + "/cameras/drive-left/";
    const auto play = [&](const std::string& name) {
        return fetch(house.port(), "GET", base + name, {viewer.session_token});
    };
    const Reply playlist = play("stream.m3u8");
    REQUIRE(playlist.status == 200);
    const auto pieces = segments_of(playlist.body);
    REQUIRE(pieces.size() > 1);
    REQUIRE(play(pieces[0]).status == 200);
    const std::string account = "'" + to_string(viewer.viewer_id) + "'";
    const std::string now = "'" + to_rfc3339(house.clock.now()) + "'";
    house.database.execute(
        has_left ? "SELECT depart_account(" + account + ", '離職 1', '2026-11-18', " + now + ")"
                 : "SELECT disable_account(" + account + ", '停用', " + now + ")"
    );
    const std::string code = has_left ? "ART7_2_DEPARTED_ACCOUNT" : "UNAUTHENTICATED";
    CHECK(GrantedViewer::code_of(play("stream.m3u8")) == code);
    CHECK(GrantedViewer::code_of(play(pieces[1])) == code);
    CHECK(house.deliveries("count(*)") == "1");
}

TEST_CASE(
    "a case is not closed while a copy of it is being made (article 9(4))",
    "[api][granted][release][integration]"
) {
    House house;
    GrantedViewer viewer{house};
    viewer.take_copy(10, 40);
    const std::string copy = json::parse(viewer.last.body)["id"];
    house.end_session(viewer);
    const Reply signature = fetch(
        house.port(),
        "PUT",
        viewer.request + "/attachments/signed.pdf?kind=signature",
        {viewer.token_of(GrantedViewer::kHandler), "Content-Type: application/pdf"},
        "%PDF-1.7 signed"
    );
    REQUIRE(signature.status == 201);
    viewer.step(GrantedViewer::kEscort, "complete", {{"attested", true}});
    const auto close = [&] {
        return GrantedViewer::code_of(viewer.ask("林主任", "POST", viewer.request + "/close"));
    };
    CHECK(close() == "RECEIPT_MISSING");
    catalogue::Pool pool{house.database.conninfo("sluice_worker"), 1};
    const ledger::Act act{
        .action = "copy.failed",
        .actor = ledger::system_actor("sluice-worker"),
        .subject = {.kind = "copy", .id = copy},
    };
    const auto id = uuid_from_string(copy).value();
    REQUIRE(catalogue::fail_copy(pool, id, "FOOTAGE_DAMAGED", act, house.clock.now()).value());
    CHECK(close() == "200");
}

}  // namespace
}  // namespace sluice::test
