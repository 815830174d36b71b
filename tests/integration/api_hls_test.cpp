// HLS over footage made by the real writer: recorded playlists, live ones, and their media.
#include "tests/integration/granted_viewer.hpp"
#include "tests/integration/hls_client.hpp"
#include "tests/support/captured_log.hpp"
#include "tests/support/eventually.hpp"

#include <algorithm>
#include <atomic>
#include <fstream>
#include <future>

#include <nlohmann/json.hpp>

namespace sluice::test {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using std::chrono::steady_clock;

/// The same picture from another encoder setting: another parameter set.
const Media& other_sets() {
    static const Media kMedia = make_media({.encoder_options = "ref=3:qp=30"});
    return kMedia;
}

constexpr const char* kBase = "/v1/cameras/drive-left/";
const std::string kLive = "/v1/cameras/drive-left/live.m3u8";

std::string recorded_target(double from, double to) {
    return "/v1/cameras/drive-left/hls/index.m3u8" + interval(from, to);
}

/// A stage whose clock stands where its live footage is recorded.
constexpr double kNow = 3600;

class HlsStage : public ApiStage {
public:
    /// The token as it is typed into a player.
    [[nodiscard]] std::string token() {
        const std::string header = authorization("viewer");
        return header.substr(header.rfind(' ') + 1);
    }
    /// The body of a piece of footage.
    [[nodiscard]] std::string media(const std::string& address) {
        const Reply reply = get(kBase + address);
        INFO(address);
        REQUIRE(reply.status == 200);
        CHECK(reply.is_whole);
        CHECK(reply.header("content-type") == "video/mp4");
        return reply.body;
    }
};

TEST_CASE("recorded HLS plays every frame over a change of parameters and a gap", "[api][hls][integration]") {
    HlsStage stage;
    StageRun run{stage, plain(), 0};
    run.record(100);
    run.record(130);
    run.use(other_sets());
    run.record(100);
    run.end(GapCause::camera_unreachable);
    stage.save_gap(13.2, 20, GapCause::camera_unreachable);
    StageRun later{stage, plain(), 20};
    later.record(100);
    later.end(GapCause::shutdown);
    stage.start();

    const Reply playlist = stage.get(recorded_target(0, 24));
    REQUIRE(playlist.status == 200);
    CHECK(playlist.header("content-type") == "application/vnd.apple.mpegurl");
    CHECK(playlist.header("sluice-gaps").starts_with("camera_unreachable;from="));
    CHECK(lines_with(playlist.body, "#EXT-X-MAP:").size() == 3);  // plain, other, plain again
    CHECK(lines_with(playlist.body, "#EXT-X-DISCONTINUITY") == std::vector<std::string>{""});
    CHECK(lines_with(playlist.body, "#EXT-X-ENDLIST").size() == 1);
    CHECK(
        lines_with(playlist.body, "#EXT-X-PROGRAM-DATE-TIME:").front() ==
        to_rfc3339(at_second(0)).substr(0, 23) + "Z"
    );
    double seconds = 0;
    for (const std::string& line : lines_with(playlist.body, "#EXTINF:")) {
        CHECK(std::stod(line) <= 6);
        seconds += std::stod(line);
    }
    CHECK(seconds == Approx(430 / 25.0));

    const Played played = play(stage.port(), stage.token(), recorded_target(0, 24));
    CHECK(played.complaints == "");
    CHECK(played.packets == 430);
    CHECK(played.frames == 430);

    // The same request again is the same list, and the client that has it is told so.
    CHECK(stage.get(recorded_target(0, 24)).body == playlist.body);
    CHECK(stage.get(recorded_target(0, 24), {"If-None-Match: " + playlist.header("etag")}).status == 304);
}

TEST_CASE("a recorded playlist begins at a key frame and gives whole fragments", "[api][hls][integration]") {
    HlsStage stage;
    StageRun run{stage, plain(), 0};
    run.record(200);
    run.end(GapCause::shutdown);
    stage.start();
    const Reply playlist = stage.get(recorded_target(2.3, 5.1));
    REQUIRE(playlist.status == 200);
    // Fragments of 0.8 and 0.2 seconds: the one that begins at 5.0 is the last.
    CHECK(
        playlist.header("sluice-interval") ==
        "from=\"" + to_rfc3339(at_second(2)) + "\", to=\"" + to_rfc3339(at_second(5.8)) + "\""
    );
    const Played played = play(stage.port(), stage.token(), recorded_target(2.3, 5.1));
    CHECK(played.frames == 95);
    CHECK(stage.get("/v1/cameras/drive-left/hls/index.m3u8?from=" + to_rfc3339(at_second(0)))
              .header("content-location")
              .starts_with("/v1/cameras/drive-left/hls/index.m3u8?from="));
}

TEST_CASE("what HLS can't give says why", "[api][hls][integration]") {
    HlsStage stage;
    StageRun run{stage, plain(), 0};
    run.record(100);
    run.begin();
    run.append(50);
    run.save_open();
    stage.start();
    const auto code = [&](const std::string& target, int status) {
        const Reply reply = stage.get(target);
        INFO(target);
        CHECK(reply.status == status);
        return reply.status >= 400 ? json::parse(reply.body)["code"].get<std::string>() : std::string{};
    };
    CHECK(code(recorded_target(0, 8), 409) == "NOT_YET_DURABLE");
    CHECK(code(recorded_target(-100, -50), 404) == "NO_FOOTAGE");
    CHECK(code(recorded_target(5, 1), 422) == "INTERVAL_REVERSED");
    CHECK(code("/v1/cameras/drive-left/hls/index.m3u8", 400) == "MISSING_PARAMETER");
    CHECK(code("/v1/cameras/nowhere/hls/index.m3u8" + interval(0, 1), 404) == "CAMERA_NOT_FOUND");
    CHECK(code(recorded_target(0, 1) + "&stream=sub", 404) == "STREAM_NOT_FOUND");
    CHECK(code("/v1/cameras/nowhere/live.m3u8", 404) == "CAMERA_NOT_FOUND");
    CHECK(code(kLive + "?_HLS_part=1", 400) == "INVALID_PARAMETER");
    CHECK(code(kLive + "?_HLS_msn=x", 400) == "INVALID_PARAMETER");
    // An hour old: nothing live about it.
    const Reply old = stage.get(kLive);
    CHECK(old.status == 503);
    CHECK(json::parse(old.body)["code"] == "NOT_RECORDING");
    CHECK(old.header("retry-after") == "5");

    const std::string known = segments_of(stage.get(recorded_target(0, 3)).body).front();
    const std::string file = known.substr(0, known.rfind('/') + 1);
    CHECK(code(kBase + ("hls/" + file) + "0-1.m4s", 200).empty());
    for (const char* wrong : {"0-900.m4s", "1-1.m4s", "x.m4s", "00-1.m4s"})
        CHECK(code(kBase + ("hls/" + file) + wrong, 404) == "MEDIA_NOT_FOUND");
    CHECK(
        code(std::string{kBase} + "hls/media/" + to_string(make_uuid_v7(kStageStart)) + "/0-1.m4s", 404) ==
        "MEDIA_NOT_FOUND"
    );
    CHECK(code(std::string{kBase} + "hls/media/nonsense/0-1.m4s", 404) == "MEDIA_NOT_FOUND");
    CHECK(code(std::string{kBase} + "hls/init/nonsense.mp4", 404) == "MEDIA_NOT_FOUND");
    CHECK(
        code(std::string{kBase} + "hls/init/" + to_string(make_uuid_v7(kStageStart)) + ".mp4", 404) ==
        "MEDIA_NOT_FOUND"
    );
}

TEST_CASE(
    "every playlist and every piece of media is asked for by someone who may",
    "[api][hls][integration]"
) {
    HlsStage stage;
    StageRun run{stage, plain(), kNow - 10};
    run.record(100);
    run.end(GapCause::shutdown);
    stage.start();
    const std::string playlist = stage.get(kLive).body;
    const std::string init = lines_with(playlist, "#EXT-X-MAP:URI=\"").front();
    std::vector<std::string> targets{kLive, recorded_target(kNow - 10, kNow - 8)};
    targets.push_back(kBase + segments_of(playlist).front());
    targets.push_back(kBase + init.substr(0, init.find('"')));
    const std::string metrics = stage.authorization("metrics");
    for (const std::string& target : targets) {
        INFO(target);
        CHECK(stage.get(target).status == 200);
        CHECK(stage.ask("HEAD", target).status == 200);
        CHECK(fetch(stage.port(), "GET", target).status == 401);
        CHECK(fetch(stage.port(), "GET", target, {metrics}).status == 403);
        CHECK(playlist.find("slt_") == std::string::npos);
    }
    // The footage of one camera is not to be had by another one's address.
    catalogue::CameraRow second;
    second.id = make_uuid_v7(kStageStart);
    stage.database.execute(
        "INSERT INTO cameras (id, installation_id, recorder_id, slug, name, is_enabled) VALUES ('" +
        to_string(second.id) + "', '" + to_string(stage.installation) + "', '" +
        to_string(stage.recorder_id) + "', 'lobby', 'lobby', true)"
    );
    CHECK(stage.get("/v1/cameras/lobby/" + segments_of(playlist).front()).status == 404);
    // Ranges of a piece, as for a clip.
    const Reply part = stage.get(targets[2], {"Range: bytes=0-9"});
    CHECK(part.status == 206);
    CHECK(part.body == stage.media(segments_of(playlist).front()).substr(0, 10));
}

TEST_CASE(
    "I20: each opening of a view is one line of the log, without a token",
    "[api][hls][integration][I20]"
) {
    HlsStage stage;
    StageRun run{stage, plain(), kNow - 10};
    run.record(200);
    run.end(GapCause::shutdown);
    stage.start();
    static_cast<void>(stage.get("/v1/cameras"));
    const CapturedLog log;
    const std::string live = stage.get(kLive).body;
    for (const std::string& media : segments_of(live))
        static_cast<void>(stage.media(media));
    CHECK(stage.get(kLive).status == 200);
    CHECK(log.count("footage_opened") == 1);
    CHECK(stage.get(recorded_target(kNow - 10, kNow - 8)).status == 200);
    CHECK(stage.get(recorded_target(kNow - 10, kNow - 8)).status == 200);
    CHECK(stage.get(recorded_target(kNow - 10, kNow - 5)).status == 200);
    CHECK(log.count("footage_opened") == 3);
    // Media that nobody's playlist named is a view as well.
    const std::string media = kBase + segments_of(live).front();
    CHECK(fetch(stage.port(), "GET", media, {stage.authorization("operator")}).status == 200);
    CHECK(log.count("footage_opened") == 4);
    const std::string text = log.text();
    CHECK(text.find("\"detail\":\"live\"") != std::string::npos);
    CHECK(text.find("\"principal\":\"test viewer\"") != std::string::npos);
    CHECK(text.find("slt_") == std::string::npos);
}

TEST_CASE(
    "live stands at the last whole fragment, synced or not, and init comes before its row",
    "[api][hls][integration]"
) {
    HlsStage stage;
    StageRun run{stage, plain(), kNow - 20};
    run.record(100);
    run.use(other_sets());
    run.begin();
    run.append(75);  // no row: nothing of it was synced
    stage.start();
    const Reply playlist = stage.get(kLive);
    REQUIRE(playlist.status == 200);
    const auto parts = parts_of(playlist.body);
    CHECK(parts.size() == 14);  // 0.8 and 0.2 seconds each
    CHECK(segments_of(playlist.body).size() == 3);
    std::string bytes;
    const std::string map = lines_with(playlist.body, "#EXT-X-MAP:URI=\"").back();
    const std::string init = stage.media(map.substr(0, map.find('"')));
    for (std::size_t i = 8; i < parts.size(); ++i)
        bytes += stage.media(parts[i]);
    // A piece that begins a file has the init segment in front.
    CHECK(bytes.starts_with(init));
    const auto file = stage.data.path() / "live.mp4";
    std::ofstream{file, std::ios::binary} << bytes;
    const Verdict verdict = judge(file);
    CHECK(verdict.errors == "");
    CHECK(verdict.frames == 75);
    CHECK(stage.database.query("SELECT count(*) FROM live_marks") == "1");
}

TEST_CASE(
    "a blocking reload answers when its fragment comes, and gives up in time",
    "[api][hls][integration]"
) {
    HlsStage stage;
    StageRun run{stage, plain(), kNow - 20};
    run.begin();
    run.append(50);
    stage.start();
    const Reply playlist = stage.get(kLive);
    REQUIRE(playlist.status == 200);
    const std::uint64_t number = first_number(playlist.body) + segments_of(playlist.body).size();
    const std::size_t known = parts_of(playlist.body).size();
    const std::string next = kLive + "?_HLS_msn=" + std::to_string(number) + "&_HLS_part=4";
    // More requests wait than the service has workers, and others are answered all the same.
    std::vector<std::future<Reply>> waiting;
    std::atomic<int> answered{0};
    for (int i = 0; i < 8; ++i)
        waiting.push_back(std::async(std::launch::async, [&] {
            Reply reply = stage.get(next);
            ++answered;
            return reply;
        }));
    for (int i = 0; i < 5; ++i)
        CHECK(stage.get("/v1/cameras").status == 200);
    CHECK(answered == 0);
    const auto appended = steady_clock::now();
    run.append(25);
    for (auto& reply : waiting) {
        const Reply got = reply.get();
        REQUIRE(got.status == 200);
        CHECK(parts_of(got.body).size() > known);
    }
    CHECK(steady_clock::now() - appended < 2s);
    CHECK(stage.get(kLive + "?_HLS_msn=" + std::to_string(number + 9)).status == 400);
    // HEAD does not wait.
    CHECK(stage.ask("HEAD", kLive + "?_HLS_msn=" + std::to_string(number + 1)).status == 503);

    const auto asked = steady_clock::now();
    const Reply late = stage.get(kLive + "?_HLS_msn=" + std::to_string(number + 1));
    CHECK(late.status == 503);
    CHECK(json::parse(late.body)["code"] == "NOT_YET_RECORDED");
    CHECK(steady_clock::now() - asked > 7s);
    CHECK(steady_clock::now() - asked < 10s);
}

TEST_CASE("those who wait are answered when the service stops", "[api][hls][integration]") {
    HlsStage stage;
    StageRun run{stage, plain(), kNow - 20};
    run.begin();
    run.append(50);
    stage.start();
    const std::string playlist = stage.get(kLive).body;
    Client client{stage.port()};
    const std::string rest = " HTTP/1.1\r\nHost: x\r\n" + stage.authorization("viewer") + "\r\n\r\n";
    REQUIRE(client.send("GET " + kLive + rest));
    CHECK(client.receive().status == 200);
    const std::string next = std::to_string(first_number(playlist) + 1);
    REQUIRE(client.send("GET " + kLive + "?_HLS_msn=" + next + rest));
    // The connection is being read, and others that came later were answered: it waits by now.
    for (int i = 0; i < 100; ++i)
        CHECK(stage.get("/v1/cameras").status == 200);
    const auto begun = steady_clock::now();
    stage.service->stop();
    CHECK(steady_clock::now() - begun < 5s);
    CHECK(client.receive().status == 503);
}

TEST_CASE(
    "I21: numbers and addresses stay the same over rename and restart of the service",
    "[api][hls][integration][I21]"
) {
    HlsStage stage;
    StageRun run{stage, plain(), kNow - 20};
    run.record(75);
    run.begin();
    run.append(100);
    stage.start();
    const std::string before = stage.get(kLive).body;
    const std::string part = parts_of(before).back();
    const std::string bytes = stage.media(part);
    run.finish();
    stage.service->stop();
    stage.start();
    CHECK((stage.media(part) == bytes));
    const std::string after = stage.get(kLive).body;
    CHECK(first_number(after) == first_number(before));
    const auto old_segments = segments_of(before);
    const auto new_segments = segments_of(after);
    REQUIRE(new_segments.size() >= old_segments.size());
    CHECK(std::equal(old_segments.begin(), old_segments.end(), new_segments.begin()));
    // And another process at the same time says the same.
    api::Service other{stage.config, stage.database.conninfo("sluice_api"), stage.clock, http::Limits{}};
    REQUIRE(other.start());
    CHECK(fetch(other.port(), "GET", kLive, {stage.authorization("viewer")}).body == after);
    other.stop();
}

TEST_CASE("ffmpeg plays live and gets every frame that comes", "[api][hls][integration]") {
    HlsStage stage;
    StageRun run{stage, plain(), kNow - 12};
    run.record(250);
    run.begin();
    run.append(25);
    stage.start();
    GrantedViewer viewer{stage};
    viewer.approve_live();
    const std::string header = viewer.token_of(GrantedViewer::kViewer);
    const std::string token = header.substr(header.rfind(' ') + 1);
    std::atomic<bool> is_done{false};
    // A recorder that is as fast as ffmpeg asks: it waits for the playlist to move.
    auto recorder = std::async(std::launch::async, [&] {
        while (!is_done) {
            run.append(25);
            static_cast<void>(eventually(100ms, [&] { return is_done.load(); }));
        }
    });
    const std::string address = "http://any:" + token + "@127.0.0.1:" + std::to_string(stage.port()) + kLive;
    const auto played = run_to_end(
        {"ffmpeg",
         "-v",
         "error",
         "-live_start_index",
         "0",
         "-i",
         address,
         "-frames:v",
         "400",
         "-f",
         "framemd5",
         "-fps_mode",
         "passthrough",
         "-"},
        60s
    );
    is_done = true;
    recorder.get();
    REQUIRE(played);
    CHECK(played->status.code == 0);
    CHECK(played->errors == "");
    CHECK(std::ranges::count_if(lines_of(played->output), [](const std::string& line) {
              return !line.starts_with('#');
          }) == 400);
}

}  // namespace
}  // namespace sluice::test
