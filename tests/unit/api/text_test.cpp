#include "api/http/text.hpp"

#include <catch2/catch.hpp>

namespace sluice::http {
namespace {

TEST_CASE("percent sequences are decoded and the plus sign stays", "[api][text]") {
    CHECK(percent_decode("a%20b+c%2B") == "a b+c+");
    CHECK(percent_decode("%E8%BF%8E") == "迎");
    CHECK(percent_decode("") == "");
}

TEST_CASE("broken percent sequences, broken UTF-8 and control characters are refused", "[api][text]") {
    for (const char* text :
         {"%",
          "%2",
          "a%g0",
          "%0g",
          "%ff",
          "%C0%80",
          "%ED%A0%80",
          "%E8%BF",
          "%00",
          "%0a",
          "\x01",
          "%7F",
          "%F5%80%80%80"}) {
        INFO(text);
        CHECK_FALSE(percent_decode(text));
    }
}

TEST_CASE("encoding is undone by decoding", "[api][text]") {
    const std::string text = "a/b c&d=é迎%~";
    CHECK(percent_decode(percent_encode(text)) == text);
    CHECK(percent_encode("a/b") == "a%2Fb");
}

TEST_CASE("a path is split before it is decoded, so an encoded slash is no separator", "[api][text]") {
    CHECK(split_path("/v1/a%2Fb") == std::vector<std::string>{"v1", "a/b"});
    CHECK(split_path("/") == std::vector<std::string>{""});
    CHECK_FALSE(split_path("v1"));
    CHECK_FALSE(split_path("/v1/%zz"));
}

TEST_CASE("a query is pairs in their order", "[api][text]") {
    CHECK(parse_query("a=1&b=%3D&&c") == Query{{"a", "1"}, {"b", "="}, {"c", ""}});
    CHECK(parse_query("from=2026-11-23T10:00:00+08:00")->front().second == "2026-11-23T10:00:00+08:00");
    CHECK(parse_query("")->empty());
    CHECK_FALSE(parse_query("a=%"));
}

TEST_CASE("words are compared without regard to case", "[api][text]") {
    CHECK(is_same_word("Bearer", "bEARER"));
    CHECK_FALSE(is_same_word("Bearer", "Beare"));
    CHECK(trim(" \ta b\t ") == "a b");
}

}  // namespace
}  // namespace sluice::http
