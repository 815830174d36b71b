#include "api/http/problem.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

namespace sluice::http {
namespace {

TEST_CASE("a problem is RFC 9457 with code, instance and field", "[api][problem]") {
    const Problem problem{
        .status = 422,
        .code = "INTERVAL_REVERSED",
        .detail = "quotes \" and \\ and \n",
        .field = "to",
        .retry_after = std::chrono::seconds{3},
        .members = {{"available_to", "\"2026-11-23T10:00:00.000000Z\""}}
    };
    const Response response = to_response(problem, "urn:sluice:request:1");
    CHECK(response.status == 422);
    CHECK(*response.find_header("content-type") == "application/problem+json");
    CHECK(*response.find_header("Retry-After") == "3");
    CHECK(*response.find_header("Cache-Control") == "no-store");
    const auto body = nlohmann::json::parse(std::get<std::string>(response.body));
    CHECK(
        body ==
        nlohmann::json{
            {"type", "urn:sluice:problem:interval-reversed"},
            {"title", "Unprocessable Content"},
            {"status", 422},
            {"detail", "quotes \" and \\ and \n"},
            {"instance", "urn:sluice:request:1"},
            {"code", "INTERVAL_REVERSED"},
            {"field", "to"},
            {"available_to", "2026-11-23T10:00:00.000000Z"},
        }
    );
}

TEST_CASE("no refusal is titled as a failure of the service", "[api][problem]") {
    for (const unsigned status : {400U, 401U, 403U, 404U, 405U, 408U, 409U, 410U, 412U, 413U, 414U,
                                  415U, 416U, 417U, 422U, 423U, 428U, 429U, 431U, 503U, 505U, 507U}) {
        CAPTURE(status);
        CHECK(reason_phrase(status) != reason_phrase(500));
    }
}

TEST_CASE("bytes that are no UTF-8 do not break a problem's JSON", "[api][problem]") {
    const Response response =
        to_response({.status = 400, .code = "X", .detail = "\xff\xfe", .retry_after = {}}, "urn:x");
    CHECK(nlohmann::json::accept(std::get<std::string>(response.body)));
}

}  // namespace
}  // namespace sluice::http
