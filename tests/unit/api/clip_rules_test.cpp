#include "api/clips/body.hpp"
#include "api/clips/rules.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

namespace sluice::api {
namespace {

using namespace std::chrono_literals;

constexpr UtcTime kNow{std::chrono::sys_days{std::chrono::year{2026} / 11 / 23} + 10h};

TEST_CASE("a reversed, future or too long interval names the parameter at fault", "[api][clip][rule]") {
    const auto refusal = [](UtcTime from, std::optional<UtcTime> to) {
        const auto checked = check_clip_interval(from, to, 24h, kNow);
        return checked ? std::string{"ok"} : checked.error().code + " " + checked.error().field;
    };
    CHECK(refusal(kNow - 1min, kNow) == "ok");
    CHECK(refusal(kNow - 24h, kNow) == "ok");
    CHECK(refusal(kNow - 1min, kNow + 1min) == "ok");  // what is not durable yet is the resolver's to say
    CHECK(refusal(kNow - 1min, std::nullopt) == "ok");
    CHECK(refusal(kNow, kNow) == "INTERVAL_REVERSED to");
    CHECK(refusal(kNow + 2s, kNow + 1s) == "INTERVAL_REVERSED to");
    CHECK(refusal(kNow + 1s, kNow + 2s) == "INTERVAL_IN_FUTURE from");
    CHECK(refusal(kNow + 1s, std::nullopt) == "INTERVAL_IN_FUTURE from");
    CHECK(refusal(kNow - 24h - 1us, kNow) == "INTERVAL_TOO_LONG to");
    CHECK(refusal(kNow - 25h, std::nullopt) == "INTERVAL_TOO_LONG to");
}

TEST_CASE("a refusal keeps what the client can go on with", "[api][clip][rule]") {
    clip::Refusal refusal;
    refusal.code = "NOT_YET_DURABLE";
    refusal.available_to = kNow;
    const auto problem = to_problem(refusal, 5000ms);
    CHECK(problem.status == 409);
    CHECK(problem.retry_after == 5s);
    REQUIRE(problem.members.size() == 1);
    CHECK(
        problem.members[0] ==
        std::pair<std::string, std::string>{"available_to", "\"2026-11-23T10:00:00.000000Z\""}
    );

    clip::Refusal none;
    none.code = "NO_FOOTAGE";
    catalogue::GapRow gap;
    gap.from = kNow;
    gap.cause = GapCause::auth_failed;
    none.gaps = {gap};
    const auto missing = to_problem(none, 5000ms);
    CHECK(missing.status == 404);
    CHECK_FALSE(missing.retry_after);
    CHECK(nlohmann::json::parse(missing.members.at(0).second)[0]["cause"] == "auth_failed");
}

TEST_CASE("gaps are listed as a structured field, clamped and cut off at 32", "[api][clip][rule]") {
    const TimeRange range{kNow, kNow + 100s};
    catalogue::GapRow gap;
    gap.from = kNow - 10s;
    gap.to = kNow + 1s;
    gap.cause = GapCause::packet_loss;
    CHECK(
        gaps_header({gap}, range) ==
        "packet_loss;from=\"2026-11-23T10:00:00.000000Z\";to=\"2026-11-23T10:00:01.000000Z\""
    );
    CHECK(gaps_header({}, range).empty());
    const std::string many = gaps_header(std::vector(40, gap), range);
    CHECK(many.ends_with(", more;count=8"));
}

TEST_CASE("the address of a clip holds both its bounds", "[api][clip][rule]") {
    CHECK(
        clip_location("drive-left", StreamKind::sub, {kNow, kNow + 1s}, std::nullopt) ==
        "/v1/cameras/drive-left/"
        "clip.mp4?from=2026-11-23T10:00:00.000000Z&to=2026-11-23T10:00:01.000000Z&stream=sub"
    );
}

class TextBody final : public http::BodySource {
public:
    std::uint64_t size_bytes() const override { return 10; }
    Result<http::Piece> read(std::uint64_t, std::uint64_t) override { return http::Piece{Bytes{}}; }
};

http::Response answered(const char* method, http::Headers headers) {
    http::Request request;
    request.method = method;
    request.headers = std::move(headers);
    return choose_part(request, {}, std::make_unique<TextBody>(), "\"e\"");
}

TEST_CASE("a body with a strong ETag is answered whole, in part or not at all", "[api][clip]") {
    CHECK(answered("GET", {}).status == 200);
    CHECK(answered("GET", {}).size_bytes() == 10);
    const auto part = answered("GET", {{"range", "bytes=2-3"}});
    CHECK(part.status == 206);
    CHECK(part.size_bytes() == 2);
    CHECK(*part.find_header("content-range") == "bytes 2-3/10");
    CHECK(answered("HEAD", {{"range", "bytes=2-3"}}).status == 200);
    CHECK(answered("GET", {{"if-none-match", "\"e\""}}).status == 304);
    CHECK(answered("GET", {{"if-none-match", "\"e\""}}).find_header("accept-ranges") == nullptr);
    CHECK(answered("GET", {{"if-match", "\"f\""}}).status == 412);
    const auto beyond = answered("GET", {{"range", "bytes=10-"}});
    CHECK(beyond.status == 416);
    CHECK(*beyond.find_header("content-range") == "bytes */10");
    CHECK(answered("GET", {{"range", "bytes=x"}}).status == 400);
}

}  // namespace
}  // namespace sluice::api
