#include "storage/ledger/canonical.hpp"

#include <string>

#include <catch2/catch.hpp>

namespace sluice::ledger {
namespace {

std::string canonical(std::string_view json) {
    const auto text = canonical_json(json);
    return text ? *text : "refused: " + text.error().message();
}

bool is_refused(std::string_view json) {
    const auto text = canonical_json(json);
    return !text && text.error().remedy() == Remedy::refuse;
}

TEST_CASE("canonical JSON has no blanks and one order of members at every level", "[ledger]") {
    CHECK(
        canonical(R"( { "b" : [ 1 , true , null , { "z":0, "a":-5 } ] , "a" : "x" } )") ==
        R"({"a":"x","b":[1,true,null,{"a":-5,"z":0}]})"
    );
    CHECK(canonical("{}") == "{}");
    CHECK(canonical("[[],{}]") == "[[],{}]");
    CHECK(canonical("-0") == "0");
    CHECK(canonical(canonical(R"({"b":1,"a":[2]})")) == R"({"a":[2],"b":1})");
}

TEST_CASE("members are ordered by UTF-16 code units, as in RFC 8785 section 3.2.3", "[ledger]") {
    // The RFC's own example: carriage return, digit, control, ö, euro, a letter above U+FFFF, Hebrew dalet.
    CHECK(
        canonical(
            "{\"\\u20ac\":1,\"\\r\":2,\"\\ufb33\":3,\"1\":4,\"\\ud83d\\ude00\":5,\"\\u0080\":6,\"\\u00f6\":7}"
        ) ==
        "{\"\\r\":2,\"1\":4,\"\xC2\x80\":6,\"\xC3\xB6\":7,\"\xE2\x82\xAC\":1,\"\xF0\x9F\x98\x80\":5,"
        "\"\xEF\xAC\xB3\":3}"
    );
    CHECK(canonical(R"({"ab":1,"a":2,"":3})") == R"({"":3,"a":2,"ab":1})");
}

TEST_CASE("strings are written in the one shortest way", "[ledger]") {
    CHECK(
        canonical(R"("\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/")") ==
        "\"\xE2\x82\xAC$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\""
    );
    CHECK(canonical(R"("\b\t\n\f\r\u0000\u001f\u007f")") == "\"\\b\\t\\n\\f\\r\\u0000\\u001f\x7F\"");
    CHECK(canonical("\"\xE8\xAA\xBF\xE9\x96\xB1\"") == "\"\xE8\xAA\xBF\xE9\x96\xB1\"");
}

TEST_CASE("numbers that readers would understand differently are refused", "[ledger]") {
    CHECK(canonical("9007199254740991") == "9007199254740991");
    CHECK(canonical("-9007199254740991") == "-9007199254740991");
    for (const char* number :
         {"9007199254740992", "-9007199254740992", "18446744073709551616", "1.5", "1.0", "1e2"}) {
        CAPTURE(number);
        CHECK(is_refused(number));
    }
}

TEST_CASE("what is no unambiguous JSON is refused", "[ledger]") {
    for (const char* json :
         {"",
          "{",
          "[1,]",
          "{\"a\":1,\"a\":2}",
          "{\"a\":1,\"\\u0061\":2}",
          "\"\xFF\"",
          "\"\\ud800\"",
          "nul",
          "1 2",
          "'a'",
          "NaN"}) {
        CAPTURE(json);
        CHECK(is_refused(json));
    }
    CHECK(canonical(std::string(64, '[') + std::string(64, ']')).size() == 128);
    CHECK(is_refused(std::string(65, '[') + std::string(65, ']')));
    CHECK(is_refused(std::string(100'000, '[')));
}

}  // namespace
}  // namespace sluice::ledger
