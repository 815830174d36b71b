#include "jobs/controllers/zkteco_http.hpp"

#include <string>

#include <catch2/catch.hpp>

using namespace sluice::controllers::zkteco;

namespace {

Request whole(std::string_view bytes) {
    const auto parsed = parse_head(bytes);
    REQUIRE(parsed);
    REQUIRE(*parsed);
    return **parsed;
}

unsigned refused(std::string_view bytes) {
    const auto parsed = parse_head(bytes);
    return parsed ? 0 : parsed.error();
}

}  // namespace

TEST_CASE("a device's request is a method, a path, a query and a length", "[controllers][zkteco]") {
    const std::string head =
        "POST /iclock/cdata?SN=CJZ7204560001&table=rtlog&note=a%20b HTTP/1.1\r\n"
        "Host: 192.0.2.5:8081\r\nContent-Length: 12\r\nUser-Agent: iClock Proxy/1.09\r\n\r\n";
    const Request request = whole(head + "0123");
    CHECK(request.method == "POST");
    CHECK(request.path == "/iclock/cdata");
    CHECK(request.parameter("sn") == "CJZ7204560001");
    CHECK(request.parameter("table") == "rtlog");
    CHECK(request.parameter("note") == "a b");
    CHECK(request.parameter("stamp").empty());
    CHECK(request.head_bytes == head.size());
    CHECK(request.body_bytes == 12);
    CHECK_FALSE(request.expects_continue);
    CHECK(whole("GET /iclock/getrequest?SN=a&sn=b HTTP/1.0\r\n\r\n").parameter("sn") == "a");
    CHECK(whole("POST /x HTTP/1.1\r\ncontent-length: 0\r\nExpect: 100-Continue\r\n\r\n").expects_continue);
    CHECK(whole("GET /x?a=%zz&b=%4&c=%41 HTTP/1.1\r\n\r\n").parameter("a") == "%zz");
    CHECK(whole("GET /x?a=%zz&b=%4&c=%41 HTTP/1.1\r\n\r\n").parameter("c") == "A");
}

TEST_CASE("a head that is not whole is waited for, up to a limit", "[controllers][zkteco]") {
    const std::string head = "GET /iclock/ping?SN=a HTTP/1.1\r\nHost: x\r\n\r\n";
    for (std::size_t i = 0; i < head.size(); ++i) {
        const auto parsed = parse_head(std::string_view{head}.substr(0, i));
        REQUIRE(parsed);
        CHECK_FALSE(*parsed);
    }
    CHECK(refused(std::string(kMostHeadBytes, 'a')) == 431);
    CHECK(refused("GET /" + std::string(kMostHeadBytes, 'a') + " HTTP/1.1\r\n\r\n") == 431);
}

TEST_CASE("what is no such request is refused with a status", "[controllers][zkteco]") {
    CHECK(refused("rubbish\r\n\r\n") == 400);
    CHECK(refused("GET /x\r\n\r\n") == 400);
    CHECK(refused("GET x HTTP/1.1\r\n\r\n") == 400);
    CHECK(refused("GET /x SMTP/1.1\r\n\r\n") == 400);
    CHECK(refused("DELETE /x HTTP/1.1\r\n\r\n") == 405);
    CHECK(refused("POST /x HTTP/1.1\r\n\r\n") == 411);
    CHECK(refused("POST /x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n") == 411);
    CHECK(refused("POST /x HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n") == 400);
    CHECK(refused("POST /x HTTP/1.1\r\nContent-Length: 1x\r\n\r\n") == 400);
    CHECK(refused("POST /x HTTP/1.1\r\nContent-Length: -1\r\n\r\n") == 400);
    CHECK(refused("POST /x HTTP/1.1\r\nContent-Length: 99999999999999999999999\r\n\r\n") == 413);
    CHECK(refused("POST /x HTTP/1.1\r\nContent-Length: 4194305\r\n\r\n") == 413);
    CHECK(refused("GET /x HTTP/1.1\r\nno colon\r\n\r\n") == 400);
    std::string many = "GET /x?";
    for (int i = 0; i < 33; ++i)
        many += "a" + std::to_string(i) + "=1&";
    CHECK(refused(many + " HTTP/1.1\r\n\r\n") == 400);
}

TEST_CASE("an answer has a length and sets no clock", "[controllers][zkteco]") {
    const std::string answer = to_answer(200, "OK: 2\n");
    CHECK(answer.starts_with("HTTP/1.1 200 OK\r\n"));
    CHECK(answer.find("Content-Length: 6\r\n") != std::string::npos);
    CHECK(answer.ends_with("\r\n\r\nOK: 2\n"));
    CHECK(answer.find("Date:") == std::string::npos);
    CHECK(to_answer(503, "").starts_with("HTTP/1.1 503 Service Unavailable\r\n"));
}
