// Answers that are not ready: who waits takes no worker.
#include "api/http/server.hpp"
#include "config/base/guarded.hpp"
#include "tests/integration/api_client.hpp"
#include "tests/support/eventually.hpp"

#include <atomic>
#include <chrono>
#include <vector>

#include <catch2/catch.hpp>

namespace sluice::http {
namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;
using test::Client;
using test::eventually;

class Bell final : public Event {
public:
    void subscribe(std::uint64_t seen, std::weak_ptr<const Wake> wake) override {
        if (rung != seen) {
            if (const auto now = wake.lock()) (*now)();
            return;
        }
        sleepers_.with([&](auto& all) { all.push_back(std::move(wake)); });
    }
    void ring() {
        ++rung;
        auto all = sleepers_.with([](auto& sleepers) { return std::exchange(sleepers, {}); });
        for (const auto& sleeper : all)
            if (const auto wake = sleeper.lock()) (*wake)();
    }
    [[nodiscard]] std::size_t waiting() const {
        return sleepers_.with([](const auto& all) { return all.size(); });
    }
    std::atomic<std::uint64_t> rung{0};

private:
    Guarded<std::vector<std::weak_ptr<const Wake>>> sleepers_;
};

/// "/wait" is answered when the bell has rung, at the latest after a second; "/late" says a number that is
/// over.
class Waiting final : public Application {
public:
    [[nodiscard]] bool is_blocking(const Request& /*request*/) const override { return true; }
    [[nodiscard]] Response handle(const Request& request) override {
        ++handled;
        Response response;
        const Deadline until = request.received + 1s;
        const bool is_first =
            request.path == "/late" && steady_clock::now() < until && !was_late.exchange(true);
        if (is_first || (request.path == "/wait" && bell->rung == 0 && steady_clock::now() < until)) {
            response.postponed = Postponement{bell, is_first ? bell->rung + 7 : 0, until};
            return response;
        }
        response.body = std::string{bell->rung > 0 ? "rung" : "silence"};
        return response;
    }
    [[nodiscard]] Response refuse(unsigned status, std::string_view /*code*/, std::string_view /*detail*/)
        override {
        Response response;
        response.status = status;
        return response;
    }
    void finished(const Request& /*request*/, const Exchange& /*exchange*/) noexcept override { ++answered; }

    std::shared_ptr<Bell> bell = std::make_shared<Bell>();
    std::atomic<int> handled{0};
    std::atomic<int> answered{0};
    std::atomic<bool> was_late{false};
};

struct Stage {
    Stage() { REQUIRE(server.start()); }
    ~Stage() { server.stop(); }
    RealClock clock;
    Waiting application;
    Server server{
        application,
        clock,
        {.listen = "127.0.0.1:0",
         .tls_certificate = {},
         .tls_key = {},
         .threads = 1,
         .workers = 1,
         .limits = {}}
    };
};

void ask(Client& client, const std::string& path) {
    REQUIRE(client.send("GET " + path + " HTTP/1.1\r\nHost: x\r\n\r\n"));
}

TEST_CASE("more requests wait than there are workers, and one event answers all", "[api][http]") {
    Stage stage;
    std::vector<Client> clients;
    for (int i = 0; i < 16; ++i)
        ask(clients.emplace_back(stage.server.port()), "/wait");
    REQUIRE(eventually(5s, [&] { return stage.application.bell->waiting() == 16; }));
    Client other{stage.server.port()};
    ask(other, "/now");
    CHECK(other.receive().body == "silence");
    stage.application.bell->ring();
    for (Client& client : clients)
        CHECK(client.receive().body == "rung");
    REQUIRE(eventually(5s, [&] { return stage.application.answered == 17; }));
    CHECK(stage.application.handled == 33);
}

TEST_CASE("who waits in vain is answered at the deadline, on the same connection", "[api][http]") {
    Stage stage;
    Client client{stage.server.port()};
    const auto begun = steady_clock::now();
    ask(client, "/wait");
    CHECK(client.receive().body == "silence");
    CHECK(steady_clock::now() - begun > 900ms);
    CHECK(steady_clock::now() - begun < 5s);
    ask(client, "/now");
    CHECK(client.receive().status == 200);
}

TEST_CASE("an event that happened between answer and waiting is not missed", "[api][http]") {
    Stage stage;
    Client client{stage.server.port()};
    const auto begun = steady_clock::now();
    ask(client, "/late");
    CHECK(client.receive().status == 200);
    CHECK(steady_clock::now() - begun < 900ms);
}

TEST_CASE(
    "a stop answers those who wait once they are woken, and a client that is gone hurts nobody",
    "[api][http]"
) {
    Stage stage;
    {
        Client gone{stage.server.port()};
        ask(gone, "/wait");
        REQUIRE(eventually(5s, [&] { return stage.application.bell->waiting() == 1; }));
    }
    stage.application.bell->ring();
    REQUIRE(eventually(5s, [&] { return stage.application.answered == 1; }));
}

}  // namespace
}  // namespace sluice::http
