#include "api/problem_words.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

namespace sluice::api {
namespace {

TEST_CASE("of English and Chinese the client gets the one it prefers", "[api][problem]") {
    using enum Language;
    CHECK(preferred_language("") == english);
    CHECK(preferred_language("zh-TW") == chinese);
    CHECK(preferred_language("ZH-hant;q=0.5") == chinese);
    CHECK(preferred_language("en, zh;q=0.9") == english);
    CHECK(preferred_language("en;q=0.8, zh-Hant") == chinese);
    CHECK(preferred_language("zh, en") == chinese);
    CHECK(preferred_language("en, zh") == english);
    CHECK(preferred_language("de, fr") == english);
    CHECK(preferred_language("zh;q=0") == english);
    CHECK(preferred_language("zh;q=x") == english);
    CHECK(preferred_language(",;,=q,\xff") == english);
}

TEST_CASE(
    "a problem of the rules says article, cure and evidence in the client's language",
    "[api][problem]"
) {
    const http::Problem made{
        .status = 422,
        .code = "ART9_2B_NO_POLICE_REPORT",
        .detail = "The police report is missing.",
        .retry_after = {}
    };
    const auto body = [&](Language language) {
        return nlohmann::json::parse(
            std::get<std::string>(http::to_response(explained(made, language), "urn:x").body)
        );
    };
    const auto english = body(Language::english);
    CHECK(english["title"] == "The police report is missing");
    CHECK(english["article"] == "9(2)");
    CHECK(english["curable"] == true);
    CHECK(english["evidence_required"] == "police report");
    const auto chinese = body(Language::chinese);
    CHECK(chinese["title"] == "未附報案證明");
    CHECK(chinese["code"] == english["code"]);
    const http::Problem other{.status = 404, .code = "NOT_FOUND", .detail = "x", .retry_after = {}};
    CHECK(explained(other, Language::chinese).title.empty());
    CHECK(explained(other, Language::chinese).members.empty());
}

}  // namespace
}  // namespace sluice::api
