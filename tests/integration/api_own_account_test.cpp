// What people change of their own accounts over HTTP: the password, and a second factor.
#include "storage/account/sealed_secret.hpp"
#include "storage/account/totp.hpp"
#include "tests/integration/account_stage.hpp"

namespace sluice::test {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;

constexpr const char* kOtherPassword = "a horse that was corrected";

struct Person : AccountStage {
    Person() { first = log_in({{"name", "王小明"}, {"password", kPassword}}); }

    [[nodiscard]] Reply own(const std::string& what, const json& body, const Login& with) {
        return post("/v1/accounts/me/" + what, body, {with.cookie, with.csrf});
    }
    [[nodiscard]] static std::string said(const Reply& reply) {
        return reply.body.empty() ? std::to_string(reply.status)
                                  : json::parse(reply.body).value("code", std::to_string(reply.status));
    }
    /// A code of the secret that lies in the database.
    [[nodiscard]] std::string code(const char* table) {
        const std::string hex = database.query(std::string{"SELECT encode(secret, 'hex') FROM "} + table);
        const auto secret = account::open_secret(data.path(), id, from_hex(hex).value());
        if (!secret) FAIL(secret.error().describe());
        return account::totp_code(*secret, account::totp_step(clock.now()));
    }
    [[nodiscard]] std::string sealed_bytes() const {
        return database.query("SELECT octet_length(secret) FROM second_factors");
    }

