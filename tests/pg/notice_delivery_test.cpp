#include "config/base/files.hpp"
#include "config/base/token.hpp"
#include "jobs/notice_keeper.hpp"
#include "jobs/notify/message.hpp"
#include "storage/catalogue/delivery_repository.hpp"
#include "storage/catalogue/detail/connection.hpp"
#include "storage/catalogue/principal_repository.hpp"
#include "storage/volume/durable_files.hpp"
#include "tests/pg/catalogue_site.hpp"
#include "tests/support/stub_server.hpp"
#include "tests/support/temp_folder.hpp"

#include <pqxx/pqxx>

namespace sluice::catalogue {
namespace {

class SetClock final : public Clock {
public:
    [[nodiscard]] UtcTime now() const override { return time; }
    [[nodiscard]] BootTime boot_now() const override { return {}; }
    [[nodiscard]] std::optional<bool> is_synchronised() const override { return true; }
    UtcTime time = kStart;
};

/// A worker's lane without its thread.
struct PostRoom {
    test::Database database;
    test::TempFolder folder;
    Pool worker{database.conninfo("sluice_worker"), 2};
    Pool api{database.conninfo("sluice_api"), 1};
    config::Config config;
    volume::RealFiles files;
    SetClock clock;

    void raise(const std::string& audience) {
        need(api.with([&](Connection& connection) -> Status {
            pqxx::work transaction{connection.get()};
            raise_notice(
                transaction,
                {.kind = NoticeKind::submitted, .subject_id = make_uuid_v7(clock.time), .audience = audience},
                clock.time
            );
            transaction.commit();
            return {};
        }));
    }
    void tick() {
        jobs::NoticeKeeper keeper;
        const jobs::Tools tools{worker, config, files, clock};
        need(keeper.tick(tools, {}));
    }
    [[nodiscard]] std::string states() {
        return database.query(
            "SELECT coalesce(string_agg(state || tries, ' ' ORDER BY target), '') FROM notice_deliveries"
        );
    }
    void add_hook(std::uint16_t port, std::vector<std::string> audiences = {}) {
        const auto secret = folder.path() / "hook.secret";
        REQUIRE(replace_file(secret, "s3cret\n", 0600));
        config.notify.webhooks.push_back(
            {.name = "case-system",
             .url = "http://127.0.0.1:" + std::to_string(port) + "/in",
             .secret_file = secret,
             .authorities = {},
             .audiences = std::move(audiences)}
        );
    }
};

/// Takes webhooks and answers with `status`.
struct HookStub {
    struct Got {
        std::string head;
        std::string body;
    };
    Guarded<std::vector<Got>> got;
    std::atomic<int> status = 204;
    test::StubServer server{[this](test::StubServer::Peer& peer) {
        Got one;
        one.head = peer.read_until("\r\n\r\n");
        const auto place = one.head.find("Content-Length: ");
        if (place != std::string::npos) one.body = peer.read_bytes(std::stoul(one.head.substr(place + 16)));
        got.with([&](std::vector<Got>& all) { all.push_back(one); });
        peer.send(
            "HTTP/1.1 " + std::to_string(status) + " x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        );
    }};
    [[nodiscard]] std::vector<Got> all() {
        return got.with([](const std::vector<Got>& messages) { return messages; });
    }
};

std::string header(const std::string& head, const std::string& name) {
    const auto place = head.find(name + ": ");
    if (place == std::string::npos) return {};
    const auto begin = place + name.size() + 2;
    return head.substr(begin, head.find("\r\n", begin) - begin);
}

TEST_CASE("a notice goes to the webhooks of its audience, signed, and once", "[pg][notices][notify]") {
    PostRoom room;
    HookStub hook;
    room.add_hook(hook.server.port(), {"secretariat"});
    room.raise("secretariat");
    room.raise("ethics");
    room.tick();
    room.tick();
    const auto got = hook.all();
    REQUIRE(got.size() == 1);
    CHECK(got[0].head.starts_with("POST /in HTTP/1.1\r\n"));
    CHECK(got[0].body.find("\"audience\":\"secretariat\"") != std::string::npos);
    const std::string timestamp = header(got[0].head, "Sluice-Timestamp");
    CHECK(timestamp == std::to_string(to_epoch_us(kStart) / 1'000'000));
    CHECK(header(got[0].head, "Sluice-Signature") == notify::signature("s3cret", timestamp, got[0].body));
    CHECK(got[0].head.find("s3cret") == std::string::npos);
    CHECK(room.states() == "sent1");
}

TEST_CASE(
    "a delivery that fails is tried with growing waits, given up, and tried anew on request",
    "[pg][notices][notify]"
) {
    PostRoom room;
    HookStub hook;
    hook.status = 500;
    room.add_hook(hook.server.port());
    room.raise("secretariat");
    room.tick();
    CHECK(room.states() == "waiting1");
    room.clock.time += 29s;
    room.tick();
    CHECK(room.states() == "waiting1");  // half a minute is not over
    room.clock.time += 1s;
    room.tick();
    CHECK(room.states() == "waiting2");
    room.clock.time += 59s;
    room.tick();
    CHECK(room.states() == "waiting2");
    for (int i = 0; i < 8; ++i) {
        room.clock.time += 6h;
        room.tick();
    }
    CHECK(room.states() == "dead10");
    room.clock.time += 24h;
    room.tick();
    CHECK(hook.all().size() == 10);
    const auto dead = need(load_dead_deliveries(room.api, std::nullopt, 10));
    REQUIRE(dead.size() == 1);
    CHECK(dead[0].problem == "the other side answered 500");
    CHECK(need(load_dead_deliveries(room.api, dead[0].delivery.id, 10)).empty());

    hook.status = 200;
    const ledger::Actor admin{.id = std::nullopt, .name = "admin", .role = "admin"};
    CHECK(need(retry_delivery(room.api, dead[0].delivery.id, admin, room.clock.time)));
    CHECK_FALSE(need(retry_delivery(room.api, dead[0].delivery.id, admin, room.clock.time)));
    room.tick();
    CHECK(room.states() == "sent1");
}

TEST_CASE(
    "a redirect is not followed, and a secret that others may read is not used",
    "[pg][notices][notify]"
) {
    PostRoom room;
    HookStub hook;
    hook.status = 302;
    room.add_hook(hook.server.port());
    room.raise("secretariat");
    room.tick();
    CHECK(room.states() == "waiting1");
    REQUIRE(replace_file(room.folder.path() / "hook.secret", "s3cret\n", 0644));
    room.clock.time += 1h;
    room.tick();
    CHECK(hook.all().size() == 1);
    CHECK(room.database.query("SELECT problem LIKE '%chmod 600%' FROM notice_deliveries") == "t");
}

TEST_CASE("who configures a target later is not flooded with what was before", "[pg][notices][notify]") {
    PostRoom room;
    room.raise("secretariat");
    room.tick();
    HookStub hook;
    room.add_hook(hook.server.port());
    room.tick();
    CHECK(hook.all().empty());
    room.raise("secretariat");
    room.tick();
    CHECK(hook.all().size() == 1);
}

TEST_CASE("a notice goes out by e-mail, and nothing goes to a server without TLS", "[pg][notices][notify]") {
    PostRoom room;
    Guarded<std::vector<std::string>> mails;
    test::StubServer server{[&](test::StubServer::Peer& peer) {
        peer.send("220 stub ESMTP\r\n");
        std::string seen;
        while (true) {
            const std::string line = peer.read_until("\r\n");
            if (line.empty()) return;
            seen += line;
            if (line.starts_with("DATA")) {
                peer.send("354 go on\r\n");
                seen += peer.read_until("\r\n.\r\n");
                mails.with([&](std::vector<std::string>& all) { all.push_back(seen); });
            }
            peer.send(line.starts_with("QUIT") ? "221 bye\r\n" : "250 ok\r\n");
        }
    }};
    const auto count = [&] { return mails.with([](const auto& all) { return all.size(); }); };
    room.config.notify.mail = {
        .server = "smtp://127.0.0.1:" + std::to_string(server.port()),
        .from = "cctv@example.org",
        .username = {},
        .password_file = {},
        .authorities = {},
        .needs_tls = true,
        .recipients = {{.address = "office@example.org", .audiences = {"secretariat"}}},
    };
    room.raise("secretariat");
    room.tick();
    CHECK(room.states() == "waiting1");
    CHECK(count() == 0);
    room.config.notify.mail.needs_tls = false;
    room.clock.time += 1h;
    room.tick();
    CHECK(room.states() == "sent2");
    REQUIRE(count() == 1);
    const std::string mail = mails.with([](const auto& all) { return all.front(); });
    CHECK(mail.find("MAIL FROM:<cctv@example.org>") != std::string::npos);
    CHECK(mail.find("RCPT TO:<office@example.org>") != std::string::npos);
    CHECK(mail.find("Auto-Submitted: auto-generated") != std::string::npos);
}

}  // namespace
}  // namespace sluice::catalogue
