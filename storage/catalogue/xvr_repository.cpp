#include "storage/catalogue/xvr_repository.hpp"

#include "storage/catalogue/detail/load.hpp"
#include "storage/catalogue/detail/values.hpp"
#include "storage/catalogue/record_repository.hpp"

#include <algorithm>
#include <limits>

#include <nlohmann/json.hpp>

namespace sluice::catalogue {
namespace {

using detail::clean_text;
using detail::execute;
using detail::first_of;
using detail::load;
using detail::run;

constexpr const char* kSaveLink = R"(
    INSERT INTO recorder_links (recorder, state, since, problem, heard_at, unread, dropped, ignored)
    VALUES ($1, $2, from_us($3::bigint), $4, from_us($5::bigint), $6::bigint, $7::bigint, $8::bigint)
    ON CONFLICT (recorder) DO UPDATE SET state = excluded.state, since = excluded.since, problem = excluded.problem,
        heard_at = coalesce(excluded.heard_at, recorder_links.heard_at), unread = excluded.unread, dropped = excluded.dropped,
        ignored = excluded.ignored)";
constexpr const char* kLink = R"(
    SELECT recorder, state, to_us(since), problem, to_us(heard_at), unread, dropped, ignored
    FROM recorder_links WHERE recorder = $1)";
RecorderLinkRow to_link(const pqxx::row& row) {
    return {
        .recorder = row[0].as<std::string>(),
        .state = row[1].as<std::string>(),
        .since = detail::to_time(row[2]),
        .problem = row[3].as<std::string>(),
        .heard = detail::to_optional_time(row[4]),
        .unread = row[5].as<std::uint64_t>(),
        .dropped = row[6].as<std::uint64_t>(),
        .ignored = row[7].as<std::uint64_t>(),
    };
}

constexpr const char* kSaveClock = R"(
    INSERT INTO recorder_clock_readings (recorder, at, offset_ms, round_trip_ms)
    VALUES ($1, from_us($2::bigint), $3::bigint, $4::bigint) ON CONFLICT DO NOTHING)";
constexpr const char* kClock = R"(
    SELECT to_us(at), offset_ms, round_trip_ms FROM recorder_clock_readings WHERE recorder = $1 ORDER BY at DESC LIMIT 1)";
RecorderClockRow to_clock(const pqxx::row& row) {
    return {
        .at = detail::to_time(row[0]),
        .offset = std::chrono::milliseconds{row[1].as<std::int64_t>()},
        .round_trip = std::chrono::milliseconds{row[2].as<std::int64_t>()},
    };
}

constexpr const char* kSaveTitle = R"(
    INSERT INTO recorder_titles (recorder, channel, camera, official, shown, seen_at)
    VALUES ($1, $2::int, $3, $4, $5, from_us($6::bigint))
    ON CONFLICT (recorder, channel) DO UPDATE SET camera = excluded.camera, official = excluded.official, shown = excluded.shown,
        seen_at = excluded.seen_at)";
// A channel that is configured no more keeps its row, older than the others.
constexpr const char* kTitles = R"(
    SELECT channel, camera, official, shown, to_us(seen_at) FROM recorder_titles
    WHERE recorder = $1 AND seen_at = (SELECT max(t.seen_at) FROM recorder_titles t WHERE t.recorder = $1)
    ORDER BY channel)";
RecorderTitleRow to_title(const pqxx::row& row) {
    return {
        .channel = row[0].as<int>(),
        .camera = row[1].as<std::string>(),
        .official = row[2].as<std::string>(),
        .shown = row[3].as<std::string>(),
        .seen = detail::to_time(row[4]),
    };
}

// A row for each item; a session that was granted nothing of this recorder has one without.
constexpr const char* kSessions = R"(
    SELECT v.id, v.request_id, to_us(v.opened_at), to_us(coalesce(v.ended_at, from_us($4::bigint))), g.channel, to_us(g.from_at),
           to_us(g.to_at)
    FROM viewing_sessions v LEFT JOIN (
        SELECT i.grant_id, c.channel, i.from_at, i.to_at
        FROM grant_items i JOIN cameras c ON c.id = i.camera_id JOIN recorders r ON r.id = c.recorder_id
        WHERE r.slug = $1 AND c.channel IS NOT NULL) g ON g.grant_id = v.grant_id
    WHERE v.opened_at < from_us($3::bigint) AND (v.ended_at IS NULL OR v.ended_at >= from_us($2::bigint))
    ORDER BY v.opened_at, v.id)";
void add_session(std::vector<RecorderSession>& sessions, const pqxx::row& row) {
    const Uuid id = detail::to_uuid(row[0]);
    if (sessions.empty() || sessions.back().session_id != id)
        sessions.push_back(
            {.session_id = id,
             .request_id = detail::to_uuid(row[1]),
             .open = {detail::to_time(row[2]), detail::to_time(row[3])},
             .items = {}}
        );
    if (row[4].is_null()) return;
    sessions.back().items.push_back(
        {.channel = row[4].as<int>(), .footage = {detail::to_time(row[5]), detail::to_time(row[6])}}
    );
}

