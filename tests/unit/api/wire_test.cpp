#include "api/http/wire.hpp"

#include <catch2/catch.hpp>

namespace sluice::http {
namespace {

using Progress = RequestReader::Progress;

unsigned refusal(std::string text) {
    Limits limits;
    limits.body_bytes = 10;
    RequestReader reader{limits};
    const auto fed = reader.feed(text);
    return fed ? 0 : fed.error().status;
}

TEST_CASE("a request that comes byte by byte is the same as one that comes at once", "[api][wire]") {
    const std::string text = "GET /v1/cameras?limit=1 HTTP/1.1\r\nHost: x\r\nRange: bytes=0-1\r\n\r\n";
    RequestReader reader{Limits{}};
    std::string buffer;
    for (std::size_t i = 0; i < text.size(); ++i) {
        buffer.push_back(text[i]);
        const auto fed = reader.feed(buffer);
        REQUIRE(fed);
        CHECK((*fed == Progress::done) == (i + 1 == text.size()));
    }
    CHECK(reader.keeps_alive());
    const Request request = reader.take();
    CHECK(request.method == "GET");
    CHECK(request.path == "/v1/cameras");
    CHECK(request.raw_query == "limit=1");
    CHECK(*request.find_header("range") == "bytes=0-1");
    CHECK(buffer.empty());
}

TEST_CASE("pipelined requests come out one by one, bodies are thrown away", "[api][wire]") {
    RequestReader reader{Limits{}};
    std::string buffer =
        "\r\nPOST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabcGET /b HTTP/1.0\r\n\r\n";
    CHECK(reader.feed(buffer) == Progress::done);
    CHECK(reader.take().path == "/a");
    CHECK(reader.feed(buffer) == Progress::done);
    CHECK_FALSE(reader.keeps_alive());
    CHECK(reader.take().path == "/b");
    CHECK(buffer.empty());
}

TEST_CASE("a target with scheme and host is the same as its path", "[api][wire]") {
    RequestReader reader{Limits{}};
    std::string buffer =
        "GET http://x:80/a?b=c HTTP/1.1\r\nHost: x\r\n\r\nGET http://x HTTP/1.1\r\nHost: x\r\n\r\n";
    CHECK(reader.feed(buffer) == Progress::done);
    const Request request = reader.take();
    CHECK(request.path == "/a");
    CHECK(request.raw_query == "b=c");
    CHECK(reader.feed(buffer) == Progress::done);
    CHECK(reader.take().path == "/");
}

TEST_CASE("a chunked body larger than the buffer is counted against the limit", "[api][wire]") {
    Limits limits;
    limits.body_bytes = 100'000;
    RequestReader reader{limits};
    std::string buffer = "POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
    CHECK(reader.feed(buffer) == Progress::needs_body);
    unsigned status = 0;
    for (int i = 0; i < 20 && status == 0; ++i) {
        buffer += "2000\r\n" + std::string(0x2000, 'x') + "\r\n";
        const auto fed = reader.feed(buffer);
        if (!fed) status = fed.error().status;
        if (status == 0) CHECK(i < 12);
    }
    CHECK(status == 413);
}

TEST_CASE("a body comes whole with its request, in one piece or in chunks", "[api][wire]") {
    RequestReader reader{Limits{}};
    const std::string body(40'000, 'b');  // longer than the reader's piece
    std::string buffer = "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 40000\r\n\r\n" + body.substr(0, 100);
    CHECK(reader.feed(buffer) == Progress::needs_body);
    buffer += body.substr(100) + "POST /b HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
    CHECK(reader.feed(buffer) == Progress::done);
    CHECK(reader.take().body == body);
    CHECK(reader.feed(buffer) == Progress::needs_body);
    buffer += "3\r\nabc\r\n";
    CHECK(reader.feed(buffer) == Progress::needs_body);
    buffer += "2\r\nde\r\n0\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n";
    CHECK(reader.feed(buffer) == Progress::done);
    CHECK(reader.take().body == "abcde");
    CHECK(reader.feed(buffer) == Progress::done);
    CHECK(reader.take().body.empty());
}

TEST_CASE("each thing wrong with a request has its status", "[api][wire]") {
    CHECK(refusal("nonsense\r\n\r\n") == 400);
    CHECK(refusal("GET / HTTP/1.1\r\n\r\n") == 400);                        // no Host
    CHECK(refusal("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n") == 400);  // two
    CHECK(refusal("GET / HTTP/1.1\r\nHost: a\r\nX Y: b\r\n\r\n") == 400);
    CHECK(refusal("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n") == 400);
    CHECK(
        refusal("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n") ==
        400
    );
    CHECK(refusal("GET / HTTP/2.0\r\nHost: a\r\n\r\n") == 505);
    CHECK(refusal("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\n") == 413);
    CHECK(refusal("GET / HTTP/1.1\r\nHost: a\r\nExpect: tea\r\n\r\n") == 417);
    CHECK(refusal("GET /" + std::string(20'000, 'a') + " HTTP/1.1\r\nHost: a\r\n\r\n") == 414);
    CHECK(refusal("GET /" + std::string(9'000, 'a') + " HTTP/1.1\r\nHost: a\r\n\r\n") == 414);
    CHECK(refusal("GET /" + std::string(20'000, 'a')) == 414);
    CHECK(refusal("GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(20'000, 'a')) == 431);
}

TEST_CASE("100-continue is asked for once", "[api][wire]") {
    RequestReader reader{Limits{}};
    std::string buffer = "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n";
    CHECK(reader.feed(buffer) == Progress::needs_body);
    CHECK(reader.wants_continue());
    CHECK_FALSE(reader.wants_continue());
}

TEST_CASE("a head holds Date and Connection, and no value can end its line", "[api][wire]") {
    Response response;
    response.set("X", "a\r\nSet-Cookie: b");
    const std::string head = make_head(response, 5, true, std::chrono::system_clock::time_point{});
    CHECK(
        head ==
        "HTTP/1.1 200 OK\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\nServer: sluice\r\nX: a  Set-Cookie: b\r\n"
        "Content-Length: 5\r\nConnection: keep-alive\r\n\r\n"
    );
}

}  // namespace
}  // namespace sluice::http
