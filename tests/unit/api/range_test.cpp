#include "api/http/range.hpp"

#include <catch2/catch.hpp>

namespace sluice::http {
namespace {

constexpr std::uint64_t kSize = 1000;

PartOfBody part(const char* header) {
    const auto choice = choose_range(header, kSize);
    REQUIRE(std::holds_alternative<PartOfBody>(choice));
    return std::get<PartOfBody>(choice);
}
template <class Expected>
bool is(const char* header, std::uint64_t size = kSize) {
    return std::holds_alternative<Expected>(choose_range(header, size));
}

TEST_CASE("a single byte range is cut to the body", "[api][range]") {
    CHECK(part("bytes=0-0") == PartOfBody{0, 1});
    CHECK(part("bytes=0-999") == PartOfBody{0, 1000});
    CHECK(part("bytes=0-1000") == PartOfBody{0, 1000});
    CHECK(part("bytes=999-") == PartOfBody{999, 1});
    CHECK(part("bytes=-1") == PartOfBody{999, 1});
    CHECK(part("bytes=-5000") == PartOfBody{0, 1000});
    CHECK(part("BYTES= 10-19") == PartOfBody{10, 10});
    CHECK(part("bytes=10-19,") == PartOfBody{10, 10});
    CHECK(part("bytes=10-99999999999999999999999") == PartOfBody{10, 990});
}

TEST_CASE("a range without one byte of the body is unsatisfiable", "[api][range]") {
    CHECK(is<Unsatisfiable>("bytes=1000-"));
    CHECK(is<Unsatisfiable>("bytes=1000-2000"));
    CHECK(is<Unsatisfiable>("bytes=-0"));
    CHECK(is<Unsatisfiable>("bytes=-5", 0));
    CHECK(is<Unsatisfiable>("bytes=99999999999999999999999-"));
    CHECK(is<Unsatisfiable>("bytes=1000-1001,2000-2001"));
}

TEST_CASE("several ranges get the whole body when one of them exists", "[api][range]") {
    CHECK(is<WholeBody>("bytes=0-1,5-6"));
    CHECK(is<WholeBody>("bytes=5000-,0-1"));
}

TEST_CASE("another unit is ignored, as RFC 9110 asks", "[api][range]") {
    CHECK(is<WholeBody>("items=0-5"));
}

TEST_CASE("a range that names bytes and makes no sense is malformed", "[api][range]") {
    for (const char* header :
         {"bytes",
          "bytes=",
          "bytes=,",
          "bytes=-",
          "bytes=5",
          "bytes=5-4",
          "bytes=a-b",
          "bytes=0x1-2",
          "bytes=1-2-3",
          "bytes=+1-2",
          "bytes=1 -2",
          "bytes=0-1,x"}) {
        INFO(header);
        CHECK(is<MalformedRange>(header));
    }
}

TEST_CASE("conditions are asked in the order of RFC 9110", "[api][range]") {
    const std::string etag = "\"abc\"";
    const std::string weak = "W/\"abc\"";
    const std::string other = "\"xyz\", \"abd\"";
    const std::string list = "\"xyz\", \"abc\"";
    const std::string star = "*";
    const std::string range = "bytes=0-9";
    const std::string date = "Sun, 22 Nov 2026 10:00:00 GMT";
    const auto chosen = [&](Conditions conditions, bool is_get = true) {
        return select(conditions, etag, kSize, is_get);
    };
    SECTION("If-Match fails before anything else") {
        CHECK(std::holds_alternative<PreconditionFailed>(chosen({.if_match = &other, .if_none_match = &list}))
        );
        CHECK(std::holds_alternative<PreconditionFailed>(chosen({.if_match = &weak})));
        CHECK(std::holds_alternative<WholeBody>(chosen({.if_match = &list})));
    }
    SECTION("If-None-Match compares weakly") {
        CHECK(std::holds_alternative<NotModified>(chosen({.range = &range, .if_none_match = &list})));
        CHECK(std::holds_alternative<NotModified>(chosen({.if_none_match = &weak})));
        CHECK(std::holds_alternative<NotModified>(chosen({.if_none_match = &star})));
        CHECK(std::holds_alternative<PartOfBody>(chosen({.range = &range, .if_none_match = &other})));
    }
    SECTION("If-Range compares strongly, and no date fits a clip") {
        CHECK(std::holds_alternative<PartOfBody>(chosen({.range = &range, .if_range = &etag})));
        CHECK(std::holds_alternative<WholeBody>(chosen({.range = &range, .if_range = &weak})));
        CHECK(std::holds_alternative<WholeBody>(chosen({.range = &range, .if_range = &date})));
    }
    SECTION("a range counts only for GET") {
        CHECK(std::holds_alternative<WholeBody>(chosen({.range = &range}, false)));
    }
}

TEST_CASE("Content-Range names the part and the whole", "[api][range]") {
    CHECK(content_range({10, 5}, 100) == "bytes 10-14/100");
    CHECK(content_range_unsatisfied(100) == "bytes */100");
}

}  // namespace
}  // namespace sluice::http
