// Sessions by password over HTTP, and what strangers may try with them.
#include "storage/account/totp.hpp"
#include "tests/integration/account_stage.hpp"
#include "tests/support/captured_log.hpp"

namespace sluice::test {
namespace {

using nlohmann::json;

json right(const std::string& name = "王小明") {
    return {{"name", name}, {"password", kPassword}};
}

/// What tells one refusal from another, without what is of the one request.
std::string shape_of(const Reply& reply) {
    json body = json::parse(reply.body);
    body.erase("instance");
    std::string text = std::to_string(reply.status) + body.dump();
    for (const auto& [name, value] : reply.headers)
        if (name != "date" && name != "x-request-id") text += "\n" + name + ": " + value;
    return text;
}

TEST_CASE("name and password open a session with a cookie of its own", "[api][account][login][integration]") {
    AccountStage stage;
    stage.create("王小明", {"auditor"});
    const CapturedLog log;
    const Login login = stage.log_in(right());
    REQUIRE(login.reply.status == 201);
    CHECK(login.body()["principal"] == "王小明");
    CHECK(login.body()["roles"] == json::array({"auditor"}));
    CHECK(login.body()["second_factor"] == false);
    CHECK(login.body()["idle_seconds"] == 3600);
    CHECK(login.body()["expires"] == to_rfc3339(stage.clock.now() + std::chrono::hours{12}));
    CHECK(login.reply.header("set-cookie").find("; HttpOnly; SameSite=Strict") != std::string::npos);
    CHECK(login.reply.header("cache-control") == "no-store");
    CHECK(fetch(stage.port(), "GET", "/v1/cameras", {login.cookie}).status == 200);
    const Reply current = fetch(stage.port(), "GET", "/v1/sessions/current", {login.cookie});
    CHECK(json::parse(current.body)["csrf_token"] == login.body()["csrf_token"]);
    CHECK(fetch(stage.port(), "GET", "/v1/sessions/current", {}).status == 401);
    CHECK(fetch(stage.port(), "DELETE", "/v1/sessions/current", {login.cookie, login.csrf}).status == 204);
    CHECK(fetch(stage.port(), "GET", "/v1/cameras", {login.cookie}).status == 401);
    // Neither the log nor the audit log learns what was typed.
    CHECK(log.text().find(kPassword) == std::string::npos);
    CHECK(
        stage.database.query(
            "SELECT count(*) FROM ledger_records WHERE action IN ('session.opened', 'session.closed')"
        ) == "2"
    );
    CHECK(
        stage.database.query("SELECT count(*) FROM ledger_records WHERE record::text LIKE '%horse%'") == "0"
    );
}

TEST_CASE(
    "a cookie from before a login opens nothing after it",
    "[api][account][login][hostile][integration]"
) {
    AccountStage stage;
    stage.create("王小明", {"auditor"});
    const std::string planted = "Cookie: sluice_session=" + make_token();
    const Login first = stage.log_in(right(), {planted});
    REQUIRE(first.reply.status == 201);
    CHECK(first.cookie != planted);
    CHECK(fetch(stage.port(), "GET", "/v1/cameras", {planted}).status == 401);
    // Also one that was good: each login is a session of its own, with a CSRF token of its own.
    const Login second = stage.log_in(right(), {first.cookie});
    REQUIRE(second.reply.status == 201);
    CHECK(second.cookie != first.cookie);
    CHECK(second.csrf != first.csrf);
}

TEST_CASE(
    "a session changes something only for pages that know its CSRF token",
    "[api][account][login][hostile][integration]"
) {
    AccountStage stage;
    stage.create("王小明", {"admin"});
    stage.create("陳大文", {"admin"});
    const Login login = stage.log_in(right());
    const Login other = stage.log_in(right("陳大文"));
    const json guard{
        {"name", "警衛"},
        {"roles", {"guard"}},
        {"acknowledgement_document", "保密 2"},
        {"acknowledgement_date", "2026-01-02"},
    };
    const auto create = [&](std::vector<std::string> headers) {
        return stage.post("/v1/accounts", guard, headers);
    };
    for (const auto& headers : std::vector<std::vector<std::string>>{
             {login.cookie},
             {login.cookie, "X-CSRF-Token: "},
             {login.cookie, "X-CSRF-Token: x"},
             {login.cookie, other.csrf},
         }) {
        const Reply refused = create(headers);
        CHECK(refused.status == 403);
        CHECK(AccountStage::code_of(refused) == "CSRF_TOKEN_NEEDED");
    }
    CHECK(create({login.cookie, login.csrf}).status == 201);
    // What reads needs none, and neither does a token: no browser sends that by itself.
    CHECK(fetch(stage.port(), "GET", "/v1/accounts", {login.cookie}).status == 200);
    const Uuid third = stage.create("李四", {"admin"});
    CHECK(create({stage.token_of(third)}).status == 409);  // the name is taken, so it came through
}

TEST_CASE(
    "nobody learns from a refused login why it was refused",
    "[api][account][login][hostile][integration]"
) {
    AccountStage stage;
    stage.create("王小明", {"auditor"});
    stage.create("鎖住的", {"auditor"});
    const Uuid disabled = stage.create("停用的", {"auditor"});
    const Uuid secured = stage.create("雙重的", {"auditor"});
    stage.database.execute(
        "UPDATE accounts SET disabled_at = from_us(0), disable_reason = 'x' WHERE id = '" +
        to_string(disabled) + "'"
    );
    stage.database.execute(
        "INSERT INTO second_factors (account_id, secret, set_at) VALUES ('" + to_string(secured) +
        "', substring(sha256('s') FOR 20), now())"
    );
    for (int i = 0; i < 5; ++i)
        CHECK(stage.log_in({{"name", "鎖住的"}, {"password", "wrong password"}}).reply.status == 401);
    const std::string metrics = stage.authorization("metrics");
    const auto checks = [&] {
        const Reply text = fetch(stage.port(), "GET", "/metrics", {metrics});
        const std::string name = "\nsluice_api_password_checks_total ";
        return std::stoi(text.body.substr(text.body.find(name) + name.size()));
    };
    std::string shape;
    for (const json& attempt :
         {json{{"name", "王小明"}, {"password", "wrong password"}},
          json{{"name", "沒有這個人"}, {"password", "wrong password"}},
          json{{"name", "王\u200b小明"}, {"password", "wrong password"}},  // no name at all
          right("鎖住的"),
          right("停用的"),
          right("雙重的"),  // without its code
          json{{"name", "雙重的"}, {"password", "wrong password"}, {"totp", "000000"}}}) {
        INFO(attempt.dump());
        const int before = checks();
        const Reply refused = stage.log_in(attempt).reply;
        CHECK(checks() == before + 1);  // the same work
        CHECK(AccountStage::code_of(refused) == "LOGIN_FAILED");
        if (shape.empty()) shape = shape_of(refused);
        CHECK(shape_of(refused) == shape);
    }
    // The right ones still come in: nobody else's failures count against them.
    CHECK(stage.log_in(right()).reply.status == 201);
}

TEST_CASE("a code opens one session, and is needed", "[api][account][login][hostile][integration]") {
    AccountStage stage;
    const Uuid id = stage.create("局長", {"director"});
    const Bytes secret = account::make_totp_secret();
    const ledger::Act act{
        .action = "account.second_factor_set",
        .actor = ledger::system_actor("test"),
        .subject = {.kind = "account", .id = to_string(id)},
        .facts = "{}",
    };
    REQUIRE(catalogue::set_second_factor(stage.owner, id, secret, act, kStageStart).has_value());
    const std::int64_t step = account::totp_step(stage.clock.now());
    const auto with = [&](std::int64_t of) {
        json attempt = right("局長");
        attempt["totp"] = account::totp_code(secret, of);
        return stage.log_in(attempt);
    };
    CHECK(stage.log_in(right("局長")).reply.status == 401);
    CHECK(with(step - 3).reply.status == 401);
    const Login login = with(step);
    REQUIRE(login.reply.status == 201);
    CHECK(login.body()["second_factor"] == true);
    CHECK(with(step).reply.status == 401);      // replayed
    CHECK(with(step - 1).reply.status == 401);  // an older one, overheard
    CHECK(with(step + 1).reply.status == 201);
}

TEST_CASE(
    "a first password and an old one are good for setting another",
    "[api][account][login][integration]"
) {
    AccountStage stage;
    stage.create("王小明", {"auditor"});
    const auto refused_with = [&](const json& attempt, const char* code) {
        const Reply refused = stage.log_in(attempt).reply;
        CHECK(AccountStage::code_of(refused) == code);
        return refused.status;
    };
    json change = right();
    SECTION("first") {
        stage.database.execute("UPDATE passwords SET is_initial = true");
    }
    SECTION("a year old") {
        stage.database.execute("UPDATE passwords SET set_at = set_at - interval '365 days'");
    }
    CHECK(refused_with(right(), "PASSWORD_CHANGE_NEEDED") == 403);
    change["new_password"] = "short";
    CHECK(refused_with(change, "PASSWORD_UNFIT") == 422);
    // Not the same again; and none of these refusals is a failure that locks.
    change["new_password"] = kPassword;
    for (int i = 0; i < 6; ++i)
        CHECK(refused_with(change, "PASSWORD_UNFIT") == 422);
    change["new_password"] = "another horse battery";
    CHECK(stage.log_in(change).reply.status == 201);
    CHECK(stage.log_in(right()).reply.status == 401);
    CHECK(stage.log_in({{"name", "王小明"}, {"password", "another horse battery"}}).reply.status == 201);
}

TEST_CASE(
    "whoever has left is told so when the password is right, and nothing opens",
    "[api][account][login][article7][integration]"
) {
    AccountStage stage;
    const Uuid id = stage.create("王小明", {"auditor"});
    stage.create("陳大文", {"admin"});
    const std::string token = stage.token_of(id);
    const Login login = stage.log_in(right());
    CHECK(fetch(stage.port(), "GET", "/v1/cameras", {token}).status == 200);
    const std::string admin = stage.token_of(stage.create("管理員", {"admin"}));
    const Reply left = stage.post(
        "/v1/accounts/" + to_string(id) + "/depart",
        {{"acknowledgement_document", "離 1"}, {"acknowledgement_date", "2026-11-01"}},
        {admin}
    );
    CHECK(left.status == 200);
    CHECK(json::parse(left.body)["departure"]["document"] == "離 1");
    const Reply refused = fetch(stage.port(), "GET", "/v1/cameras", {token});
    CHECK(refused.status == 403);
    CHECK(AccountStage::code_of(refused) == "ART7_2_DEPARTED_ACCOUNT");
    CHECK(json::parse(refused.body)["article"] == "7(2)");
    const Reply cookie = fetch(stage.port(), "GET", "/v1/cameras", {login.cookie});
    CHECK((cookie.status == 401 || cookie.status == 403));
    CHECK(AccountStage::code_of(stage.log_in(right()).reply) == "ART7_2_DEPARTED_ACCOUNT");
    CHECK(
        AccountStage::code_of(stage.log_in({{"name", "王小明"}, {"password", "wrong password"}}).reply) ==
        "LOGIN_FAILED"
    );
}

TEST_CASE(
    "a body that is no login is refused before any password is tried",
    "[api][account][login][hostile][integration]"
) {
    AccountStage stage;
    for (const json& body :
         {json::object(),
          json{{"name", "x"}},
          json{{"name", 1}, {"password", "x"}},
          json{{"name", "x"}, {"password", json::array()}},
          json{{"name", "x"}, {"password", std::string(600, 'x')}},
          json{{"name", "x"}, {"password", "y"}, {"role", "admin"}}}) {
        const Reply refused = stage.log_in(body).reply;
        INFO(refused.body);
        CHECK((refused.status == 400 || refused.status == 422));
    }
    CHECK(fetch(stage.port(), "POST", "/v1/sessions").status == 401);
}

}  // namespace
}  // namespace sluice::test
