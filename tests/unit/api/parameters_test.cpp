#include "api/parameters.hpp"

#include "api/cursor.hpp"

#include <catch2/catch.hpp>

namespace sluice::api {
namespace {

using namespace std::chrono_literals;

const std::vector<std::string> kKnown{"from", "to", "stream", "limit", "cursor", "run"};

Parameters parsed(std::string_view raw) {
    auto parameters = Parameters::parse(raw, kKnown);
    REQUIRE(parameters);
    return *parameters;
}
http::Problem refusal(std::string_view raw) {
    const auto parameters = Parameters::parse(raw, kKnown);
    REQUIRE_FALSE(parameters);
    return parameters.error();
}

TEST_CASE("an unknown parameter is refused by its name", "[api][parameters]") {
    const auto problem = refusal("from=x&form=y");
    CHECK(problem.status == 400);
    CHECK(problem.code == "UNKNOWN_PARAMETER");
    CHECK(problem.field == "form");
    CHECK(refusal("%E8%BF%8E=1").field == "迎");
    CHECK(refusal(std::string(500, 'x') + "=1").field.size() < 80);
}

TEST_CASE("a parameter given twice and a broken query are refused", "[api][parameters]") {
    CHECK(refusal("from=1&from=2").field == "from");
    CHECK(refusal("from=%zz").code == "MALFORMED_QUERY");
}

TEST_CASE("an interval needs both ends, in their order, and may not be too long", "[api][parameters]") {
    CHECK(parsed("to=2026-11-23T10:00:00Z").interval(24h).error().field == "from");
    CHECK(parsed("from=2026-11-23T10:00:00Z").interval(24h).error().code == "MISSING_PARAMETER");
    CHECK(parsed("from=yesterday&to=2026-11-23T10:00:00Z").interval(24h).error().status == 400);
    const auto reversed = parsed("from=2026-11-23T10:00:00Z&to=2026-11-23T10:00:00Z").interval(24h);
    CHECK(reversed.error().status == 422);
    CHECK(reversed.error().field == "to");
    CHECK(
        parsed("from=2026-11-23T10:00:00Z&to=2026-11-24T10:00:00.000001Z").interval(24h).error().code ==
        "INTERVAL_TOO_LONG"
    );
    CHECK(parsed("from=2026-11-23T10:00:00Z&to=2026-11-24T10:00:00Z").interval(24h)->length() == 24h);
    CHECK(parsed("from=2026-11-23T18:00:00+08:00&to=2026-11-23T10:00:01Z").interval(24h)->length() == 1s);
}

TEST_CASE("stream, limit and ids are read strictly", "[api][parameters]") {
    CHECK(parsed("").stream() == StreamKind::main);
    CHECK(parsed("stream=sub").stream() == StreamKind::sub);
    CHECK_FALSE(parsed("stream=SUB").stream());
    CHECK(parsed("").limit() == 100U);
    CHECK(parsed("limit=1000").limit() == 1000U);
    for (const char* raw :
         {"limit=", "limit=0", "limit=1001", "limit=-1", "limit=1x", "limit=99999999999999999999"})
        CHECK_FALSE(parsed(raw).limit());
    CHECK_FALSE(parsed("run=x").id("run"));
    CHECK(*parsed("").id("run") == std::nullopt);
}

TEST_CASE("a cursor comes back as the place it was made of", "[api][cursor]") {
    const catalogue::SegmentCursor place{from_epoch_us(1'795'000'000'123'456), make_uuid_v7(UtcTime{})};
    const std::string text = to_cursor(place);
    const auto back = segment_cursor_from(text);
    REQUIRE(back);
    CHECK(back->from == place.from);
    CHECK(back->id == place.id);
    CHECK(slug_cursor_from(to_cursor("drive-left")) == "drive-left");
}

TEST_CASE("a cursor of another list, a cut one and a changed one are refused", "[api][cursor]") {
    const std::string text = to_cursor(catalogue::SegmentCursor{});
    CHECK_FALSE(segment_cursor_from(text.substr(1)));
    CHECK_FALSE(segment_cursor_from(text + "A"));
    CHECK_FALSE(segment_cursor_from(to_cursor("drive-left")));
    CHECK_FALSE(segment_cursor_from("!"));
    CHECK_FALSE(segment_cursor_from(""));
    CHECK_FALSE(slug_cursor_from(text));
}

}  // namespace
}  // namespace sluice::api
