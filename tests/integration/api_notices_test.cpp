#include "storage/catalogue/detail/connection.hpp"
#include "storage/catalogue/notice_repository.hpp"
#include "storage/catalogue/principal_repository.hpp"
#include "tests/integration/api_stage.hpp"

#include <nlohmann/json.hpp>
#include <pqxx/pqxx>

namespace sluice::test {
namespace {

using catalogue::NoticeKind;
using nlohmann::json;

struct Board : ApiStage {
    Board() {
        start();
        secretary = authorization_of("王秘書", "secretariat");
        applicant = authorization_of("李大華", "applicant");
    }
    void raise(const catalogue::NewNotice& notice) {
        pqxx::connection connection{database.conninfo("sluice_api")};
        pqxx::work transaction{connection};
        catalogue::raise_notice(transaction, notice, clock.now());
        transaction.commit();
    }
    void submit() {
        raise(
            {.kind = NoticeKind::submitted, .subject_id = make_uuid_v7(clock.now()), .audience = "secretariat"
            }
        );
    }
    [[nodiscard]] json list(const std::string& who, const std::string& query = "") {
        return json::parse(fetch(port(), "GET", "/v1/notices" + query, {who}).body)["items"];
    }
    /// A client that has the stream's head.
    [[nodiscard]] std::unique_ptr<Client> follow(const std::string& who, const std::string& header = "") {
        auto client = std::make_unique<Client>(port());
        client->send(
            "GET /v1/notices/stream HTTP/1.1\r\nHost: x\r\n" + who + "\r\n" +
            (header.empty() ? "" : header + "\r\n") + "\r\n"
        );
        const std::string head = client->read_until("retry: 2000\n\n");
        demand(head.starts_with("HTTP/1.1 200"), "the stream was refused");
        demand(head.find("text/event-stream") != std::string::npos, "the stream is of another type");
        // It has no end to wait for, so what is known of it is its head.
        std::vector<std::string> sent{who};
        if (!header.empty()) sent.push_back(header);
        record_exchange(
            {.method = "GET", .target = "/v1/notices/stream", .headers = std::move(sent)},
            {.status = 200, .headers = {{"content-type", "text/event-stream"}}, .body = {}, .is_whole = false}
        );
        return client;
    }
    std::string secretary;
    std::string applicant;
};

TEST_CASE("a notice is seen by its role, acknowledged once, and pages go on", "[api][notices][integration]") {
    Board board;
    for (int i = 0; i < 3; ++i)
        board.submit();
    CHECK(board.list(board.secretary).size() == 3);
    CHECK(board.list(board.applicant).empty());
    const json page = json::parse(fetch(board.port(), "GET", "/v1/notices?limit=2", {board.secretary}).body);
    CHECK(page["items"].size() == 2);
    const auto rest = board.list(board.secretary, "?limit=2&cursor=" + page["next"].get<std::string>());
    REQUIRE(rest.size() == 1);
    const std::string address = "/v1/notices/" + rest[0]["id"].get<std::string>() + "/acknowledge";
    CHECK(fetch(board.port(), "POST", address, {board.applicant}).status == 404);
    const Reply done = fetch(board.port(), "POST", address, {board.secretary});
    REQUIRE(done.status == 200);
    CHECK(json::parse(done.body)["acknowledged"]["by"] == "王秘書");
    const std::string other = board.authorization_of("林秘書", "secretariat");
    const Reply again = fetch(board.port(), "POST", address, {other});
    CHECK(json::parse(again.body)["acknowledged"]["by"] == "王秘書");
    CHECK(board.list(board.secretary, "?state=open").size() == 2);
    CHECK(fetch(board.port(), "POST", "/v1/notices/x/acknowledge", {board.secretary}).status == 404);
    CHECK(fetch(board.port(), "GET", "/v1/notices?cursor=x", {board.secretary}).status == 400);
    CHECK(fetch(board.port(), "GET", "/v1/notices", {board.authorization("viewer")}).status == 403);
}

TEST_CASE(
    "the stream tells each follower what is for it, and goes on where it was left",
    "[api][notices][integration]"
) {
    Board board;
    board.submit();  // before: not told
    const auto secretary = board.follow(board.secretary);
    const auto applicant = board.follow(board.applicant);
    board.submit();
    const std::string event = secretary->read_until("\"submitted\"");
    CHECK(event.find("id: 2\n") != std::string::npos);
    CHECK(event.find("id: 1\n") == std::string::npos);
    const auto principal = board.database.query("SELECT id::text FROM principals WHERE name = '李大華'");
    board.raise(
        {.kind = NoticeKind::decision,
         .subject_id = make_uuid_v7(board.clock.now()),
         .audience = "applicant",
         .addressee_id = uuid_from_string(principal).value()}
    );
    const std::string own = applicant->read_until("\"decision\"");
    CHECK(own.find("submitted") == std::string::npos);
    const auto back = board.follow(board.secretary, "Last-Event-ID: 0");
    CHECK(back->read_until("id: 2\n").find("id: 1\n") != std::string::npos);
    CHECK(
        fetch(board.port(), "GET", "/v1/notices/stream", {board.secretary, "Last-Event-ID: x"}).status == 400
    );
}

TEST_CASE("a stream ends when its token does", "[api][notices][integration]") {
    Board board;
    const auto client = board.follow(board.secretary);
    static_cast<void>(board.database.query(
        "UPDATE credentials SET revoked_at = now() - interval '1 day' RETURNING 1", "sluice_super"
    ));
    client->read_to_end();  // fails the test's own limit when it does not end
    CHECK(fetch(board.port(), "GET", "/v1/notices", {board.secretary}).status == 401);
}

TEST_CASE(
    "what could not be delivered is listed for the administrator and tried again",
    "[api][notices][integration]"
) {
    Board board;
    board.submit();
    static_cast<void>(board.database.query(
        "INSERT INTO notice_deliveries (id, notice_id, channel, target, state, tries, next_at, problem, "
        "ended_at) "
        "SELECT gen_random_uuid(), id, 'webhook', 'case-system', 'dead', 10, now(), 'no answer', now() FROM "
        "notices RETURNING 1",
        "sluice_super"
    ));
    const std::string admin = board.authorization_of("管理員", "admin");
    const Reply listed = fetch(board.port(), "GET", "/v1/webhooks/dead-letters", {admin});
    REQUIRE(listed.status == 200);
    const json letter = json::parse(listed.body)["items"].at(0);
    CHECK(letter["target"] == "case-system");
    CHECK(letter["problem"] == "no answer");
    CHECK(letter["notice"]["kind"] == "submitted");
    CHECK(fetch(board.port(), "GET", "/v1/webhooks/dead-letters", {board.secretary}).status == 403);
    const std::string address = "/v1/webhooks/dead-letters/" + letter["id"].get<std::string>() + "/retry";
    CHECK(fetch(board.port(), "POST", address, {board.secretary}).status == 403);
    CHECK(fetch(board.port(), "POST", address, {admin}).status == 202);
    CHECK(fetch(board.port(), "POST", address, {admin}).status == 404);
    CHECK(json::parse(fetch(board.port(), "GET", "/v1/webhooks/dead-letters", {admin}).body)["items"].empty()
    );
}

}  // namespace
}  // namespace sluice::test
