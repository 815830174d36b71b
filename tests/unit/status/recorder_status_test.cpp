#include "storage/status/recorder_status.hpp"

#include "config/base/files.hpp"
#include "tests/support/temp_folder.hpp"

#include <cmath>
#include <fstream>
#include <limits>

#include <catch2/catch.hpp>

using namespace sluice;
using namespace sluice::status;
using namespace std::chrono_literals;

namespace {

const UtcTime kNow{std::chrono::sys_days{std::chrono::year{2026} / 11 / 23} + 10h + 123456us};

Uuid make_id(std::uint8_t last) {
    Uuid id;
    id.bytes[15] = last;
    return id;
}

RecorderStatus full_status() {
    const StreamStatus recording{
        .camera_slug = "drive-left",
        .stream = StreamKind::sub,
        .stream_id = make_id(1),
        .state = StreamState::recording,
        .detail = "迎賓車道 \"quoted\"",
        .last_packet = kNow - 40ms,
        .bitrate_bps = 4'000'123.5,
        .frame_rate = 24.97,
        .packets_lost = 3,
        .frames = UINT64_MAX,
        .bytes = 1ULL << 53U,
        .frames_dropped = 25,
        .reconnects = 2,
        .clock_offset_us = -3'600'000'000,
        .segment_id = make_id(2),
        .run_id = make_id(3),
    };
    const VolumeStatus volume{
        .path = "/var/lib/sluice/卷1",
        .volume_id = make_id(4),
        .is_writable = true,
        .problem = "",
        .total_bytes = 1ULL << 43U,
        .free_bytes = 1ULL << 42U,
        .longest_sync_us = 12'000,
        .longest_write_us = 800,
    };
    RecorderStatus status{
        .written = kNow,
        .started = kNow - 1h,
        .pid = 4711,
        .version = "0.1.0",
        .installation_id = make_id(5),
        .write_lag_us = 1500,
        .recent_write_lag_us = 900,
        .database_connected = true,
        .catalogue_backlog = 12,
        .clock_synchronised = false,
        .durability_window_ms = 1000,
        .ups =
            {{.slug = "ups-1",
              .state = PowerState::battery_low,
              .feeds_recorder = true,
              .feeds_locks = true,
              .since = kNow - 5min,
              .heard = kNow - 2s,
              .charge_percent = 19.5,
              .runtime_s = 240,
              .words = "OB LB",
              .problem = "the other side is silent"},
             UpsStatus{}},
        .streams = {recording, StreamStatus{}},
        .volumes = {volume, VolumeStatus{}},
    };
    status.streams[1].camera_slug = "lobby-1";
    return status;
}

}  // namespace

TEST_CASE("a status comes back from its JSON as it was", "[status]") {
    const auto full = from_json(to_json(full_status()));
    REQUIRE(full);
    CHECK(*full == full_status());
    const auto bare = from_json(to_json(RecorderStatus{}));
    REQUIRE(bare);
    CHECK(*bare == RecorderStatus{});
}

TEST_CASE("every stream state has one word", "[status]") {
    for (const StreamState state :
         {StreamState::disabled,
          StreamState::connecting,
          StreamState::waiting_key_frame,
          StreamState::recording,
          StreamState::stalled,
          StreamState::unreachable,
          StreamState::auth_failed,
          StreamState::stopped}) {
        CHECK_FALSE(to_string(state).empty());
        CHECK(stream_state_from(to_string(state)) == state);
    }
    CHECK(stream_state_from("asleep") == std::nullopt);
}

TEST_CASE("members that a reader does not know, or a writer did not, are no error", "[status]") {
    const auto newer = from_json(R"({"written":"2026-11-23T10:00:00Z","mood":[1,{"a":2}],
        "streams":[{"camera":"a","stream":"main","state":"recording","audio":true,"last_packet":null}]})");
    REQUIRE(newer);
    REQUIRE(newer->streams.size() == 1);
    CHECK(newer->streams[0].camera_slug == "a");
    CHECK(newer->streams[0].state == StreamState::recording);
    CHECK(newer->streams[0].last_packet == std::nullopt);
    CHECK(newer->volumes.empty());
}

TEST_CASE("a text that is no status is an error to try again after", "[status]") {
    const std::string whole = to_json(full_status());
    for (std::size_t size = 0; size + 2 < whole.size(); size += 7)
        CHECK_FALSE(from_json(whole.substr(0, size)));
    const std::string text = GENERATE(
        as<std::string>{},
        "",
        "null",
        "[]",
        "{}",
        R"({"written":7})",
        R"({"written":"yesterday"})",
        R"({"written":"2026-11-23T10:00:00Z","pid":"x"})",
        R"({"written":"2026-11-23T10:00:00Z","streams":{}})",
        R"({"written":"2026-11-23T10:00:00Z","streams":[7]})",
        R"({"written":"2026-11-23T10:00:00Z","streams":[{"state":"asleep"}]})",
        R"({"written":"2026-11-23T10:00:00Z","streams":[{"frames":-1}]})",
        R"({"written":"2026-11-23T10:00:00Z","volumes":[{"path":7}]})"
    );
    CAPTURE(text);
    const auto status = from_json(text);
    REQUIRE_FALSE(status);
    CHECK(status.error().remedy() == Remedy::retry);
}

TEST_CASE("bytes that are no UTF-8 and numbers that are none do not spoil the status", "[status]") {
    RecorderStatus status = full_status();
    status.streams[0].detail = "camera said \xff\xfe";
    status.streams[0].frame_rate = std::numeric_limits<double>::infinity();
    const auto back = from_json(to_json(status));
    REQUIRE(back);
    CHECK(back->streams[0].detail.starts_with("camera said "));
    CHECK(back->streams[0].frame_rate == 0);
}

TEST_CASE(
    "the status is read from its file, missing and oversized files are errors to try again after",
    "[status]"
) {
    const test::TempFolder folder;
    const auto file = status_path(folder.path());
    CHECK(file == folder.path() / "run/recorder-status.json");
    const auto missing = load(file);
    REQUIRE_FALSE(missing);
    CHECK(missing.error().remedy() == Remedy::retry);
    std::filesystem::create_directory(folder.path() / "run");
    REQUIRE(replace_file_unsynced(file, to_json(full_status()), 0640));
    const auto found = load(file);
    REQUIRE(found);
    CHECK(*found == full_status());
    std::ofstream{file} << to_json(full_status()) << std::string((4U << 20U), ' ');
    CHECK_FALSE(load(file));
}
