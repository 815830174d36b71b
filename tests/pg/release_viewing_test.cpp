#include "storage/catalogue/handout_repository.hpp"
#include "storage/catalogue/viewing_repository.hpp"
#include "storage/release/showing.hpp"
#include "storage/release/viewing.hpp"
#include "tests/pg/release_stage.hpp"

#include <random>
#include <set>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

namespace sluice::catalogue {
namespace {

using namespace test;
using namespace std::chrono_literals;
using nlohmann::json;

Pace pace_at(UtcTime now, Microseconds media) {
    return [=](std::optional<UtcTime> paid) -> std::optional<UtcTime> {
        const release::Charge charged = release::charge(paid, now, media, 30s);
        return charged.is_allowed ? std::optional{charged.paid_until} : std::nullopt;
    };
}

class Session : public ReleaseStage {
public:
    explicit Session(bool is_masked = false, const std::string& kind = "view") {
        grant(kind, {granted}, is_masked);
    }

    DeliveryRow row(TimeRange range) {
        return {
            .id = make_uuid_v7(now),
            .session_id = viewing_id,
            .camera_id = camera,
            .range = range,
            .bytes = 1000,
            .at = now,
            .piece = DeliveredPiece{.segment_id = stream, .first_fragment = 0, .end_fragment = 6},
        };
    }
    /// "recorded", "too_early", or the label of what stands against it.
    std::string deliver(TimeRange range) {
        const auto done = record_delivery(api, row(range), pace_at(now, range.length()));
        if (!done) return done.error().label();
        return *done == Outcome::recorded ? "recorded" : "too_early";
    }
    [[nodiscard]] json entry() const {
        return json::parse(database.query(
            "SELECT coalesce((SELECT facts::text FROM register_entries WHERE kind = 'session'), '{}')"
        ));
    }

