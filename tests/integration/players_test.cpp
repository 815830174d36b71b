// Footage in players that people use: VLC and a browser.
#include "tests/integration/api_stage.hpp"
#include "tests/integration/hls_client.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>

#include <unistd.h>

#include <nlohmann/json.hpp>

namespace sluice::test {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;

std::string hls_target(double from, double to) {
    return "/v1/cameras/drive-left/hls/index.m3u8" + interval(from, to);
}

struct PlayerStage : ApiStage {
    [[nodiscard]] std::string token() {
        const std::string header = authorization("viewer");
        return header.substr(header.rfind(' ') + 1);
    }
    /// Frames that VLC gets out of the address; it does not run as root.
    [[nodiscard]] std::uint64_t frames_in_vlc(const std::string& target) {
        const TempFolder folder;
        std::filesystem::permissions(folder.path(), std::filesystem::perms::all);
        const auto file = folder.path() / "played.h264";
        const std::string address = "http://any:" + token() + "@127.0.0.1:" + std::to_string(port()) + target;
        // The bare stream: its containers keep the last picture back.
        std::vector<std::string> command{
            "cvlc",
            "--intf",
            "dummy",
            "--no-audio",
            "--sout",
            "#es{access=file,mux=dummy,dst=" + file.string() + "}",
            "--play-and-exit",
            address,
            "vlc://quit"
        };
        if (::getuid() == 0)
            command.insert(
                command.begin(), {"setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", "--"}
            );
        const auto played = run_to_end(command, 60s, {"HOME=" + folder.path().string()});
        if (!played) FAIL(played.error().describe());
        INFO(played->errors);
        const auto counted = run_to_end(
            {"ffprobe",
             "-v",
             "error",
             "-count_frames",
             "-show_entries",
             "stream=nb_read_frames",
             "-of",
             "default=nw=1:nk=1",
             file.string()},
            60s
        );
        if (!counted) FAIL(counted.error().describe());
        REQUIRE_FALSE(counted->output.empty());
        return std::stoull(counted->output);
    }
    /// What tests/players/browser.mjs saw.
    [[nodiscard]] json browse(const std::string& kind, const std::string& target) {
        const TempFolder folder;
        const auto file = folder.path() / "token";
        std::ofstream{file} << token();
        const auto run = run_to_end(
            {SLUICE_SOURCE_DIR "/tests/players/run",
             "--api",
             "http://127.0.0.1:" + std::to_string(port()),
             "--token-file",
             file.string(),
             "--play",
             kind,
             "--target",
             target,
             "--seconds",
             "40"},
            120s
        );
        if (!run) FAIL(run.error().describe());
        if (run->status.code != 0) FAIL(run->errors);
        return json::parse(run->output);
    }
};

TEST_CASE("VLC plays a clip and HLS with every frame, over a gap", "[api][players][integration]") {
    PlayerStage stage;
    StageRun run{stage, plain(), 0};
    run.record(100);
    run.record(100);
    run.end(GapCause::camera_unreachable);
    StageRun later{stage, plain(), 11};
    later.record(100);
    later.end(GapCause::shutdown);
    stage.start();
    CHECK(stage.frames_in_vlc(clip_target(0, 8)) == 200);
    CHECK(stage.frames_in_vlc(hls_target(0, 8)) == 200);
    // VLC drops the last picture before a discontinuity, and on a busy machine some behind it: the best of
    // three tries says what the playlist holds.
    std::uint64_t most = 0;
    for (int i = 0; i < 3 && most < 299; ++i)
        most = std::max(most, stage.frames_in_vlc(hls_target(0, 15)));
    CHECK(most >= 299);
}

TEST_CASE(
    "a browser plays a clip from time 0 and HLS over a gap, with its cookie",
    "[api][players][integration]"
) {
    PlayerStage stage;
    StageRun run{stage, plain(), 0};
    run.record(100);
    run.end(GapCause::camera_unreachable);
    StageRun later{stage, plain(), 6};
    later.record(50);
    later.end(GapCause::shutdown);
    stage.start();
    const json clip = stage.browse("clip", clip_target(0, 4));
    INFO(clip.dump());
    CHECK(clip["errors"].empty());
    CHECK(clip["done"] == true);
    CHECK(clip["first_media_time"] == 0);
    CHECK(clip["last_media_time"].get<double>() == Approx(99 / 25.0).margin(0.001));
    CHECK(clip["decoded"] == 100);
    const json hls = stage.browse("hls", hls_target(0, 8));
    INFO(hls.dump());
    CHECK(hls["errors"].empty());
    CHECK(hls["done"] == true);
    CHECK(hls["decoded"] == 150);
}

}  // namespace
}  // namespace sluice::test
