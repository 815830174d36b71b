#include "api/http/router.hpp"

#include "api/http/text.hpp"

#include <catch2/catch.hpp>

namespace sluice::http {
namespace {

Router make_router() {
    Router router;
    router.add("GET", "/v1/cameras", 0);
    router.add("GET", "/v1/cameras/{slug}", 1);
    router.add("GET", "/v1/cameras/{slug}/clip.mp4", 2);
    router.add("POST", "/v1/cameras/{slug}/clip.mp4", 3);
    return router;
}
Router::Match find(const char* method, const char* path) {
    return make_router().find(method, *split_path(path));
}

TEST_CASE("a route is found by method and path, and its variables are taken out", "[api][router]") {
    const auto match = find("GET", "/v1/cameras/drive-left/clip.mp4");
    REQUIRE(std::holds_alternative<Router::Found>(match));
    CHECK(std::get<Router::Found>(match).route == 2);
    CHECK(std::get<Router::Found>(match).variables == std::vector<std::string>{"drive-left"});
    CHECK(std::get<Router::Found>(find("POST", "/v1/cameras/x/clip.mp4")).route == 3);
}

TEST_CASE("the last part of a pattern may take all that is left", "[api][router]") {
    Router router;
    router.add("GET", "/v1/tile/{path+}", 7);
    const auto found = router.find("GET", *split_path("/v1/tile/0/x001/234.p/5"));
    REQUIRE(std::holds_alternative<Router::Found>(found));
    CHECK(std::get<Router::Found>(found).variables == std::vector<std::string>{"0/x001/234.p/5"});
    CHECK(std::holds_alternative<Router::Found>(router.find("GET", *split_path("/v1/tile/0"))));
    for (const char* path : {"/v1/tile", "/v1/tile/", "/v1/other/0"})
        CHECK(std::holds_alternative<Router::NoSuchPath>(router.find("GET", *split_path(path))));
}

TEST_CASE("HEAD goes where GET goes", "[api][router]") {
    CHECK(std::get<Router::Found>(find("HEAD", "/v1/cameras")).route == 0);
}

TEST_CASE("an unknown path is told from a known path with another method", "[api][router]") {
    CHECK(std::holds_alternative<Router::NoSuchPath>(find("GET", "/v1")));
    CHECK(std::holds_alternative<Router::NoSuchPath>(find("GET", "/v1/cameras/")));
    CHECK(std::holds_alternative<Router::NoSuchPath>(find("GET", "/v1/cameras/a/b")));
    const auto match = find("DELETE", "/v1/cameras/a/clip.mp4");
    REQUIRE(std::holds_alternative<Router::OtherMethod>(match));
    CHECK(std::get<Router::OtherMethod>(match).allow == "GET, HEAD, POST, OPTIONS");
    CHECK_FALSE(std::get<Router::OtherMethod>(match).is_options);
    CHECK(std::get<Router::OtherMethod>(find("OPTIONS", "/v1/cameras")).is_options);
}

}  // namespace
}  // namespace sluice::http
