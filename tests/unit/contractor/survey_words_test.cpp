#include "storage/contractor/survey_words.hpp"

#include <random>

#include <catch2/catch.hpp>

namespace sluice::contractor {
namespace {

Survey playable_survey() {
    Survey found{.facts = {}, .unplayable_code = {}, .unplayable = {}};
    found.facts = {.container = "mov,mp4", .codec_name = "h264", .codec = Codec::h264, .fps = 29.97};
    found.pictures = 75;
    found.length = Microseconds{3'000'000};
    return found;
}

/// What is understood of the words when a piece of them says something else.
Remedy remedy_after(std::string words, std::string_view piece, std::string_view other) {
    const std::size_t found = words.find(piece);
    REQUIRE(found != std::string::npos);
    const auto survey = survey_from_words(words.replace(found, piece.size(), other));
    REQUIRE_FALSE(survey);
    return survey.error().remedy();
}

}  // namespace

TEST_CASE("a survey comes through as it was", "[contractor][rule]") {
    Survey found = playable_survey();
    const auto again = survey_from_words(to_words(found));
    REQUIRE(again);
    CHECK(again->facts.container == "mov,mp4");
    CHECK(again->facts.codec == Codec::h264);
    CHECK(again->facts.fps == 29.97);
    CHECK(again->pictures == 75);
    CHECK(again->length == Microseconds{3'000'000});
    CHECK(again->is_playable());
    found.facts.codec.reset();
    found.facts.codec_name = "mj\xFFpeg";  // not UTF-8: told with a mark in its place
    found.unplayable_code = "CODEC";
    found.unplayable = "why";
    const auto other = survey_from_words(to_words(found));
    REQUIRE(other);
    CHECK_FALSE(other->facts.codec);
    CHECK(other->unplayable == "why");
}

TEST_CASE("an error of the file stays one, and no other error becomes one", "[contractor][rule]") {
    const Error broken{Remedy::abandon_file, {}, "it breaks off", "MEDIA_BROKEN"};
    CHECK(survey_from_words(to_words(std::unexpected(broken))).error() == broken);
    const Error disk{Remedy::operator_acts, std::make_error_code(std::errc::io_error), "cannot read it"};
    const auto told = survey_from_words(to_words(std::unexpected(disk)));
    REQUIRE_FALSE(told);
    CHECK(told.error().remedy() == Remedy::operator_acts);
    CHECK(told.error().message().starts_with("cannot read it: "));
    const Error strange{Remedy::abandon_file, {}, "x", "SOMETHING"};
    CHECK(survey_from_words(to_words(std::unexpected(strange))).error().remedy() == Remedy::operator_acts);
}

TEST_CASE("words that no survey says are not understood", "[contractor][rule]") {
    const std::string words = to_words(playable_survey());
    CHECK(remedy_after(words, "75", "0") == Remedy::operator_acts);
    CHECK(remedy_after(words, "3000000", "9223372036854775807") == Remedy::operator_acts);
    CHECK(remedy_after(words, "3000000", "\"3\"") == Remedy::operator_acts);
    CHECK(remedy_after(words, "29.97", "-1") == Remedy::operator_acts);
    CHECK(remedy_after(words, "29.97", "1e999") == Remedy::operator_acts);
    CHECK(remedy_after(words, "\"h264\",", "\"h999\",") == Remedy::operator_acts);
    CHECK(
        remedy_after(words, "\"unplayable_code\":\"\"", "\"unplayable_code\":\"WHY\"") ==
        Remedy::operator_acts
    );
    CHECK(remedy_after(words, "mov,mp4", std::string(2000, 'x')) == Remedy::operator_acts);
    for (const char* nonsense : {"", "{}", "[]", "null", "{\"error\":1}", "{\"error\":\"x\"}"}) {
        const auto none = survey_from_words(nonsense);
        REQUIRE_FALSE(none);
        CHECK(none.error().remedy() == Remedy::operator_acts);
    }
    CHECK_FALSE(survey_from_words(std::string(60'000, '[')));
}

TEST_CASE("any bytes may come from whoever reads a foreign file", "[contractor][rule]") {
    std::mt19937 random{7};
    const std::string words = to_words(playable_survey());
    for (int round = 0; round < 5'000; ++round) {
        std::string bytes = words.substr(0, random() % (words.size() + 1));
        for (char& letter : bytes)
            if (random() % 16 == 0) letter = static_cast<char>(random());
        const auto found = survey_from_words(bytes);
        if (!found && found.error().remedy() != Remedy::operator_acts) FAIL(bytes);
    }
}

}  // namespace sluice::contractor
