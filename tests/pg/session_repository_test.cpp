#include "storage/catalogue/session_repository.hpp"

#include "storage/catalogue/live_mark_repository.hpp"
#include "storage/catalogue/principal_repository.hpp"
#include "tests/pg/catalogue_site.hpp"

namespace sluice::catalogue {
namespace {

const Sha256Digest kToken = sha256(as_bytes("token"));
const Sha256Digest kCookie = sha256(as_bytes("cookie"));

const ledger::Act kAct{
    .action = "session.opened",
    .actor = ledger::system_actor("test"),
    .subject = {.kind = "session", .id = "x"},
};

/// A site with a viewer's token.
struct Door : Site {
    Door() {
        Pool tool{database.conninfo("sluice_worker"), 1};
        need(create_machine_token(tool, "值班室", "viewer", kToken, kStart));
    }
    std::optional<UtcTime>
    open(UtcTime at, const Sha256Digest& cookie = kCookie, const Sha256Digest& token = kToken) {
        return need(open_session(
            reader,
            {.id = make_uuid_v7(at),
             .cookie_hash = cookie,
             .token_hash = token,
             .opened = at,
             .longest = 12h,
             .idle = 1h},
            kAct
        ));
    }
    bool is_open(UtcTime at) { return need(find_by_session(reader, kCookie, at)).has_value(); }
    std::vector<std::string> stale(UtcTime at) {
        std::vector<std::string> out;
        for (const EndedSession& ended : need(end_stale_sessions(reader, at)))
            out.push_back(ended.principal + " " + ended.reason + " " + to_rfc3339(ended.ended));
        return out;
    }
};

TEST_CASE("a session names who opened it, until it is closed", "[pg][catalogue][session]") {
    Door door;
    CHECK_FALSE(door.is_open(kStart));
    CHECK(door.open(kStart) == kStart + 12h);
    CHECK(door.database.query("SELECT count(*) FROM ledger_records WHERE action = 'session.opened'") == "1");
    const auto found = need(find_by_session(door.reader, kCookie, kStart));
    REQUIRE(found);
    CHECK(found->name == "值班室");
    CHECK(found->roles == std::vector<std::string>{"viewer"});
    CHECK(found->valid_to == kStart + 12h);
    CHECK_FALSE(need(find_by_session(door.reader, kToken, kStart)));  // a token is no cookie
    CHECK_FALSE(need(find_by_token(door.reader, kCookie, kStart)));   // nor the other way round
    const auto closed = need(close_session(door.reader, kCookie, kAct, kStart + 1min));
    REQUIRE(closed);
    CHECK(closed->reason == "closed");
    CHECK(closed->ended == kStart + 1min);
    CHECK_FALSE(door.is_open(kStart + 1min));
    CHECK_FALSE(need(close_session(door.reader, kCookie, kAct, kStart + 2min)));
    CHECK(door.stale(kStart + 24h).empty());
}

TEST_CASE("no session is opened without a valid token", "[pg][catalogue][session]") {
    Door door;
    CHECK_FALSE(door.open(kStart, kCookie, sha256(as_bytes("other"))));
    CHECK_FALSE(door.open(kStart - 1us));
    door.database.execute("UPDATE credentials SET revoked_at = now()");
    CHECK_FALSE(door.open(kStart));
    CHECK(door.database.query("SELECT count(*) FROM sessions") == "0");
}

TEST_CASE("a session ends when nobody asks, at its limit, and with its token", "[pg][catalogue][session]") {
    Door door;
    CHECK(door.open(kStart));
    CHECK(door.is_open(kStart + 59min));  // keeps it awake
    CHECK(door.is_open(kStart + 1h + 58min));
    CHECK_FALSE(door.is_open(kStart + 2h + 58min));  // idle for an hour
    CHECK(door.stale(kStart + 2h).empty());
    CHECK(
        door.stale(kStart + 5h) == std::vector<std::string>{"值班室 idle " + to_rfc3339(kStart + 2h + 58min)}
    );
    CHECK(door.stale(kStart + 5h).empty());  // told once
    CHECK_FALSE(door.is_open(kStart + 2h));  // and it does not come back

    const auto second = sha256(as_bytes("second"));
    CHECK(door.open(kStart, second));
    for (UtcTime at = kStart; at < kStart + 12h; at += 30min)
        CHECK(need(find_by_session(door.reader, second, at)));
    CHECK_FALSE(need(find_by_session(door.reader, second, kStart + 12h)));
    CHECK(door.stale(kStart + 12h) == std::vector<std::string>{"值班室 expired " + to_rfc3339(kStart + 12h)});

    const auto third = sha256(as_bytes("third"));
    CHECK(door.open(kStart, third));
    door.database.execute(
        "UPDATE credentials SET revoked_at = from_us(" + std::to_string(to_epoch_us(kStart + 1min)) + ")"
    );
    CHECK_FALSE(need(find_by_session(door.reader, third, kStart + 1min)));
    CHECK(
        door.stale(kStart + 1min) ==
        std::vector<std::string>{"值班室 token_invalid " + to_rfc3339(kStart + 1min)}
    );
}

TEST_CASE("a session lasts no longer than its token", "[pg][catalogue][session]") {
    Door door;
    door.database.execute(
        "UPDATE credentials SET valid_to = from_us(" + std::to_string(to_epoch_us(kStart + 3h)) + ")"
    );
    CHECK(door.open(kStart) == kStart + 3h);
}

TEST_CASE("a live mark is kept a stream and never goes back to an older file", "[pg][catalogue][hls]") {
    Site site;
    const LiveMarkRow first{.file_id = make_uuid_v7(kStart), .number = 7, .discontinuities = 1};
    const LiveMarkRow second{.file_id = make_uuid_v7(kStart + 1s), .number = 30, .discontinuities = 2};
    CHECK_FALSE(need(find_live_mark(site.reader, site.main)));
    need(save_live_mark(site.reader, site.main, first));
    CHECK(need(find_live_mark(site.reader, site.main)) == first);
    need(save_live_mark(site.reader, site.main, second));
    need(save_live_mark(site.reader, site.main, first));
    CHECK(need(find_live_mark(site.reader, site.main)) == second);
    CHECK_FALSE(need(find_live_mark(site.reader, site.sub)));
}

TEST_CASE("a segment is found by its id alone", "[pg][catalogue]") {
    Site site;
    FinishedRow row = site.finished(site.main, make_uuid_v7(kStart), kStart + 36h);
    row.row.id = make_uuid_v7(kStart);  // the clock was set meanwhile
    site.save(std::vector{row});
    const auto found = need(find_segment(site.reader, row.row.id));
    REQUIRE(found);
    CHECK(found->stream_id == site.main);
    CHECK(found->range.from == kStart + 36h);
    CHECK_FALSE(need(find_segment(site.reader, make_uuid_v7(kStart))));
}

}  // namespace
}  // namespace sluice::catalogue
