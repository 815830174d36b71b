#include "storage/catalogue/login_repository.hpp"

#include "storage/catalogue/session_repository.hpp"
#include "tests/pg/account_stage.hpp"

namespace sluice::catalogue {
namespace {

using namespace std::chrono_literals;

constexpr LoginLimits kLimits{.most_failures = 5, .lock = 15min, .history = 2};
/// The form is all that the catalogue looks at; what argon2id says is storage/account's.
const std::string kHash = "$argon2id$v=19$m=65536,t=2,p=1$first";

struct LoginStage : AccountStage {
    Uuid id;
    std::string key;

    LoginStage() {
        NewAccount wanted = made("王小明", {"guard"});
        wanted.password_hash = kHash;
        id = create(wanted);
        key = wanted.name_key;
    }
    std::optional<LoginRow> begin(UtcTime at) { return need(begin_login(api, key, kLimits, at)); }
    PasswordSession session(UtcTime at) const {
        return {
            .id = make_uuid_v7(at),
            .cookie_hash = sha256(as_bytes(to_string(make_uuid_v7(at)))),
            .account_id = id,
            .totp_step = std::nullopt,
            .longest = 12h,
            .idle = 1h,
            .current_hash = std::nullopt,
            .new_hash = std::nullopt,
        };
    }
    std::optional<OpenedSession> open(const PasswordSession& session, UtcTime at) {
        return need(open_password_session(api, session, act("session.opened"), at));
    }
};

TEST_CASE("five attempts without success lock the account for a quarter of an hour", "[pg][account][login]") {
    LoginStage stage;
    for (int i = 0; i < 5; ++i) {
        const auto login = stage.begin(kStart);
        REQUIRE(login);
        CHECK(login->hash == kHash);
        CHECK(login->is_initial);
    }
    CHECK_FALSE(stage.begin(kStart));
    CHECK_FALSE(stage.begin(kStart + 15min - 1us));
    // A try while it is locked makes the lock no longer, and after it there are five again.
    for (int i = 0; i < 5; ++i)
        CHECK(stage.begin(kStart + 15min));
    CHECK_FALSE(stage.begin(kStart + 15min));
}

TEST_CASE("a success forgets the failures", "[pg][account][login]") {
    LoginStage stage;
    for (int round = 0; round < 3; ++round) {
        for (int i = 0; i < 4; ++i)
            REQUIRE(stage.begin(kStart));
        if (round % 2 == 0)
            CHECK(stage.open(stage.session(kStart), kStart));
        else
            CHECK(forgive_attempt(stage.api, stage.id).has_value());
    }
}

TEST_CASE("there is nothing to try for a name that is unknown, disabled or over", "[pg][account][login]") {
    LoginStage stage;
    CHECK_FALSE(need(begin_login(stage.api, "nobody", kLimits, kStart)));
    CHECK_FALSE(need(begin_login(stage.api, "", kLimits, kStart)));
    CHECK_FALSE(stage.begin(kStart - 1us));
    CHECK(stage.begin(kStart));
    SECTION("disabled") {
        need(disable_account(stage.api, stage.id, "why", stage.act("account.disabled"), kStart));
        CHECK_FALSE(stage.begin(kStart));
        CHECK_FALSE(stage.open(stage.session(kStart), kStart));
    }
    SECTION("over") {
        AccountRow account = *need(find_account(stage.api, stage.id));
        account.valid_to = kStart + 1h;
        need(change_account(stage.api, account, stage.act("account.changed"), kStart));
        CHECK(stage.begin(kStart + 1h - 1us));
        CHECK_FALSE(stage.begin(kStart + 1h));
        CHECK_FALSE(stage.open(stage.session(kStart + 1h), kStart + 1h));
    }
    SECTION("departed: who knows the password may know") {
        need(
            depart_account(stage.api, stage.id, {"離 1", "2026-01-02"}, stage.act("account.departed"), kStart)
        );
        CHECK(stage.begin(kStart)->is_departed);
        CHECK_FALSE(stage.open(stage.session(kStart), kStart));
    }
}

TEST_CASE("a code's step opens one session and no other", "[pg][account][login][hostile]") {
    LoginStage stage;
    REQUIRE(
        set_second_factor(stage.tool, stage.id, Bytes(20, 7), stage.act("account.second_factor_set"), kStart)
    );
    CHECK(stage.begin(kStart)->totp_secret == Bytes(20, 7));
    auto session = stage.session(kStart);
    session.totp_step = 100;
    CHECK(stage.open(session, kStart));
    for (const std::int64_t step : {100, 99}) {
        auto again = stage.session(kStart);
        again.totp_step = step;
        CHECK_FALSE(stage.open(again, kStart));
    }
    auto next = stage.session(kStart);
    next.totp_step = 101;
    CHECK(stage.open(next, kStart));
    CHECK(need(find_by_session(stage.api, next.cookie_hash, kStart))->has_second_factor);
}

TEST_CASE("a new password needs the old one, and the old ones are remembered", "[pg][account][login]") {
    LoginStage stage;
    const std::string second = "$argon2id$second";
    auto session = stage.session(kStart + 1h);
    session.current_hash = second;  // is not the current one
    session.new_hash = second;
    CHECK_FALSE(stage.open(session, kStart + 1h));
    session.current_hash = kHash;
    CHECK(stage.open(session, kStart + 1h));
    auto login = stage.begin(kStart + 1h);
    REQUIRE(login);
    CHECK(login->hash == second);
    CHECK_FALSE(login->is_initial);
    CHECK(login->password_set == kStart + 1h);
    CHECK(login->older_hashes == std::vector<std::string>{kHash});
    // The tool gives another first one, unlocks, and ends what is open.
    CHECK(need(find_by_session(stage.api, session.cookie_hash, kStart + 1h)));
    REQUIRE(reset_password(
        stage.tool, stage.id, "$argon2id$third", stage.act("account.password_reset"), kStart + 2h
    ));
    CHECK_FALSE(need(find_by_session(stage.api, session.cookie_hash, kStart + 1h)));
    login = stage.begin(kStart + 2h);
    CHECK(login->is_initial);
    CHECK(login->older_hashes == std::vector<std::string>{second, kHash});
}

TEST_CASE("a session by password ends with its time, its idleness and its account", "[pg][account][login]") {
    LoginStage stage;
    const auto session = stage.session(kStart);
    const auto opened = stage.open(session, kStart);
    REQUIRE(opened);
    CHECK(opened->expires == kStart + 12h);
    CHECK(opened->name == "王小明");
    const auto find = [&](UtcTime at) { return need(find_by_session(stage.api, session.cookie_hash, at)); };
    CHECK(find(kStart)->id == stage.id);
    CHECK(find(kStart)->valid_to == kStart + 12h);
    CHECK_FALSE(find(kStart)->has_second_factor);
    SECTION("idle") {
        CHECK(find(kStart + 1h - 1us));
        CHECK_FALSE(find(kStart + 2h));
        CHECK(need(end_stale_sessions(stage.api, kStart + 2h)).front().reason == "idle");
    }
    SECTION("its latest end") {
        for (int i = 0; i < 24; ++i)
            CHECK(find(kStart + i * 30min));
        CHECK_FALSE(find(kStart + 12h));
        CHECK(need(end_stale_sessions(stage.api, kStart + 12h)).front().reason == "expired");
    }
    SECTION("its owner leaves") {
        need(depart_account(
            stage.api, stage.id, {"離 1", "2026-01-02"}, stage.act("account.departed"), kStart + 1min
        ));
        CHECK(need(end_stale_sessions(stage.api, kStart + 1min)).front().reason == "account");
        CHECK_FALSE(find(kStart + 1min));
    }
    SECTION("closed") {
        CHECK(need(close_session(stage.api, session.cookie_hash, stage.act("session.closed"), kStart)));
        CHECK_FALSE(find(kStart));
        CHECK(stage.records("session.opened") == 1);
    }
}

}  // namespace
}  // namespace sluice::catalogue