    TimeRange granted{at_second(10), at_second(70)};
    TimeRange piece{at_second(10), at_second(16)};
};

TEST_CASE(
    "nothing is delivered without grant, escort and viewer, whatever the program thinks (article 9(4))",
    "[pg][release]"
) {
    Session session;
    CHECK(session.deliver(session.piece) == "ART9_4A_NO_ESCORT");  // no session at all
    session.open_session();
    CHECK(session.deliver(session.piece) == "recorded");

    struct Row {
        const char* name;
        std::string spoil;
        std::string mend;
    };
    const std::string id = Session::quoted(session.viewing_id);
    const std::string grant = Session::quoted(session.grant_id);
    const std::vector<Row> rows{
        {"presence ran out",
         "UPDATE viewing_sessions SET presence_to = " + Session::time(session.now) + " WHERE id = " + id,
         "UPDATE viewing_sessions SET presence_to = " + Session::time(session.now + 5min) +
             " WHERE id = " + id},
        {"revoked",
         "UPDATE grants SET revoked_at = now() WHERE id = " + grant,
         "UPDATE grants SET revoked_at = NULL WHERE id = " + grant},
        {"a mask",
         "UPDATE grants SET is_masked = true WHERE id = " + grant,
         "UPDATE grants SET is_masked = false WHERE id = " + grant},
        {"not in session",
         "UPDATE requests SET state = 'scheduled'",
         "UPDATE requests SET state = 'in_session'"},
        {"the slot is over",
         "UPDATE request_slots SET to_at = " + Session::time(session.now),
         "UPDATE request_slots SET to_at = " + Session::time(session.now + 2h)},
        {"no longer valid",
         "UPDATE grants SET decided_at = decided_at - interval '1 hour', valid_to = " +
             Session::time(session.now),
         "UPDATE grants SET valid_to = " + Session::time(session.now + 24h)},
    };
    for (const Row& row : rows) {
        INFO(row.name);
        session.database.execute(row.spoil);
        CHECK(session.deliver({at_second(16), at_second(18)}) == "ART9_4A_NO_ESCORT");
        session.database.execute(row.mend);
    }
    CHECK(session.deliver({at_second(16), at_second(18)}) == "recorded");
    CHECK(session.database.query("SELECT count(*) FROM deliveries") == "2");
}

TEST_CASE("nothing is delivered outside what was granted, not by a microsecond", "[pg][release]") {
    Session session;
    session.open_session();
    CHECK(session.deliver({at_second(9), at_second(11)}) == "ART7_NOT_APPROVED");
    CHECK(session.deliver({at_second(10) - 1us, at_second(11)}) == "ART7_NOT_APPROVED");
    CHECK(session.deliver({at_second(68), at_second(70) + 1us}) == "ART7_NOT_APPROVED");
    CHECK(session.deliver({at_second(68), at_second(70)}) == "recorded");
    DeliveryRow other = session.row(session.piece);
    other.stream = StreamKind::sub;
    CHECK(
        record_delivery(session.api, other, pace_at(session.now, 1s)).error().label() == "ART7_NOT_APPROVED"
    );
}

TEST_CASE(
    "a greedy client gets what the clock allows, and the register says exactly what it got",
    "[pg][release]"
) {
    Session session;
    session.open_session();
    std::uint64_t recorded = 0;
    UtcTime reached{};
    for (int i = 0; i < 10; ++i) {
        const TimeRange piece{at_second(10 + 6 * i), at_second(16 + 6 * i)};
        const std::string outcome = session.deliver(piece);
        CHECK(outcome == (i < 5 ? "recorded" : "too_early"));
        if (outcome != "recorded") continue;
        ++recorded;
        reached = piece.to;
    }
    CHECK(recorded == 5);
    session.now += 6s;
    CHECK(session.deliver({at_second(40), at_second(46)}) == "recorded");
    CHECK(session.deliver({at_second(46), at_second(52)}) == "too_early");

    const auto ended = end_viewing(
        session.api,
        {.id = session.viewing_id,
         .reason = "ended",
         .actor = {.id = session.escort, .name = "林陪同", .role = "secretariat"}},
        session.now
    );
    REQUIRE(ended);
    CHECK(*ended);
    const json entry = session.entry();
    REQUIRE(entry["cameras"].size() == 1);
    CHECK(entry["cameras"][0]["bytes"] == 6000);
    CHECK(entry["cameras"][0]["pieces"] == 6);
    REQUIRE(entry["cameras"][0]["delivered"].size() == 1);
    CHECK(entry["cameras"][0]["delivered"][0]["from"] == to_rfc3339(at_second(10)));
    CHECK(entry["cameras"][0]["delivered"][0]["to"] == to_rfc3339(at_second(46)));
    CHECK(entry["escort"] == "林陪同");
    session.now += 1min;
    CHECK(session.deliver(session.piece) == "ART9_4A_NO_ESCORT");
    // The audit log says the same, and an end is no second time.
    CHECK(
        session.database.query("SELECT count(*) FROM ledger_records WHERE action = 'viewing.ended'") == "1"
    );
    CHECK_FALSE(
        end_viewing(session.api, {.id = session.viewing_id, .reason = "ended", .actor = {}}, session.now)
            .value()
    );
}

TEST_CASE(
    "a clip goes to the viewer of the session in which its copy was ordered, and to nobody else (article "
    "9(4))",
    "[pg][release]"
) {
    Session session{false, "copy"};
    session.open_session();
    CHECK(session.deliver(session.piece) == "ART9_4A_NO_ESCORT");  // a copy plays nothing
    const Uuid job = make_uuid_v7(session.now);
    const NewCopy order{
        .id = make_uuid_v7(session.now),
        .request_id = session.request_id,
        .grant_id = session.grant_id,
        .session_id = session.viewing_id,
        .custodian_id = session.director,
        .custodian = "陳保管",
        .escort = "林陪同",
        .recipient = "王小明",
        .ordered = session.now,
        .due = session.now + 24h,
    };
    DeliveryRow clip = session.row(session.piece);
    clip.kind = DeliveryKind::clip;
    clip.piece.reset();
    clip.copy_id = order.id;
    clip.principal_id = session.viewer;
    const auto deliver = [&](const DeliveryRow& row) {
        DeliveryRow once = row;
        once.id = make_uuid_v7(session.now);
        const Status done = record_delivery(session.api, once);
        return done ? std::string{"recorded"} : done.error().label();
    };
    CHECK(deliver(clip) == "ART9_4A_NO_ESCORT");  // not ordered
    const auto ordered = order_copy(
        session.api,
        order,
        {.id = job,
         .kind = JobKind::export_,
         .arguments = "{}",
         .same_work = "export",
         .principal_id = session.director,
         .principal = "陳保管",
         .role = "secretariat"},
        session.act("copy.ordered")
    );
    if (!ordered) FAIL(ordered.error().describe());
    REQUIRE(ordered->has_value());
    CHECK(deliver(clip) == "recorded");
    DeliveryRow picture = clip;
    picture.kind = DeliveryKind::snapshot;
    CHECK(deliver(picture) == "recorded");
    DeliveryRow stranger = clip;
    stranger.principal_id = session.escort;
    CHECK(deliver(stranger) == "ART9_4A_NO_ESCORT");
    DeliveryRow outside = clip;
    outside.range.from -= 1us;
    CHECK(deliver(outside) == "ART7_NOT_APPROVED");
    DeliveryRow nobody = clip;
    nobody.principal_id.reset();
    CHECK(deliver(nobody) == "sqlstate_23514");  // constraint deliveries_kind_whole
    const auto kept = load_deliveries(session.api, session.viewing_id);
    REQUIRE(kept);
    REQUIRE(kept->size() == 2);
    CHECK(kept->front().copy_id == order.id);
    CHECK(kept->front().principal_id == session.viewer);
    CHECK_FALSE(kept->front().piece);
    session.database.execute("UPDATE copies SET failed_at = now(), failure = 'x'");
    CHECK(deliver(clip) == "ART9_4A_NO_ESCORT");
    const auto ended = end_viewing(
        session.api,
        {.id = session.viewing_id, .reason = "ended", .actor = session.act("x").actor},
        session.now
    );
    REQUIRE(ended);
    const json camera = session.entry()["cameras"][0];
    CHECK(camera["clips"] == 1);
    CHECK(camera["snapshots"] == 1);
    CHECK(camera["pieces"] == 0);
    CHECK(camera["bytes"] == 2000);
}

TEST_CASE("two requests at once are paid for one after the other", "[pg][release]") {
    Session session;
    session.open_session();
    std::vector<std::jthread> clients;
    std::atomic<int> recorded = 0;
    Pool pool{session.database.conninfo("sluice_api"), 8};
    for (int i = 0; i < 16; ++i)
        clients.emplace_back([&, i] {
            const TimeRange piece{at_second(10 + i), at_second(14 + i)};
            const auto done = record_delivery(pool, session.row(piece), pace_at(session.now, 4s));
            demand(done.has_value(), "a delivery failed");
            if (*done == Outcome::recorded) ++recorded;
        });
    clients.clear();
    CHECK(recorded == 7);  // 28 s of 30
    CHECK(session.database.query("SELECT count(*) FROM deliveries") == "7");
}

TEST_CASE("a session that nobody ends is ended, with its line in the register", "[pg][release]") {
    Session session;
    session.open_session();
    CHECK(session.deliver(session.piece) == "recorded");
    const auto overdue = [&](UtcTime now) {
        const auto found = load_overdue_viewings(session.worker, now - 5min, now);
        REQUIRE(found);
        return found->empty() ? std::string{} : found->front().reason;
    };
    CHECK(overdue(session.now + 10min - 1us).empty());
    CHECK(overdue(session.now + 10min) == "presence_lost");
    CHECK(overdue(session.now + 2h) == "slot_over");
    session.set_state("scheduled");  // not begun yet
    CHECK(overdue(session.now).empty());
    session.database.execute("UPDATE requests SET state_since = " + Session::time(session.now + 1s));
    CHECK(overdue(session.now) == "request_moved");  // interrupted
    session.database.execute("UPDATE grants SET revoked_at = now()");
    session.database.execute("SET session_replication_role = replica; UPDATE requests SET state = 'revoked'");
    CHECK(overdue(session.now) == "request_moved");
    const auto ended = end_viewing(
        session.worker,
        {.id = session.viewing_id, .reason = "request_moved", .actor = ledger::system_actor("sluice-worker")},
        session.now
    );
    if (!ended) FAIL(ended.error().describe());
    CHECK(session.entry()["reason"] == "request_moved");
    CHECK(session.entry()["cameras"][0]["bytes"] == 1000);
}

TEST_CASE("a session that nobody joined leaves no line in the register", "[pg][release]") {
    Session session;
    const auto appointment = find_appointment(session.api, session.request_id);
    REQUIRE(open_viewing(
        session.api,
        {.id = session.viewing_id,
         .appointment = **appointment,
         .opened = session.now,
         .presence_to = session.now + 5min},
        session.act("viewing.opened")
    ));
    const NewViewing second{
        .id = make_uuid_v7(session.now),
        .appointment = **appointment,
        .opened = session.now,
        .presence_to = session.now + 5min
    };
    CHECK(open_viewing(session.api, second, session.act("viewing.opened")).value() == std::nullopt);
    CHECK(session.deliver(session.piece) == "ART9_4A_NO_ESCORT");
    REQUIRE(end_viewing(
                session.api,
                {.id = session.viewing_id, .reason = "ended", .actor = session.act("x").actor},
                session.now
    )
                .value());
    CHECK(session.entry().empty());
    CHECK(find_open_viewing(session.api, session.request_id).value() == std::nullopt);
    CHECK(open_viewing(session.api, second, session.act("viewing.opened")).value().has_value());
}

TEST_CASE("a viewer's token opens its own session, and a code is tried five times", "[pg][release]") {
    Session session;
    session.open_session();
    const auto find = [&](const Uuid& id, const char* token) {
        return find_viewer(session.api, id, sha256(as_bytes(token)), session.now).value();
    };
    REQUIRE(find(session.viewing_id, "token").has_value());
    CHECK(find(session.viewing_id, "token")->account_id == session.viewer);
    CHECK_FALSE(find(session.viewing_id, "other").has_value());
    CHECK_FALSE(find(session.grant_id, "token").has_value());
    session.database.execute(
        "UPDATE principals SET valid_to = " + Session::time(session.now) +
        " WHERE id = " + Session::quoted(session.viewer)
    );
    CHECK_FALSE(find(session.viewing_id, "token").has_value());
    CHECK(try_code(session.api, session.slot_id, 5).value() == std::nullopt);  // this viewer has an account
    session.database.execute("UPDATE request_slots SET viewer_id = NULL, code_sha256 = sha256('123456')");
    for (int i = 0; i < 5; ++i)
        CHECK(try_code(session.api, session.slot_id, 5).value() == sha256(as_bytes("123456")));
    CHECK(try_code(session.api, session.slot_id, 5).value() == std::nullopt);
}

TEST_CASE(
    "no sequence of calls delivers without grant, escort and row, nor outside the interval",
    "[pg][release]"
) {
    Session session;
    std::mt19937 random{5};
    const auto draw = [&](int low, int high) { return std::uniform_int_distribution{low, high}(random); };
    std::set<std::string> outcomes;
    const auto actor = session.act("x").actor;
    for (int step = 0; step < 500; ++step) {
        session.now += draw(0, 3) == 0 ? draw(0, 15) * 1s : 0s;
        session.database.execute(
            "UPDATE request_slots SET from_at = " + Session::time(session.now - 1h) +
            ", to_at = " + Session::time(session.now + 1h)
        );
        const auto appointment = find_appointment(session.api, session.request_id).value();
        switch (draw(0, 14)) {
            case 0: {
                const Uuid id = make_uuid_v7(session.now);
                const auto opened = open_viewing(
                    session.api,
                    {.id = id,
                     .appointment = *appointment,
                     .opened = session.now,
                     .presence_to = session.now + 30s},
                    session.act("viewing.opened")
                );
                REQUIRE(opened);
                if (*opened) session.viewing_id = id;
                break;
            }
            case 1:
                REQUIRE(join_viewing(
                    session.api,
                    session.viewing_id,
                    sha256(as_bytes("t")),
                    session.act("viewing.joined"),
                    session.now
                ));
                break;
            case 2:
                REQUIRE(renew_presence(session.api, session.viewing_id, session.now + 60s));
                break;
            case 3:
                if (draw(0, 3) == 0)
                    REQUIRE(end_viewing(
                        session.api,
                        {.id = session.viewing_id, .reason = "ended", .actor = actor},
                        session.now
                    ));
                break;
            case 4:
                session.set_state(draw(0, 3) > 0 ? "in_session" : "scheduled");
                break;
            default: {
                const int from = draw(0, 80);
                const TimeRange piece{at_second(from), at_second(from + draw(1, 6))};
                const auto before = find_viewing(session.api, session.viewing_id).value();
                const std::string outcome = session.deliver(piece);
                outcomes.insert(outcome);
                const bool is_playing = before && before->joined && !before->ended &&
                                        session.now < before->presence_to &&
                                        before->request_state == "in_session";
                const bool is_inside = session.granted.from <= piece.from && piece.to <= session.granted.to;
                INFO("step " << step << ": " << outcome);
                if (outcome == "recorded") {
                    REQUIRE(is_playing);
                    REQUIRE(is_inside);
                } else if (outcome == "ART7_NOT_APPROVED") {
                    REQUIRE_FALSE(is_inside);
                } else if (outcome == "ART9_4A_NO_ESCORT") {
                    REQUIRE_FALSE(is_playing);
                }
            }
        }
    }
    CHECK(
        outcomes == std::set<std::string>{"recorded", "too_early", "ART7_NOT_APPROVED", "ART9_4A_NO_ESCORT"}
    );
    // Every delivery belongs to a session that was joined, and each one that ended is in the register with
    // all of its bytes.
    CHECK(
        session.database.query(
            "SELECT count(*) FROM deliveries d JOIN viewing_sessions s ON s.id = d.session_id "
            "WHERE s.joined_at IS NULL OR d.at < s.joined_at OR d.at > coalesce(s.ended_at, 'infinity')"
        ) == "0"
    );
    CHECK(
        session.database.query(
            "SELECT count(*) FROM viewing_sessions s JOIN register_entries e ON e.line = s.register_line "
            "WHERE "
            "(SELECT coalesce(sum(bytes), 0) FROM deliveries d WHERE d.session_id = s.id) <> "
            "(SELECT coalesce(sum((c->>'bytes')::bigint), 0) FROM jsonb_array_elements(e.facts->'cameras') c)"
        ) == "0"
    );
}

}  // namespace
}  // namespace sluice::catalogue
