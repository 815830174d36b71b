#include "storage/receipt/receipt.hpp"

#include <random>

#include <catch2/catch.hpp>

namespace sluice::receipt {
namespace {

using namespace std::chrono_literals;

const UtcTime kNow = from_epoch_us(1'795'600'000'123'456);

Receipt make_receipt() {
    Receipt made;
    made.origin = {
        .machine = "惠民",
        .camera_name = "大廳 \"A\"",
        .camera_place = "1F",
        .camera_announced = kNow - std::chrono::days{9},
    };
    catalogue::ContractorClip& clip = made.clip;
    clip.id = make_uuid_v7(kNow);
    clip.principal_id = make_uuid_v7(kNow);
    clip.client_id = "clip-1";
    clip.camera_id = make_uuid_v7(kNow);
    clip.camera_slug = "lobby-1";
    clip.name = "ch1\n.mp4";
    clip.bytes = 5'000'000'000;
    clip.sha256 = sha256(as_bytes("content"));
    clip.range = {kNow - 1h, kNow - 30min};
    clip.clock_offset = -250ms;
    clip.said = {clip.range.from + clip.clock_offset, clip.range.to + clip.clock_offset};
    clip.announced = kNow - 3min;
    clip.changed = kNow - 2min;
    clip.received = kNow - 2min;
    clip.ended = kNow;
    clip.is_playable = true;
    clip.media = R"({"codec":"h264"})";
    made.camera = {
        .installation_id = make_uuid_v7(kNow),
        .recorder_id = make_uuid_v7(kNow),
        .camera_id = make_uuid_v7(kNow),
        .stream_id = make_uuid_v7(kNow),
        .camera_slug = "lobby-1",
        .camera_name = "大廳",
    };
    made.runs = {{.id = make_uuid_v7(kNow), .range = clip.range, .fps = 29.97002997002997}};
    made.segments = {
        {.id = make_uuid_v7(kNow),
         .path = "imported/2026-11-23/lobby-1/main/x.mp4",
         .range = clip.range,
         .sha256 = sha256(as_bytes("segment"))}
    };
    return made;
}

/// With the hash of what it holds now: only its meaning is looked at.
std::string signed_again(const std::string& text) {
    const std::string body = text.substr(65);
    return to_hex(sha256(as_bytes(body))) + "\n" + body;
}

}  // namespace

TEST_CASE("a receipt reads as it was written", "[receipt]") {
    const Receipt made = make_receipt();
    const std::string text = to_text(made);
    const auto read = from_text(text);
    if (!read) FAIL(read.error().describe());
    CHECK(to_text(*read) == text);
    CHECK(read->clip.is_same_manifest(made.clip));
    CHECK(read->clip.received == made.clip.received);
    CHECK(read->clip.state == catalogue::ClipState::imported);
    CHECK(read->clip.received_bytes == made.clip.bytes);
    CHECK(read->clip.name == made.clip.name);
    CHECK(read->clip.camera_slug == "lobby-1");
    CHECK(read->origin.camera_name == made.origin.camera_name);
    CHECK(read->runs.at(0).fps == made.runs.at(0).fps);
    CHECK(read->segments == made.segments);
}

TEST_CASE("a receipt lies beside its file", "[receipt]") {
    const Receipt made = make_receipt();
    const auto path = original_path(made.clip);
    CHECK(path.string().starts_with("imported/" + to_utc_day(made.clip.range.from) + "/lobby-1/original/"));
    CHECK(path.string().ends_with(to_string(made.clip.id) + ".original"));
    CHECK(receipt_path(path).string() == path.string().substr(0, path.string().size() - 8) + "receipt");
}

TEST_CASE("any changed byte is seen, and no bytes are a fault of ours", "[receipt]") {
    const std::string text = to_text(make_receipt());
    std::mt19937 random{7};
    for (std::size_t at = 0; at < text.size(); at += 3) {
        std::string changed = text;
        changed[at] = static_cast<char>(changed[at] ^ (1 << (random() % 7)));
        CHECK_FALSE(from_text(changed));
        CHECK_FALSE(from_text(text.substr(0, at)));
        // Whoever makes the hash right as well still has to say something that has a meaning.
        static_cast<void>(from_text(signed_again(changed)));
        static_cast<void>(from_text(signed_again(text.substr(0, std::max<std::size_t>(at, 65)))));
    }
}

TEST_CASE("a member that is missing or wrong is named", "[receipt]") {
    const std::string text = to_text(make_receipt());
    const auto problem = [&](const std::string& from, const std::string& to) {
        std::string changed = text;
        const auto place = changed.find(from);
        REQUIRE(place != std::string::npos);
        changed.replace(place, from.size(), to);
        const auto read = from_text(signed_again(changed));
        return read ? std::string{} : read.error().message();
    };
    CHECK(problem("\"client_id\"", "\"other\"").find("client_id") != std::string::npos);
    CHECK(problem("5000000000", "-1").find("bytes") != std::string::npos);
    CHECK(
        problem("imported/2026-11-23/lobby-1/main", "imported/../../etc").find("path") != std::string::npos
    );
    CHECK(problem("imported/2026-11-23/lobby-1/main", "/etc").find("path") != std::string::npos);
    CHECK(problem("\"format\": 1", "\"format\": 2").find("format") != std::string::npos);
    CHECK(problem("\"runs\": [", "\"runs\": [1,").find("id") != std::string::npos);
}

}  // namespace sluice::receipt
