#include "config/base/token.hpp"
#include "jobs/lapse.hpp"
#include "storage/catalogue/principal_repository.hpp"
#include "storage/catalogue/register_repository.hpp"
#include "storage/catalogue/request_repository.hpp"
#include "storage/catalogue/request_step_repository.hpp"
#include "storage/retention/confirm.hpp"
#include "tests/pg/catalogue_site.hpp"

#include <future>
#include <set>
#include <vector>

#include <pqxx/pqxx>

namespace sluice::catalogue {
namespace {

using release::Case;
using release::RequestAction;
using release::RequestState;

constexpr UtcTime kNewYear =
    UtcTime{std::chrono::sys_days{std::chrono::year{2026} / 12 / 31}} + 16h;  // in Taipei

struct Desk {
    Site site;
    Pool owner{site.database.conninfo("sluice_super"), 1};
    Pool api{site.database.conninfo("sluice_api"), 8};
    Pool worker{site.database.conninfo("sluice_worker"), 1};
    Uuid keeper = need(create_person_token(owner, "秘書", {"secretariat"}, token_hash(make_token()), kStart))
                      .value()
                      .id;

    [[nodiscard]] ledger::Actor actor() const { return {keeper, "秘書", "secretariat"}; }
    /// A draft from outside of the first camera.
    [[nodiscard]] Case draft() {
        Case request;
        request.id = make_uuid_v7(kStart);
        request.channel = release::Channel::external;
        request.applicant = "王小明";
        request.unit = "民眾";
        request.cameras = {site.inventory.cameras[0].id};
        request.interval = TimeRange{kStart, kStart + 20min};
        request.enterer_id = keeper;
        request.enterer = "秘書";
        request.created = request.since = kStart;
        const ledger::Act act{
            .action = "request.drafted", .actor = actor(), .subject = {"request", to_string(request.id)}
        };
        REQUIRE(need(create_request(api, request, act)));
        return request;
    }
    [[nodiscard]] TakenStep step(const Case& request, RequestAction action, RequestState to, UtcTime now)
        const {
        TakenStep made;
        made.request_id = request.id;
        made.revision = request.revision;
        made.action = action;
        made.part = release::Part::handler;
        made.from = request.state;
        made.to = to;
        made.actor = actor();
        made.now = now;
        made.dossier_number = request.dossier_number;
        return made;
    }
    [[nodiscard]] TakenStep acceptance(const Case& request, UtcTime now) const {
        TakenStep made = step(request, RequestAction::accept, RequestState::accepted, now);
        made.acceptance = Acceptance{1, "{}"};
        return made;
    }
    [[nodiscard]] Case load(const Uuid& id) { return need(find_request(api, id)).value(); }
    [[nodiscard]] Case submitted() {
        const Case request = draft();
        REQUIRE(need(take_step(api, step(request, RequestAction::submit, RequestState::submitted, kStart))));
        return load(request.id);
    }
};

HoldRow hold_of(const Desk& desk, const Case& request, HoldKind kind, UtcTime end) {
    HoldRow hold;
    hold.id = make_uuid_v7(kStart);
    hold.kind = kind;
    hold.range = *request.interval;
    hold.cameras = request.cameras;
    hold.reason = "request";
    hold.owner_kind = "request";
    hold.owner_id = request.id;
    hold.owner = request.applicant;
    hold.expires = end;
    hold.placer_id = desk.keeper;
    hold.placer = "秘書";
    hold.placed = kStart;
    return hold;
}

TEST_CASE("a step is taken once, and leaves history, record and hold", "[pg][request]") {
    Desk desk;
    const Case request = desk.draft();
    TakenStep submission = desk.step(request, RequestAction::submit, RequestState::submitted, kStart);
    submission.holds.places = hold_of(desk, request, HoldKind::request, kStart + 24h);
    submission.notices = {{.kind = NoticeKind::submitted, .subject_id = request.id, .audience = "secretariat"}
    };
    CHECK(need(take_step(desk.api, submission)).has_value());
    CHECK_FALSE(need(take_step(desk.api, submission)).has_value());
    const Case after = desk.load(request.id);
    CHECK(after.state == RequestState::submitted);
    CHECK(after.revision == 2);
    CHECK(after.submitted == kStart);
    CHECK(need(load_request_events(desk.api, request.id)).size() == 2);
    CHECK(desk.site.database.query("SELECT count(*)::text FROM holds WHERE owner_kind = 'request'") == "1");
    CHECK(
        desk.site.database.query(
            "SELECT string_agg(v.action, ' ') FROM notices n LEFT JOIN request_events v ON v.id = n.act_id"
        ) == "submit"
    );
    CHECK(
        desk.site.database.query(
            "SELECT string_agg(action, ' ' ORDER BY filed_at) FROM ledger_records WHERE action LIKE "
            "'request.%'"
        ) == "request.drafted request.submitted"
    );
}

/// The holds in force by what the audit log says of them.
retention::Evidence evidence_of(const Desk& desk) {
    retention::Evidence evidence;
    pqxx::connection connection{desk.site.database.conninfo("sluice_auditor")};
    pqxx::nontransaction session{connection};
    for (const auto& row : session.exec("SELECT record FROM ledger_records ORDER BY filed_at, id"))
        retention::add_record(evidence, row[0].as<std::string>());
    return evidence;
}

TEST_CASE(
    "what steps do with a case's holds is in the audit log, so that a catalogue without them is found out",
    "[pg][request][hold][confirm]"
) {
    Desk desk;
    Case request = desk.draft();
    TakenStep step = desk.step(request, RequestAction::submit, RequestState::submitted, kStart);
    const HoldRow first = hold_of(desk, request, HoldKind::request, kStart + 90 * 24h);
    step.holds.places = first;
    REQUIRE(need(take_step(desk.api, step)));
    auto known = evidence_of(desk).holds;
    REQUIRE(known.contains(first.id));
    CHECK(known.at(first.id).kind == "request");
    CHECK(known.at(first.id).cameras == std::vector<std::string>{"drive-left"});
    CHECK(known.at(first.id).expires == first.expires);

    // Replaced by that of the case.
    request = desk.load(request.id);
    step = desk.step(request, RequestAction::return_, RequestState::correction, kStart + 1h);
    step.due = kStart + 90min;
    const HoldRow second = hold_of(desk, request, HoldKind::legal_case, kStart + 50 * 24h);
    step.holds = {.releases = true, .places = second};
    REQUIRE(need(take_step(desk.api, step)));
    known = evidence_of(desk).holds;
    CHECK_FALSE(known.contains(first.id));
    REQUIRE(known.contains(second.id));

    // Ended earlier, by the worker.
    request = desk.load(request.id);
    step = desk.step(request, RequestAction::lapse, RequestState::lapsed, kStart + 2h);
    step.actor = ledger::system_actor("sluice-worker");
    step.holds.limits_to = kStart + 7 * 24h;
    REQUIRE(need(take_step(desk.worker, step)));
    auto evidence = evidence_of(desk);
    CHECK(evidence.holds.at(second.id).expires == kStart + 7 * 24h);
    CHECK(need(find_hold(desk.api, second.id))->expires == kStart + 7 * 24h);
    CHECK(need(retention::compare(desk.worker, evidence, kStart)).is_whole());

    desk.site.database.execute("DELETE FROM hold_cameras; DELETE FROM holds");  // as a rebuild leaves it
    const auto comparison = need(retention::compare(desk.worker, evidence, kStart));
    CHECK(comparison.missing_holds == std::vector<Uuid>{second.id});
}

TEST_CASE(
    "fifty acceptances at once, a third undone, across New Year: no number is missing and none is double",
    "[pg][request][article8]"
) {
    Desk desk;
    std::vector<Case> cases;
    for (int i = 0; i < 50; ++i)
        cases.push_back(desk.submitted());
    std::vector<std::future<std::string>> takers;
    for (std::size_t i = 0; i < cases.size(); ++i) {
        TakenStep step = desk.acceptance(cases[i], kNewYear + Microseconds{i % 2 == 0 ? -1 : 0});
        if (i % 3 == 0)
            step.also = [](pqxx::transaction_base&) -> Status {
                return failure(Remedy::refuse, "on purpose", "UNDONE");
            };
        takers.push_back(std::async(std::launch::async, [&desk, step]() -> std::string {
            while (true) {
                const auto done = take_step(desk.api, step);
                if (done) return *done ? (*done)->dossier_number.value_or("?") : "overtaken";
                if (done.error().label() == "UNDONE") return "";
                if (done.error().remedy() != Remedy::retry) return done.error().describe();
            }
        }));
    }
    std::multiset<std::string> numbers;
    for (auto& taker : takers)
        if (const std::string number = taker.get(); !number.empty()) numbers.insert(number);
    // i = 0, 3, 6, … are undone: 9 of the 25 of the old year (even), 8 of the 25 of the new.
    std::multiset<std::string> expected;
    for (int serial = 1; serial <= 16; ++serial) {
        const std::string digits = std::to_string(1'000'000 + serial).substr(1);
        expected.insert("115/" + digits);
        expected.insert("116/" + digits);
    }
    expected.insert("116/000017");
    CHECK(numbers == expected);
    CHECK(
        desk.site.database.query(
            "SELECT count(*) || ' ' || max(line) FROM register_entries WHERE kind = 'opened'"
        ) == "33 33"
    );
    CHECK(
        desk.site.database.query(
            "SELECT string_agg(year || ':' || last, ' ' ORDER BY year) FROM dossier_counters"
        ) == "115:16 116:17"
    );
}

TEST_CASE("the clock lets lapse what is overdue, and when it is", "[pg][request]") {
    Desk desk;
    const Case request = desk.submitted();
    TakenStep back = desk.step(request, RequestAction::return_, RequestState::correction, kStart + 1h);
    back.due = kStart + 48h;
    REQUIRE(need(take_step(desk.api, back)));
    CHECK(need(jobs::lapse_requests(desk.worker, kStart + 47h)) == 0);
    CHECK(need(jobs::lapse_requests(desk.worker, kStart + 48h)) == 1);
    CHECK(need(jobs::lapse_requests(desk.worker, kStart + 49h)) == 0);
    CHECK(desk.load(request.id).state == RequestState::lapsed);
    const auto history = need(load_request_events(desk.api, request.id));
    CHECK(history.back().principal == "sluice-worker");
    CHECK(history.back().part == "clock");
}

TEST_CASE(
    "a lapse is told to the secretariat and to whoever asked: once, however often and many the clocks look",
    "[pg][request][notices]"
) {
    Desk desk;
    const Case request = desk.submitted();
    const bool has_account = GENERATE(true, false);
    if (has_account)
        desk.site.database.execute("UPDATE requests SET applicant_id = '" + to_string(desk.keeper) + "'");
    TakenStep back = desk.step(request, RequestAction::return_, RequestState::correction, kStart + 1h);
    back.due = kStart + 48h;
    REQUIRE(need(take_step(desk.api, back)));
    const auto told = [&] {
        return desk.site.database.query(
            "SELECT coalesce(string_agg(concat_ws(' ', n.audience, p.name, (n.due_at - timestamptz '" +
            to_rfc3339(kStart) +
            "') / 3600, v.action), ', ' ORDER BY n.audience), '') FROM notices n LEFT JOIN principals p ON "
            "p.id = n.addressee_id LEFT JOIN request_events v ON v.id = n.act_id WHERE n.kind = 'lapsed'"
        );
    };
    CHECK(need(jobs::lapse_requests(desk.worker, kStart + 48h - 1us)) == 0);
    CHECK(told().empty());
    Pool other{desk.site.database.conninfo("sluice_worker"), 1};
    auto beside = std::async(std::launch::async, [&] { return jobs::lapse_requests(other, kStart + 48h); });
    const std::size_t here = need(jobs::lapse_requests(desk.worker, kStart + 48h));
    CHECK(here + need(beside.get()) == 1);
    CHECK(need(jobs::lapse_requests(desk.worker, kStart + 49h)) == 0);
    CHECK(
        told() == (has_account ? "applicant 秘書 00:00:48 lapse, secretariat 00:00:48 lapse"
                               : "secretariat 00:00:48 lapse")
    );
}

TEST_CASE("a request that the tables do not let lapse keeps no other one from it", "[pg][request]") {
    Desk desk;
    std::vector<Case> requests;
    for (int i = 0; i < 3; ++i) {
        requests.push_back(desk.submitted());
        TakenStep back =
            desk.step(requests.back(), RequestAction::return_, RequestState::correction, kStart + 1h);
        back.due = kStart + 48h + std::chrono::hours{i};
        REQUIRE(need(take_step(desk.api, back)));
    }
    // The oldest one.
    desk.site.database.execute(
        "ALTER TABLE requests ADD CONSTRAINT stuck CHECK (state <> 'lapsed' OR id <> '" +
        to_string(requests[0].id) + "')"
    );
    CHECK(need(jobs::lapse_requests(desk.worker, kStart + 72h)) == 2);
    CHECK(desk.load(requests[0].id).state == RequestState::correction);
    CHECK(desk.site.database.query("SELECT count(*) FROM notices WHERE kind = 'lapsed'") == "2");
    desk.site.database.execute("ALTER TABLE requests DROP CONSTRAINT stuck");
    CHECK(need(jobs::lapse_requests(desk.worker, kStart + 72h)) == 1);
}

TEST_CASE("ten thousand requests are listed by pages without looking at the others", "[pg][request]") {
    Desk desk;
    desk.site.database.execute(
        "INSERT INTO requests (id, channel, kind, state_since, applicant, unit, cameras, from_at, to_at, "
        "form, "
        "entered_by, enterer, created_at) SELECT gen_random_uuid(), 'external', 'view', now(), '王', '民眾', "
        "ARRAY['" +
        to_string(desk.site.inventory.cameras[0].id) +
        "']::uuid[], '2026-11-22 10:00Z', '2026-11-22 10:20Z', '{}', '" + to_string(desk.keeper) +
        "', '秘書', timestamptz '2026-01-01Z' + n * interval '1 minute' FROM generate_series(1, 10000) n; "
        "ANALYZE requests"
    );
    std::set<std::string> seen;
    std::optional<RequestCursor> after;
    while (true) {
        const auto page = need(load_requests(desk.api, {}, after, 1000));
        for (const auto& row : page)
            seen.insert(to_string(row.id));
        if (page.size() < 1000) break;
        after = RequestCursor{page.back().created, page.back().id};
    }
    CHECK(seen.size() == 10'000);
    // A page in the middle comes off an index in its order: nothing is sorted, nothing before it is read.
    const std::string plan = desk.site.database.query(
        "SET plan_cache_mode = force_generic_plan; PREPARE page (timestamptz, uuid, text) AS SELECT id FROM "
        "requests WHERE (created_at, id) < ($1, $2) AND ($3::text IS NULL OR state = $3) ORDER BY created_at "
        "DESC, id DESC LIMIT 101; EXPLAIN (FORMAT JSON) EXECUTE page (now(), gen_random_uuid(), NULL)"
    );
    CHECK_THAT(plan, Catch::Contains("Index") && !Catch::Contains("Seq Scan") && !Catch::Contains("Sort"));
}

TEST_CASE("steps of the same microsecond have the order in which they were taken", "[pg][request]") {
    Desk desk;
    Case request = desk.draft();
    for (int i = 0; i < 20; ++i) {
        TakenStep step = desk.step(request, RequestAction::sign, RequestState::draft, kStart);
        step.facts = "{\"place\": " + std::to_string(i) + "}";
        const auto done = need(take_step(desk.api, step));
        REQUIRE(done);
        request.revision = done->revision;
    }
    const auto history = need(load_request_events(desk.api, request.id));
    REQUIRE(history.size() == 21);
    for (std::size_t i = 0; i < 20; ++i)
        CHECK(history[i + 1].facts == "{\"place\": " + std::to_string(i) + "}");
}

}  // namespace
}  // namespace sluice::catalogue
