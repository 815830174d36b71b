// The worker as a program, which follows the recorders of its configuration and takes a changed one.
#include "tests/integration/xvr_stage.hpp"
#include "tests/support/process.hpp"

#include <csignal>

#include <fmt/format.h>

using namespace std::chrono_literals;
using namespace sluice;
using namespace sluice::test;

namespace {

std::string config_text(const XvrStage& stage, bool has_events) {
    return fmt::format(
        "data = \"{}\"\n[storage]\nvolumes = [\"{}\"]\n[database]\nurl = \"{}\"\n[[recorders]]\nslug = "
        "\"xvr-1\"\nvendor = \"dahua\"\nhost = \"127.0.0.1\"\nhttp_port = {}\nusername = "
        "\"{}\"\npassword_file "
        "= \"{}\"\nevents = {}\n[[recorders.cameras]]\nslug = \"drive-left\"\nname = "
        "\"迎賓車道左側\"\nchannel "
        "= 1\n",
        (stage.folder.path() / "data").string(),
        (stage.folder.path() / "volume").string(),
        stage.database.conninfo("sluice_worker"),
        stage.simulator.port(),
        XvrSimulator::kUser,
        (stage.folder.path() / "xvr.password").string(),
        has_events
    );
}

}  // namespace

TEST_CASE("The worker follows a recorder once the configuration says so, and stops when told", "[xvr][pg]") {
    XvrStage stage;
    const auto config = stage.folder.path() / "sluice.toml";
    REQUIRE(replace_file(config, config_text(stage, false), 0644));
    auto worker = Process::start(
        {SLUICE_BIN_DIR "/sluice", "work", "--config", config.string()},
        {.log = stage.folder.path() / "worker.log"}
    );
    REQUIRE(worker);
    REQUIRE(worker->wait_for_line("worker_started", kLong));
    CHECK(stage.query("SELECT count(*)::text FROM recorder_links") == "0");
    REQUIRE(replace_file(config, config_text(stage, true), 0644));
    worker->send_signal(SIGHUP);
    REQUIRE(stage.await_state("connected"));
    stage.simulator.event("Code=VideoLoss;action=Start;index=0");
    REQUIRE(stage.await_codes("camera.video_loss"));

    // A faulty file is refused, and everything goes on as it was.
    REQUIRE(replace_file(config, "data = 1\n", 0644));
    const std::size_t before = worker->output().size();
    worker->send_signal(SIGHUP);
    REQUIRE(worker->wait_for_line("config_refused", kLong, before));
    stage.simulator.event("Code=VideoBlind;action=Start;index=0");
    REQUIRE(stage.await_codes("camera.video_loss camera.blind"));

    // What was heard last is stored before the end.
    stage.simulator.event("Code=VideoLoss;action=Stop;index=0");
    REQUIRE(stage.await_codes("camera.video_loss camera.blind camera.video_loss"));
    CHECK(worker->stop(30s) == ExitStatus{});
    CHECK(stage.query("SELECT state FROM recorder_links") == "off");
    CHECK(worker->output().find(XvrSimulator::kPassword) == std::string::npos);
}
