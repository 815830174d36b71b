#include "tests/integration/api_stage.hpp"
#include "tests/support/eventually.hpp"

#include <random>
#include <thread>

#include <nlohmann/json.hpp>

namespace sluice::test {
namespace {

using nlohmann::json;
using std::chrono::steady_clock;

const std::string kHealth = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";

int status_of(const ApiStage& stage, const std::string& text) {
    Client client{stage.port()};
    client.send(text);
    return client.receive().status;
}

TEST_CASE(
    "malformed requests get a problem and a closed connection, never silence",
    "[api][hostile][integration]"
) {
    ApiStage stage;
    stage.start();
    CHECK(status_of(stage, "nonsense\r\n\r\n") == 400);
    CHECK(status_of(stage, "GET / HTTP/1.1\r\n\r\n") == 400);
    CHECK(
        status_of(
            stage,
            "GET /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"
        ) == 400
    );
    CHECK(status_of(stage, "GET /healthz HTTP/9.9\r\nHost: x\r\n\r\n") == 505);
    CHECK(status_of(stage, std::string("\0\1\2\3\r\n\r\n", 8)) == 400);
    CHECK(status_of(stage, "\x16\x03\x01\x02\r\n\r\n") == 400);  // a TLS client at the wrong door
    Client client{stage.port()};
    client.send("GET / HTTP/1.1\r\nHost : x\r\n\r\n");
    const Reply reply = client.receive();
    CHECK(reply.header("connection") == "close");
    CHECK(json::parse(reply.body)["code"] == "MALFORMED_REQUEST");
    CHECK(client.is_at_end());
    CHECK(status_of(stage, kHealth) == 200);
}

TEST_CASE(
    "what is too large is refused with its own status, and the client can read it",
    "[api][hostile][integration]"
) {
    ApiStage stage;
    stage.start();
    CHECK(status_of(stage, "GET /" + std::string(20'000, 'a') + " HTTP/1.1\r\nHost: x\r\n\r\n") == 414);
    CHECK(
        status_of(stage, "GET / HTTP/1.1\r\nHost: x\r\nX: " + std::string(20'000, 'a') + "\r\n\r\n") == 431
    );
    // The whole body is sent before the answer is read: without a lingering close this would be a reset.
    const std::string head = "POST /v1/cameras HTTP/1.1\r\nHost: x\r\nContent-Length: 2000000\r\n\r\n";
    CHECK(status_of(stage, head + std::string(2'000'000, 'b')) == 413);
}

TEST_CASE("slow clients are ended by the clock", "[api][hostile][integration]") {
    ApiStage stage{short_limits()};
    stage.start();
    const auto begun = steady_clock::now();
    SECTION("one that sends its head a letter at a time gets a 408") {
        Client client{stage.port()};
        const std::string text = "GET /healthz HTTP/1.1\r\nHost: " + std::string(200, 'x');
        std::jthread drip{[&, at = std::size_t{0}]() mutable {
            const auto is_over = [&] { return at == text.size() || !client.send(text.substr(at++, 1)); };
            static_cast<void>(eventually(std::chrono::seconds{20}, is_over, std::chrono::milliseconds{50}));
        }};
        CHECK(client.receive().status == 408);
        CHECK(steady_clock::now() - begun < std::chrono::seconds{8});
    }
    SECTION("one that never sends its body gets a 408") {
        Client client{stage.port()};
        client.send("POST /v1/cameras HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nab");
        CHECK(client.receive().status == 408);
    }
    SECTION("one that says nothing is closed") {
        Client client{stage.port()};
        CHECK(client.is_at_end());
    }
    SECTION("one that is idle after an answer is closed") {
        Client client{stage.port()};
        client.send(kHealth);
        CHECK(client.receive().status == 200);
        CHECK(client.is_at_end());
    }
    CHECK(status_of(stage, kHealth) == 200);
}

TEST_CASE("pipelined requests are answered in their order on one connection", "[api][hostile][integration]") {
    ApiStage stage;
    stage.start();
    Client client{stage.port()};
    std::string text;
    for (int i = 0; i < 50; ++i)
        text += "GET /healthz HTTP/1.1\r\nHost: x\r\nX-Request-Id: n" + std::to_string(i) + "\r\n\r\n";
    client.send(text + "GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    for (int i = 0; i < 50; ++i) {
        const Reply reply = client.receive();
        CHECK(reply.status == 200);
        CHECK(reply.header("x-request-id") == "n" + std::to_string(i));
    }
    CHECK(client.receive().header("connection") == "close");
    CHECK(client.is_at_end());
}

TEST_CASE("a client that has shut down its sending still gets its answer", "[api][hostile][integration]") {
    ApiStage stage;
    stage.start();
    Client client{stage.port()};
    client.send(kHealth);
    client.shut_down_sending();
    CHECK(client.receive().status == 200);
    CHECK(client.is_at_end());
}

TEST_CASE("100-continue is granted and the body is taken", "[api][hostile][integration]") {
    ApiStage stage;
    stage.start();
    Client client{stage.port()};
    client.send(
        "POST /v1/cameras HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 3\r\n" +
        stage.authorization("operator") + "\r\n\r\n"
    );
    client.send("abc");
    CHECK(client.receive().status == 405);
}

TEST_CASE(
    "a connection too many is told to come back, and a free place is given again",
    "[api][hostile][integration]"
) {
    auto limits = short_limits();
    limits.first_byte = std::chrono::seconds{60};
    limits.connections = 3;
    ApiStage stage{limits};
    stage.start();
    std::vector<std::unique_ptr<Client>> clients;
    for (int i = 0; i < 3; ++i) {
        clients.push_back(std::make_unique<Client>(stage.port()));
        clients.back()->send(kHealth);
        CHECK(clients.back()->receive().status == 200);
    }
    CHECK(status_of(stage, kHealth) == 503);
    clients.clear();
    int status = 0;
    const auto limit = steady_clock::now() + std::chrono::seconds{5};
    while (status != 200 && steady_clock::now() < limit)
        status = status_of(stage, kHealth);
    CHECK(status == 200);
}

TEST_CASE("bytes at random never take the service down", "[api][hostile][integration]") {
    ApiStage stage{short_limits()};
    stage.start();
    std::mt19937 random{20261123};
    const std::string seed =
        "GET /v1/cameras/drive-left/clip.mp4?from=2026-11-18T11:06:40Z&to=%32026 HTTP/1.1\r\nHost: x\r\n"
        "Range: bytes=0-5\r\nIf-Range: \"x\"\r\n" +
        stage.authorization("viewer") + "\r\n\r\n";
    for (int round = 0; round < 150; ++round) {
        std::string text = seed;
        for (int i = 0; i < 3; ++i)
            text[random() % text.size()] = static_cast<char>(random());
        Client client{stage.port()};
        client.send(text);
        client.shut_down_sending();
        static_cast<void>(client.receive());
    }
    CHECK(status_of(stage, kHealth) == 200);
}

TEST_CASE("a stop ends idle connections at once and lets a download finish", "[api][hostile][integration]") {
    ApiStage stage;
    const Media media = make_media({});
    StageRun run{stage, media, 0};
    const auto first = run.record(500);
    run.save_day(first, 60);
    run.end(GapCause::shutdown);
    stage.start();
    Client idle{stage.port()};
    idle.send(kHealth);
    CHECK(idle.receive().status == 200);
    Client busy{stage.port(), 4096};
    busy.send(
        "GET " + clip_target(0, 1200) + " HTTP/1.1\r\nHost: x\r\n" + stage.authorization("viewer") +
        "\r\n\r\n"
    );
    busy.await_head();
    std::jthread stopper{[&] { stage.service->stop(); }};
    CHECK(idle.is_at_end());
    const Reply reply = busy.receive();
    CHECK(reply.is_whole);
    CHECK(
        reply.header("connection") == "keep-alive"
    );  // it was promised before the stop; the close follows the body
    stopper.join();
    stage.service.reset();
}

}  // namespace
}  // namespace sluice::test
