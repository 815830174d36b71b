#include "api/hls/rules.hpp"

#include <catch2/catch.hpp>

namespace sluice::api {
namespace {

using namespace std::chrono_literals;

const std::vector<std::string> kKnown{"_HLS_msn", "_HLS_part", "_HLS_skip"};

std::expected<clip::HlsDirectives, http::Problem> directives(const std::string& query) {
    return directives_from(Parameters::parse(query, kKnown).value());
}

TEST_CASE("delivery directives are read strictly", "[api][hls][rule]") {
    CHECK_FALSE(directives("")->number);
    CHECK(directives("_HLS_msn=17")->number == 17U);
    CHECK(directives("_HLS_msn=17&_HLS_part=2")->part == 2U);
    CHECK(directives("_HLS_skip=YES")->may_skip);
    CHECK(directives("_HLS_skip=v2")->may_skip);
    for (const char* wrong :
         {"_HLS_msn=",
          "_HLS_msn=-1",
          "_HLS_msn=1x",
          "_HLS_msn=99999999999999999999",
          "_HLS_part=1",
          "_HLS_skip=no"}) {
        INFO(wrong);
        const auto refused = directives(wrong);
        REQUIRE_FALSE(refused);
        CHECK(refused.error().status == 400);
        CHECK(std::string{wrong}.starts_with(refused.error().field));
    }
}

TEST_CASE("nobody waits for more than two segments ahead", "[api][hls][rule]") {
    CHECK(check_ahead({.number = 12, .part = {}}, 10));
    CHECK_FALSE(check_ahead({.number = 13, .part = {}}, 10));
    CHECK(check_ahead({.number = {}, .part = {}}, 10));
}

TEST_CASE("media counts as live for as long as a live playlist may have named it", "[api][hls][rule]") {
    constexpr UtcTime kNow = from_epoch_us(1'795'000'000'000'000);
    CHECK(media_action({kNow - 1s, kNow}, kNow) == Action::read_live);
    CHECK(media_action({kNow - 180s, kNow - 178s}, kNow) == Action::read_live);
    CHECK(media_action({kNow - 187s, kNow - 181s}, kNow) == Action::play_recorded);
    CHECK(media_action({kNow + 10s, kNow + 12s}, kNow) == Action::read_live);  // a clock that was set back
}

TEST_CASE("the name of an init segment is a format's id", "[api][hls][rule]") {
    const Uuid id = make_uuid_v7(from_epoch_us(0));
    CHECK(clip::format_id_from(to_string(id) + ".mp4") == id);
    CHECK_FALSE(clip::format_id_from(to_string(id)));
    CHECK_FALSE(clip::format_id_from("../" + to_string(id) + ".mp4"));
}
}  // namespace
}  // namespace sluice::api