constexpr const char* kSaveAct = R"(
    INSERT INTO recorder_acts (event_id, at, recorder, code, who, verdict, request_id, incident_id)
    VALUES ($1::uuid, from_us($2::bigint), $3, $4, $5, $6, $7::uuid, $8::uuid) ON CONFLICT (event_id) DO NOTHING)";
constexpr const char* kActs = R"(
    SELECT event_id, to_us(at), recorder, code, who, verdict, request_id, incident_id FROM recorder_acts
    WHERE recorder = $1 AND (at, event_id) < (from_us($2::bigint), $3::uuid)
    ORDER BY at DESC, event_id DESC LIMIT $4::bigint)";
std::optional<Uuid> to_optional_uuid(const pqxx::field& field) {
    return field.is_null() ? std::nullopt : std::optional{detail::to_uuid(field)};
}
RecorderActRow to_act(const pqxx::row& row) {
    return {
        .event_id = detail::to_uuid(row[0]),
        .at = detail::to_time(row[1]),
        .recorder = row[2].as<std::string>(),
        .code = row[3].as<std::string>(),
        .who = row[4].as<std::string>(),
        .verdict = row[5].as<std::string>(),
        .request_id = to_optional_uuid(row[6]),
        .incident_id = to_optional_uuid(row[7]),
    };
}
void insert_act(pqxx::transaction_base& transaction, const RecorderActRow& act) {
    const auto text = [](const Uuid& id) { return to_string(id); };
    run(transaction,
        kSaveAct,
        to_string(act.event_id),
        to_epoch_us(act.at),
        act.recorder,
        act.code,
        clean_text(act.who),
        act.verdict,
        act.request_id.transform(text),
        act.incident_id.transform(text));
}

constexpr const char* kRuleFlags = R"(
    SELECT c.slug, to_us(h.from_at), to_us(h.to_at)
    FROM holds h JOIN hold_cameras k ON k.hold_id = h.id JOIN cameras c ON c.id = k.camera_id
    WHERE h.owner_kind = 'rule' AND h.owner = $1 AND h.placed_at >= from_us($2::bigint) AND h.released_at IS NULL)";
RuleFlagRow to_flag(const pqxx::row& row) {
    return {.camera = row[0].as<std::string>(), .range = {detail::to_time(row[1]), detail::to_time(row[2])}};
}

constexpr const char* kRecorders =
    "SELECT id, installation_id, slug, name, vendor FROM recorders WHERE retired_at IS NULL ORDER BY slug";
RecorderRow to_recorder(const pqxx::row& row) {
    return {
        .id = detail::to_uuid(row[0]),
        .installation_id = detail::to_uuid(row[1]),
        .slug = row[2].as<std::string>(),
        .name = row[3].as<std::string>(),
        .vendor = row[4].as<std::string>(),
    };
}

// A stream that is down for five minutes, or that nobody has written about for as long: its worker is gone.
// `off` is what somebody switched off.
constexpr const char* kFindings = R"(
    SELECT (SELECT count(*) FROM recorder_links l JOIN recorders r ON r.slug = l.recorder AND r.retired_at IS NULL
            WHERE l.state <> 'off' AND CASE l.state WHEN 'connected' THEN coalesce(l.heard_at, l.since) ELSE l.since END
                  < from_us($1::bigint) - interval '5 minutes')
         + (SELECT count(*) FROM recorder_titles t JOIN recorders r ON r.slug = t.recorder AND r.retired_at IS NULL
            WHERE t.shown <> t.official
              AND t.seen_at = (SELECT max(o.seen_at) FROM recorder_titles o WHERE o.recorder = t.recorder))
         + (SELECT count(*) FROM recorder_pictures p JOIN recorders r ON r.slug = p.recorder AND r.retired_at IS NULL
            WHERE p.state NOT IN ('ok', 'not_asked') AND p.had_at IS NOT NULL
              AND p.asked_at = (SELECT max(o.asked_at) FROM recorder_pictures o WHERE o.recorder = p.recorder)))";
std::uint64_t to_count(const pqxx::row& row) {
    return row[0].as<std::uint64_t>();
}

}  // namespace

Status save_recorder_link(Pool& pool, const RecorderLinkRow& link) {
    return execute(
        pool,
        kSaveLink,
        link.recorder,
        link.state,
        to_epoch_us(link.since),
        clean_text(link.problem),
        link.heard.transform([](UtcTime at) { return to_epoch_us(at); }),
        static_cast<std::int64_t>(link.unread),
        static_cast<std::int64_t>(link.dropped),
        static_cast<std::int64_t>(link.ignored)
    );
}

