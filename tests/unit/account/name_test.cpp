#include "storage/account/name.hpp"

#include <catch2/catch.hpp>

namespace sluice::account {
namespace {

std::string key(std::string_view text) {
    const auto name = to_name(text);
    INFO(text);
    REQUIRE(name.has_value());
    return name->key;
}

TEST_CASE("names of people are taken as they are written", "[account][rule]") {
    for (const char* text :
         {"王小明", "陳 Anna", "José García", "O'Brien-Lee", "Лев Толстой", "ฟ้า", "김민수", "さくら ハナコ"
         }) {
        INFO(text);
        const auto name = to_name(text);
        REQUIRE(name.has_value());
        CHECK(name->shown == text);
    }
    CHECK(to_name("  王小明 ")->shown == "王小明");
    // e and an accent become the letter that everybody types.
    CHECK(to_name("Jose\u0301")->shown == "Jos\u00e9");
}

TEST_CASE("names that look alike have the same key", "[account][rule][hostile]") {
    CHECK(key("Anna") == key("anna"));
    CHECK(key("Anna") == key("Ａｎｎａ"));  // full width
    CHECK(key("Jose\u0301") == key("JOS\u00c9"));
    CHECK(key("сосо") == key("coco"));  // Cyrillic and Latin
    CHECK(key("Iris") == key("lris"));
    CHECK(key("room 1") == key("room l"));
    CHECK(key("王一") == key("王ー"));  // the number one, and the long vowel sign
    CHECK(key("Anna") != key("Hanna"));
    CHECK(key("王小明") != key("王大明"));
}

TEST_CASE("letters that nobody sees are refused", "[account][rule][hostile]") {
    for (const char* text :
         {"王\u200b小明",       // zero width space
          "Anna\u202egro",      // right to left override
          "Anna\u2066x\u2069",  // isolates
          "An\u00adna",         // soft hyphen
          "Anna\ufeff",         // byte order mark
          "Anna\tB",
          "Anna\nB",
          "Anna\u2028B",
          "Anna\u3164",         // filler that counts as a letter
          "Anna\ue000",         // private use
          "Anna\u00a0B",        // blank of another kind
          "Anna\U000e0041"}) {  // tags
        INFO(text);
        CHECK_FALSE(to_name(text).has_value());
    }
}

TEST_CASE("scripts that are never mixed are refused", "[account][rule][hostile]") {
    CHECK_FALSE(to_name("p\u0430ypal").has_value());  // a Cyrillic a among Latin letters
    CHECK_FALSE(to_name("\u0391nna").has_value());    // a Greek capital
    CHECK(to_name("王 Anna").has_value());
}

TEST_CASE("what is no name is refused with its cure", "[account][rule]") {
    CHECK_FALSE(to_name("").has_value());
    CHECK_FALSE(to_name("   ").has_value());
    CHECK_FALSE(to_name("\xff\xfe").has_value());
    CHECK(to_name(std::string(64, 'a')).has_value());
    CHECK_FALSE(to_name(std::string(65, 'a')).has_value());
    CHECK_FALSE(to_name(std::string(1U << 20U, 'a')).has_value());
}

}  // namespace
}  // namespace sluice::account
