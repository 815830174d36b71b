#include "api/body.hpp"

#include <catch2/catch.hpp>

namespace sluice::api {
namespace {

http::Request posted(std::string body, std::string type = "application/json") {
    http::Request request;
    request.headers = {{"content-type", std::move(type)}};
    request.body = std::move(body);
    return request;
}

const std::vector<std::string> kKnown{"reason", "from", "cameras"};

Body parsed(std::string text) {
    auto body = Body::parse(posted(std::move(text)), kKnown);
    REQUIRE(body);
    return std::move(*body);
}
std::string code_of(const std::expected<Body, http::Problem>& body) {
    return body ? "" : body.error().code;
}
template <class T>
std::string code_of(const std::expected<T, http::Problem>& read) {
    return read ? "" : read.error().code;
}

TEST_CASE("a body that is no plain JSON object is refused", "[api][body]") {
    CHECK(code_of(Body::parse(posted("{}", "text/plain"), kKnown)) == "UNSUPPORTED_MEDIA_TYPE");
    CHECK(code_of(Body::parse(http::Request{}, kKnown)) == "UNSUPPORTED_MEDIA_TYPE");
    CHECK(code_of(Body::parse(posted("{}", "Application/JSON; charset=utf-8"), kKnown)).empty());
    for (const char* text : {"", "[]", "1", "{", "{\"reason\":\"\xff\"}", "{\"reason\":1,\"reason\":2}"}) {
        CAPTURE(text);
        CHECK(code_of(Body::parse(posted(text), kKnown)) == "MALFORMED_JSON");
    }
    const auto unknown = Body::parse(posted("{\"reson\":1}"), kKnown);
    REQUIRE_FALSE(unknown);
    CHECK(unknown.error().code == "UNKNOWN_MEMBER");
    CHECK(unknown.error().field == "reson");
}

TEST_CASE("members are read by kind and length, and missing ones are said", "[api][body]") {
    const Body body =
        parsed(R"({"reason":"  腳踏車  ","from":"2026-11-23T10:00:00+08:00","cameras":["a","b"]})");
    CHECK(body.text("reason", 100) == "腳踏車");
    CHECK(code_of(body.text("reason", 8)) == "TEXT_TOO_LONG");
    CHECK(to_rfc3339(body.required_time("from").value()) == "2026-11-23T02:00:00.000000Z");
    CHECK(code_of(body.time("reason")) == "INVALID_MEMBER");
    CHECK(body.texts("cameras", 2)->size() == 2);
    CHECK(code_of(body.texts("cameras", 1)) == "LIST_TOO_LONG");
    CHECK(code_of(body.texts("reason", 1)) == "INVALID_MEMBER");
    CHECK(code_of(body.text("cameras", 10)) == "INVALID_MEMBER");

    const Body empty = parsed(R"({"reason":null,"cameras":[1]})");
    CHECK_FALSE(empty.has("reason"));
    CHECK(empty.text("reason", 10) == "");
    CHECK(code_of(empty.required_text("reason", 10)) == "MEMBER_MISSING");
    CHECK_FALSE(empty.time("from").value());
    CHECK(code_of(empty.required_time("from")) == "MEMBER_MISSING");
    CHECK(code_of(empty.texts("cameras", 10)) == "INVALID_MEMBER");
    CHECK(code_of(parsed(R"({"reason":"a\u0007b"})").text("reason", 10)) == "TEXT_NOT_PLAIN");
}

}  // namespace
}  // namespace sluice::api
