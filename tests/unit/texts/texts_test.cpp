#include "config/texts/texts.hpp"

#include "config/base/files.hpp"

#include <filesystem>

#include <catch2/catch.hpp>

using namespace sluice;
using namespace sluice::texts;

namespace {

std::string shipped_file() {
    const auto path = std::filesystem::path{SLUICE_SOURCE_DIR} / "config" / "texts" / "zh-Hant.toml";
    return read_text_file(path, 1U << 20U).value();
}

std::string complaint(const std::string& text) {
    const auto texts = parse_texts(text, "t.toml");
    return texts ? "" : texts.error().message();
}

std::string replaced(std::string_view from, std::string_view to) {
    std::string text = shipped_file();
    const auto place = text.find(from);
    REQUIRE(place != std::string::npos);
    return text.replace(place, from.size(), to);
}

}  // namespace

TEST_CASE("the shipped texts are whole, and each says that it is a draft", "[texts]") {
    REQUIRE(parse_texts(shipped_file(), "t.toml"));
    for (const Key& key : known_keys()) {
        CAPTURE(key.key);
        CHECK(shipped_texts().get(key.key) == parse_texts(shipped_file(), "t.toml")->get(key.key));
        CHECK(shipped_texts().get(key.key).is_draft);
    }
    CHECK_THROWS_AS(shipped_texts().get("form.note_5"), std::out_of_range);
}

TEST_CASE("a file of texts that is not whole is refused, key by key", "[texts]") {
    CHECK(complaint(replaced("[form.note_2]", "[form.note_9]"))
              .ends_with(": form.note_9: is not known; take it out\nt.toml: form.note_2: is missing; take it "
                         "from the shipped file"));
    CHECK(complaint(replaced("draft = true\ntext", "draft = 1\ntext"))
              .ends_with("draft must be text = \"…\" or draft = true"));
    CHECK(complaint(replaced("text = \"須會辦政風室\"", ""))
              .ends_with("form.ethics_note: text is missing or empty"));
    CHECK(complaint(replaced("須會辦政風室", "{days}"))
              .ends_with("text has {days}, and nothing is filled in there"));
    CHECK(complaint(replaced("{days}", "{day}")).ends_with("text has {day}, only {days} is filled in there"));
    CHECK(complaint(replaced("{days}", "{days")).ends_with("text has a { that is not closed"));
    CHECK(complaint(replaced("須會辦政風室", "\\u0007")).ends_with("text holds a control character"));
    CHECK(complaint("form = 1").starts_with("t.toml:1:8: form: a file of texts holds tables"));
    CHECK(complaint("[form").starts_with("t.toml:1:"));
    CHECK(complaint("").starts_with("t.toml: form.ethics_note: is missing"));
    CHECK(parse_texts(replaced("draft = true\n", ""), "t.toml")->get("form.ethics_note").is_draft == false);
}

TEST_CASE("what is filled in is not looked at again", "[texts]") {
    CHECK(
        shipped_texts().fill("letter.case", {{"dossier", "{dossier}"}}).text ==
        "本案收錄於專卷第{dossier}號。"
    );
    CHECK(
        shipped_texts().fill("decision.remedy", {{"days", "30"}}).text.find("次日起30日內") !=
        std::string::npos
    );
}
