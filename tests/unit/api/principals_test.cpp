#include "api/principals.hpp"

#include "config/base/base64.hpp"
#include "config/base/token.hpp"

#include <catch2/catch.hpp>

namespace sluice::api {
namespace {

using namespace std::chrono_literals;

constexpr UtcTime kNow{std::chrono::sys_days{std::chrono::year{2026} / 11 / 23} + 10h};

/// RFC 4648 §4, for Basic.
std::string base64(const std::string& text) {
    std::string out = to_base64url(as_bytes(text));
    for (char& letter : out)
        letter = letter == '-' ? '+' : letter == '_' ? '/' : letter;
    while (out.size() % 4 != 0)
        out += '=';
    return out;
}
std::optional<std::string> token_of(const std::string& header) {
    http::Request request;
    request.headers = {{"authorization", header}};
    return find_token(request);
}

TEST_CASE("a token comes as Bearer or as the password of Basic", "[api][auth]") {
    const std::string token = make_token();
    CHECK(token.size() == 47);
    CHECK(is_token(token));
    CHECK(token_of("Bearer " + token) == token);
    CHECK(token_of("bearer   " + token) == token);
    CHECK(token_of("Basic " + base64("anyone:" + token)) == token);
    CHECK(token_of("Basic " + base64(":" + token)) == token);
}

TEST_CASE("a session's cookie is found among others, and only in a cookie", "[api][auth][session]") {
    const std::string token = make_token();
    const auto cookie_of = [](const std::string& header) {
        http::Request request;
        request.headers = {{"cookie", header}};
        return find_cookie(request);
    };
    CHECK(cookie_of("sluice_session=" + token) == token);
    CHECK(cookie_of("a=b; sluice_session=" + token + "; c") == token);
    CHECK(cookie_of("sluice_session=x; sluice_session=" + token) == token);
    CHECK_FALSE(cookie_of("sluice_session="));
    CHECK_FALSE(cookie_of("Sluice_Session=" + token));
    CHECK_FALSE(cookie_of("session=" + token));
    CHECK_FALSE(cookie_of(token));
    http::Request bearer;
    bearer.headers = {{"authorization", "Bearer " + token}};
    CHECK_FALSE(find_cookie(bearer));
}

TEST_CASE("everything else is no token", "[api][auth]") {
    const std::string token = make_token();
    CHECK_FALSE(find_token({}));
    CHECK_FALSE(token_of(""));
    CHECK_FALSE(token_of("Bearer"));
    CHECK_FALSE(token_of("Bearer x"));
    CHECK_FALSE(token_of("Bearer " + token + "x"));
    CHECK_FALSE(token_of(token));
    CHECK_FALSE(token_of("Digest " + token));
    CHECK_FALSE(token_of("Basic !!!"));
    CHECK_FALSE(token_of("Basic " + base64(token)));
    CHECK_FALSE(is_token("slt_"));
    CHECK_FALSE(is_token("SLT_" + token.substr(4)));
}

struct Stage {
    Principals principals{
        [this](const Sha256Digest& hash, UtcTime) -> Result<std::optional<catalogue::PrincipalRow>> {
            ++lookups;
            if (is_down) return failure(Remedy::retry, "down");
            if (hash != token_hash(token)) return std::nullopt;
            catalogue::PrincipalRow row;
            row.name = "one";
            row.valid_from = kNow - 1h;
            row.valid_to = kNow + 1h;
            return row;
        }
    };
    std::string token = make_token();
    int lookups = 0;
    bool is_down = false;
};

TEST_CASE("a token is looked up once in a while, and its validity is asked each time", "[api][auth]") {
    Stage stage;
    CHECK((*stage.principals.find(stage.token, kNow))->name == "one");
    CHECK(*stage.principals.find(stage.token, kNow));
    CHECK(stage.lookups == 1);
    CHECK_FALSE(*stage.principals.find(stage.token, kNow + 1h));
    CHECK_FALSE(*stage.principals.find(stage.token, kNow - 2h));
    CHECK(stage.lookups == 1);
}

TEST_CASE("wrong tokens are not remembered", "[api][auth]") {
    Stage stage;
    const std::string wrong = make_token();
    CHECK_FALSE(*stage.principals.find(wrong, kNow));
    CHECK_FALSE(*stage.principals.find(wrong, kNow));
    CHECK(stage.lookups == 2);
}

TEST_CASE(
    "without the catalogue a stranger is an error, and an old acquaintance is remembered",
    "[api][auth]"
) {
    Stage stage;
    stage.is_down = true;
    CHECK_FALSE(stage.principals.find(stage.token, kNow));
    CHECK_FALSE(stage.principals.find_remembered(stage.token, kNow));
    stage.is_down = false;
    REQUIRE(stage.principals.find(stage.token, kNow));
    CHECK(stage.principals.find_remembered(stage.token, kNow));
    CHECK_FALSE(stage.principals.find_remembered(stage.token, kNow + 1h));
}

}  // namespace
}  // namespace sluice::api