    Uuid id = create("王小明", {"secretariat"});
    Login first;
};

TEST_CASE("a password is changed by its owner, and ends what it had opened", "[api][account][integration]") {
    Person person;
    const Login second = person.log_in({{"name", "王小明"}, {"password", kPassword}});
    const auto change = [&](const std::string& old, const std::string& fresh) {
        return Person::said(person.own("password", {{"password", old}, {"new_password", fresh}}, person.first)
        );
    };
    CHECK(change("wrong password", kOtherPassword) == "PASSWORD_WRONG");
    CHECK(change(kPassword, "short") == "PASSWORD_UNFIT");
    CHECK(change(kPassword, kPassword) == "PASSWORD_UNFIT");
    CHECK(Person::said(person.own("password", {{"password", kPassword}}, person.first)) == "MEMBER_MISSING");
    CHECK(change(kPassword, kOtherPassword) == "204");
    CHECK(fetch(person.port(), "GET", "/v1/cameras", {person.first.cookie}).status == 401);
    CHECK(person.database.query("SELECT count(*) FROM sessions WHERE ended_at IS NULL") == "0");
    CHECK(person.log_in({{"name", "王小明"}, {"password", kPassword}}).reply.status == 401);
    CHECK(person.log_in({{"name", "王小明"}, {"password", kOtherPassword}}).reply.status == 201);
    CHECK(
        person.database.query("SELECT count(*) FROM ledger_records WHERE action = 'account.password_changed'"
        ) == "1"
    );
    CHECK(second.reply.status == 201);
}

TEST_CASE(
    "wrong passwords lock an account also from inside a session",
    "[api][account][hostile][integration]"
) {
    Person person;
    const json wrong{{"password", "wrong password"}, {"new_password", kOtherPassword}};
    for (int i = 0; i < 5; ++i)
        CHECK(Person::said(person.own("password", wrong, person.first)) == "PASSWORD_WRONG");
    const json right{{"password", kPassword}, {"new_password", kOtherPassword}};
    CHECK(Person::said(person.own("password", right, person.first)) == "PASSWORD_WRONG");
    CHECK(fetch(person.port(), "GET", "/v1/cameras", {person.first.cookie}).status == 200);
    person.clock.move(16min);
    CHECK(Person::said(person.own("password", right, person.first)) == "204");
}

TEST_CASE("a second factor is set, used, replaced and removed by its owner", "[api][account][integration]") {
    Person person;
    CHECK(
        Person::said(person.own("totp/confirm", {{"totp", "123456"}}, person.first)) == "NO_FACTOR_PROPOSED"
    );
    CHECK(
        Person::said(person.own("totp", {{"password", "wrong password"}}, person.first)) == "PASSWORD_WRONG"
    );
    const Reply proposed = person.own("totp", {{"password", kPassword}}, person.first);
    REQUIRE(proposed.status == 200);
    CHECK(json::parse(proposed.body)["uri"].get<std::string>().starts_with("otpauth://totp/"));
    CHECK(json::parse(proposed.body)["replaces"] == false);
    CHECK(proposed.header("cache-control") == "no-store");
    // It does not count yet.
    CHECK(person.log_in({{"name", "王小明"}, {"password", kPassword}}).reply.status == 201);
    const std::string code = person.code("proposed_factors");
    const std::string wrong = code == "000000" ? "000001" : "000000";
    CHECK(Person::said(person.own("totp/confirm", {{"totp", wrong}}, person.first)) == "CODE_WRONG");
    CHECK(Person::said(person.own("totp/confirm", {{"totp", code}}, person.first)) == "204");
    CHECK(person.sealed_bytes() == "48");

    CHECK(person.log_in({{"name", "王小明"}, {"password", kPassword}}).reply.status == 401);
    // The code that confirmed it is used up.
    CHECK(person.log_in({{"name", "王小明"}, {"password", kPassword}, {"totp", code}}).reply.status == 401);
    person.clock.move(31s);
    const Login strong =
        person.log_in({{"name", "王小明"}, {"password", kPassword}, {"totp", person.code("second_factors")}});
    REQUIRE(strong.reply.status == 201);
    CHECK(strong.body()["second_factor"] == true);

    person.clock.move(31s);
    CHECK(Person::said(person.own("totp", {{"password", kPassword}}, strong)) == "PASSWORD_WRONG");
    CHECK(Person::said(person.own("totp/remove", {{"password", kPassword}}, strong)) == "PASSWORD_WRONG");
    const json both{{"password", kPassword}, {"totp", person.code("second_factors")}};
    CHECK(Person::said(person.own("totp/remove", both, strong)) == "204");
    CHECK(fetch(person.port(), "GET", "/v1/cameras", {strong.cookie}).status == 401);
    const Login plain = person.log_in({{"name", "王小明"}, {"password", kPassword}});
    REQUIRE(plain.reply.status == 201);
    CHECK(Person::said(person.own("totp/remove", {{"password", kPassword}}, plain)) == "NO_SECOND_FACTOR");
    CHECK(
        person.database.query(
            "SELECT string_agg(action, ' ' ORDER BY filed_at) FROM ledger_records WHERE action LIKE "
            "'account.second%'"
        ) == "account.second_factor_proposed account.second_factor_set account.second_factor_removed"
    );
}

TEST_CASE("a proposal that nobody confirms is over after ten minutes", "[api][account][integration]") {
    Person person;
    REQUIRE(person.own("totp", {{"password", kPassword}}, person.first).status == 200);
    person.clock.move(10min);
    const json late{{"totp", person.code("proposed_factors")}};
    CHECK(Person::said(person.own("totp/confirm", late, person.first)) == "NO_FACTOR_PROPOSED");
}

TEST_CASE(
    "a secret from before they were sealed is sealed at the next login",
    "[api][account][integration]"
) {
    Person person;
    const Bytes secret = account::make_totp_secret();
    person.database.execute(
        "INSERT INTO second_factors (account_id, secret, set_at) VALUES ('" + to_string(person.id) +
        "', '\\x" + to_hex(secret) + "', now())"
    );
    const std::string code = account::totp_code(secret, account::totp_step(person.clock.now()));
    CHECK(person.log_in({{"name", "王小明"}, {"password", kPassword}, {"totp", code}}).reply.status == 201);
    CHECK(person.sealed_bytes() == "48");
    person.clock.move(31s);
    const std::string next = account::totp_code(secret, account::totp_step(person.clock.now()));
    CHECK(person.code("second_factors") == next);
    CHECK(person.log_in({{"name", "王小明"}, {"password", kPassword}, {"totp", next}}).reply.status == 201);
}

}  // namespace
}  // namespace sluice::test