Status save_recorder_clock(Pool& pool, const std::string& recorder, const RecorderClockRow& clock) {
    return pool.with([&](Connection& connection) -> Status {
        pqxx::work transaction{connection.get()};
        const auto saved =
            run(transaction,
                kSaveClock,
                recorder,
                to_epoch_us(clock.at),
                clock.offset.count(),
                clock.round_trip.count());
        if (saved.affected_rows() == 0) return {};
        const nlohmann::json facts{
            {"offset_ms", clock.offset.count()},
            {"round_trip_ms", clock.round_trip.count()},
            {"at", to_rfc3339(clock.at)}
        };
        const auto record = append_record(
            transaction,
            {.action = "recorder.clock_measured",
             .actor = ledger::system_actor("sluice-worker"),
             .subject = {.kind = "recorder", .id = recorder},
             .facts = facts.dump()},
            clock.at
        );
        if (!record) return std::unexpected(record.error());
        transaction.commit();
        return {};
    });
}

Status
save_recorder_titles(Pool& pool, const std::string& recorder, const std::vector<RecorderTitleRow>& titles) {
    return pool.with([&](Connection& connection) -> Status {
        pqxx::work transaction{connection.get()};
        for (const RecorderTitleRow& title : titles)
            run(transaction,
                kSaveTitle,
                recorder,
                title.channel,
                title.camera,
                clean_text(title.official),
                clean_text(title.shown),
                to_epoch_us(title.seen));
        transaction.commit();
        return {};
    });
}

Result<std::vector<RecorderSession>>
load_recorder_sessions(Pool& pool, const std::string& recorder, const TimeRange& near, UtcTime now) {
    std::vector<RecorderSession> sessions;
    const Status status = pool.with([&](Connection& connection) -> Status {
        pqxx::nontransaction session{connection.get()};
        for (const auto& row :
             run(session, kSessions, recorder, to_epoch_us(near.from), to_epoch_us(near.to), to_epoch_us(now)
             ))
            add_session(sessions, row);
        return {};
    });
    if (!status) return std::unexpected(status.error());
    return sessions;
}

Status save_recorder_batch(Pool& pool, const RecorderBatch& batch, UtcTime now) {
    return pool.with([&](Connection& connection) -> Status {
        pqxx::work transaction{connection.get()};
        for (const NewIncident& incident : batch.incidents)
            if (const auto raised = raise_incident(transaction, incident); !raised)
                return std::unexpected(raised.error());
        for (const RecorderActRow& act : batch.acts)
            insert_act(transaction, act);
        for (const NewNotice& notice : batch.notices)
            raise_notice(transaction, notice, now);
        // Last: the next batch of anybody waits for this one's commit.
        const auto accepted = accept_events(
            transaction,
            {.channel = AccessChannel::recorder,
             .actor = ledger::system_actor("sluice-worker"),
             .events = batch.events},
            now
        );
        if (!accepted) return std::unexpected(accepted.error());
        transaction.commit();
        return {};
    });
}

Result<std::vector<RuleFlagRow>> load_rule_flags(Pool& pool, const std::string& rule, UtcTime since) {
    return load(pool, to_flag, kRuleFlags, rule, to_epoch_us(since));
}

Result<std::vector<RecorderRow>> load_recorders(Pool& pool) {
    return load(pool, to_recorder, kRecorders);
}

Result<RecorderWatchRow> load_recorder_watch(Pool& pool, const std::string& recorder) {
    auto link = first_of(load(pool, to_link, kLink, recorder));
    if (!link) return std::unexpected(link.error());
    auto clock = first_of(load(pool, to_clock, kClock, recorder));
    if (!clock) return std::unexpected(clock.error());
    auto titles = load(pool, to_title, kTitles, recorder);
    if (!titles) return std::unexpected(titles.error());
    auto pictures = load_recorder_pictures(pool, recorder);
    if (!pictures) return std::unexpected(pictures.error());
    return RecorderWatchRow{
        .link = std::move(*link),
        .clock = *clock,
        .titles = std::move(*titles),
        .pictures = std::move(*pictures),
    };
}

Result<std::uint64_t> count_recorder_findings(Pool& pool, UtcTime now) {
    const auto counted = load(pool, to_count, kFindings, to_epoch_us(now));
    if (!counted) return std::unexpected(counted.error());
    return counted->front();
}

Result<std::vector<RecorderActRow>> load_recorder_acts(
    Pool& pool,
    const std::string& recorder,
    std::optional<RecorderActCursor> after,
    std::size_t limit
) {
    constexpr UtcTime far_future = from_epoch_us(253'402'300'799'000'000);  // end of the year 9999
    const RecorderActCursor cursor = after.value_or(RecorderActCursor{.at = far_future, .event_id = {}});
    return load(
        pool,
        to_act,
        kActs,
        recorder,
        to_epoch_us(cursor.at),
        to_string(cursor.event_id),
        static_cast<std::int64_t>(limit)
    );
}

}  // namespace sluice::catalogue
