#include "jobs/xvr/store.hpp"

#include "config/base/log.hpp"
#include "jobs/xvr/picture.hpp"
#include "storage/catalogue/calendar_repository.hpp"
#include "storage/catalogue/footage_repository.hpp"
#include "storage/catalogue/hold_repository.hpp"
#include "storage/catalogue/policy_repository.hpp"
#include "storage/retention/rules.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

namespace sluice::xvr {
namespace {

using namespace std::chrono_literals;
using catalogue::NewIncident;
using nlohmann::json;

constexpr auto kFresh = 1min;  // calendar and policy
constexpr std::size_t kConnections = 2;
// A recorder has some dozen channels; of one with hundreds the first say enough.
constexpr std::size_t kMostListed = 24;

std::string dump(const json& value) {
    return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

/// The incident that follows from an event, the same whenever it is asked for.
NewIncident
incident_of(const access::Event& event, duty::IncidentKind kind, std::string cause, json subject) {
    subject["event"] = to_string(access::id_of(event.source, event.id));
    subject["source"] = event.source;
    subject["at"] = to_rfc3339(event.received);
    return {
        .id = access::id_of(event.source, "incident/" + event.id),
        .kind = kind,
        .opened = event.received,
        .cause = std::move(cause),
        .subject = dump(subject),
        .actor = ledger::system_actor("sluice-worker"),
    };
}

std::string_view act_words(std::string_view code) {
    if (code == "recorder.login") return "somebody logged in at the recorder itself";
    if (code == "recorder.playback") return "somebody played footage at the recorder itself";
    return "somebody exported footage at the recorder itself";
}

NewIncident incident_of(const Act& act, const Pending& pending) {
    json subject{{"recorder", pending.recorder->slug}, {"who", act.who}, {"address", act.address}};
    if (act.channel) subject["channel"] = *act.channel;
    if (act.footage) {
        subject["from"] = to_rfc3339(act.footage->from);
        subject["to"] = to_rfc3339(act.footage->to);
    }
    return incident_of(
        pending.event,
        act.code == "recorder.login" ? duty::IncidentKind::cyber : duty::IncidentKind::privacy_breach,
        std::string{act_words(act.code)} + ", and no session explains it",
        std::move(subject)
    );
}

/// A disk that fails tells of it again and again: one incident a day.
std::optional<NewIncident> storage_incident(const Pending& pending) {
    const access::Event& event = pending.event;
    if (!event.code.starts_with("recorder.storage_") || !pending.begins) return std::nullopt;
    NewIncident incident = incident_of(
        event,
        duty::IncidentKind::storage,
        "the recorder " + pending.recorder->slug + " complains about its disk: " + event.code,
        json{{"recorder", pending.recorder->slug}, {"code", event.code}}
    );
    const std::string day = calendar::to_iso(calendar::taipei_date(event.received));
    incident.id = access::id_of(event.source, "incident/" + event.code + "/" + day);
    return incident;
}

/// Something that stays so until somebody changes it: an event and a notice, once for each `key`.
void add_finding(
    const config::Recorder& recorder,
    std::string_view code,
    const std::string& key,
    json data,
    UtcTime now,
    catalogue::RecorderBatch& batch
) {
    access::Event event;
    event.source = source_of(recorder.slug);
    event.id = key;
    event.code = code;
    event.received = now;
    data["recorder"] = recorder.slug;
    event.data = dump(data);
    batch.notices.push_back(
        {.kind = catalogue::NoticeKind::recorder_finding,
         .subject_id = access::id_of(event.source, event.id),
         .audience = "secretariat"}
    );
    batch.events.push_back(std::move(event));
}

json drift_json(const std::vector<catalogue::RecorderTitleRow>& titles) {
    json list = json::array();
    for (const auto& title : titles)
        if (!title.is_same())
            list.push_back({{"channel", title.channel}, {"official", title.official}, {"shown", title.shown}}
            );
    if (list.size() > kMostListed) list.erase(list.begin() + kMostListed, list.end());
    return list;
}

json missing_json(const std::vector<RecorderPictureRow>& pictures) {
    json list = json::array();
    for (const auto& picture : pictures)
        if (list.size() < kMostListed)
            list.push_back(
                {{"channel", picture.channel},
                 {"camera", picture.camera},
                 {"state", to_string(picture.state)},
                 {"problem", picture.problem}}
            );
    return list;
}

/// Once a day where there was a picture; once where there never was one: nobody may be able to change that.
void add_missing_pictures(
    const config::Recorder& recorder,
    const std::vector<RecorderPictureRow>& pictures,
    UtcTime now,
    catalogue::RecorderBatch& batch
) {
    for (const Had had : {Had::once, Had::never}) {
        const auto channels = missing(pictures, had);
        if (channels.empty()) continue;
        const std::string when =
            had == Had::once ? calendar::to_iso(calendar::taipei_date(now)) : std::string{"never"};
        add_finding(
            recorder,
            "recorder.no_picture",
            "pictures/" + when + "/" + missing_key(channels),
            json{{"channels", missing_json(channels)}, {"had", had == Had::once}},
            now,
            batch
        );
    }
}

}  // namespace

Store::Store(std::string conninfo, const Clock& clock)
    : pool_(std::move(conninfo), kConnections),
      clock_(clock) {}

Status Store::save(const Inbox::Batch& batch, const std::vector<config::FlagRule>& rules) {
    if (auto fresh = refresh(clock_.now()); !fresh) return fresh;
    catalogue::RecorderBatch stored;
    for (const Pending& pending : batch.events) {
        if (auto placed = place_flags(pending, rules); !placed) return placed;
        if (const auto act = act_of(pending.event); act && pending.begins)
            if (auto judged = judge_into(pending, *act, stored); !judged) return judged;
        if (auto incident = storage_incident(pending)) stored.incidents.push_back(std::move(*incident));
        stored.events.push_back(pending.event);
    }
    if (!stored.events.empty())
        if (auto saved = catalogue::save_recorder_batch(pool_, stored, clock_.now()); !saved) return saved;
    for (const Look& look : batch.looks)
        if (auto saved = save_look(look); !saved) return saved;
    for (const catalogue::RecorderLinkRow& link : batch.links)
        if (auto saved = catalogue::save_recorder_link(pool_, link); !saved) return saved;
    return {};
}

Status Store::refresh(UtcTime now) {
    if (refreshed_ && now - *refreshed_ < kFresh && *refreshed_ <= now) return {};
    auto calendar = catalogue::load_calendar(pool_, now);
    if (!calendar) return std::unexpected(calendar.error());
    const auto history = catalogue::load_policy_history(pool_);
    if (!history) return std::unexpected(history.error());
    calendar_ = std::move(*calendar);
    policy_ = policy::in_force(*history, now).policy;
    refreshed_ = now;
    return {};
}

Status Store::place_flags(const Pending& pending, const std::vector<config::FlagRule>& rules) {
    const access::Event& event = pending.event;
    if (!pending.begins || !event.clip) return {};
    for (const Flag& flag : match_flags(rules, event.code, event.clip->camera, event.received, calendar_)) {
        const UtcTime midnight = calendar::start_of(calendar::taipei_date(event.received));
        const auto today = catalogue::load_rule_flags(pool_, flag.rule, midnight);
        if (!today) return std::unexpected(today.error());
        const FlagVerdict verdict = judge_flag(flag, *today);
        if (verdict == FlagVerdict::too_many)
            log::warn(
                "flag_rule_exhausted",
                {{"rule", flag.rule},
                 {"camera", flag.camera},
                 {"remedy",
                  "the event is kept, its footage is not flagged; raise most_a_day or change the rule"}}
            );
        if (verdict != FlagVerdict::place) continue;
        if (auto placed = place(flag, event); !placed) return placed;
    }
    return {};
}

Status Store::place(const Flag& flag, const access::Event& event) {
    const UtcTime now = clock_.now();
    const auto camera = catalogue::find_camera(pool_, flag.camera);
    if (!camera) return std::unexpected(camera.error());
    const UtcTime ceiling = retention::destroy_by(flag.range.from, static_cast<int>(policy_.ceiling_years));
    const UtcTime expires = std::min(flag.expires, ceiling);
    if (!*camera || expires <= now) return {};  // not recorded here; or the events waited for a month
    const catalogue::HoldRow hold{
        .id = access::id_of(event.source, "flag/" + flag.rule + "/" + event.id),
        .kind = catalogue::HoldKind::flag,
        .range = flag.range,
        .cameras = {(*camera)->id},
        .reason = "rule " + flag.rule + ": " + event.code,
        .owner_kind = "rule",
        .owner_id = access::id_of("/flag_rules", flag.rule),
        .owner = flag.rule,
        .legal_basis = {},
        .custodian = {},
        .review = {},
        .expires = expires,
        .placer_id = {},
        .placer = "sluice-worker",
        .placed = now,
        .release = {},
    };
    const auto placed = catalogue::place_hold(pool_, hold, ledger::system_actor("sluice-worker"));
    if (!placed) return std::unexpected(placed.error());
    return {};
}

Status Store::judge_into(const Pending& pending, const Act& act, catalogue::RecorderBatch& batch) {
    const auto grace = policy_.recorders.act_grace;
    const auto sessions = catalogue::load_recorder_sessions(
        pool_, pending.recorder->slug, {act.at - grace, act.at + grace + 1us}, clock_.now()
    );
    if (!sessions) return std::unexpected(sessions.error());
    const ActJudgement judged = judge_act(act, *sessions, pending.recorder->username, grace);
    catalogue::RecorderActRow row{
        .event_id = access::id_of(pending.event.source, pending.event.id),
        .at = act.at,
        .recorder = pending.recorder->slug,
        .code = act.code,
        .who = act.who,
        .verdict = "own",
        .request_id = {},
        .incident_id = {},
    };
    if (judged.verdict == ActVerdict::request) {
        row.verdict = "request";
        row.request_id = judged.session->request_id;
    }
    if (judged.verdict == ActVerdict::incident) {
        row.verdict = "incident";
        batch.incidents.push_back(incident_of(act, pending));
        row.incident_id = batch.incidents.back().id;
    }
    batch.acts.push_back(std::move(row));
    return {};
}

Status Store::save_look(const Look& look) {
    const std::string& slug = look.recorder->slug;
    const UtcTime now = clock_.now();
    catalogue::RecorderBatch findings;
    if (look.clock) {
        if (auto saved = catalogue::save_recorder_clock(pool_, slug, *look.clock); !saved) return saved;
        if (std::chrono::abs(look.clock->offset) > policy_.recorders.clock_limit)
            add_finding(
                *look.recorder,
                "recorder.clock_off",
                "clock/" + calendar::to_iso(calendar::taipei_date(look.clock->at)),
                json{{"offset_ms", look.clock->offset.count()}},
                look.clock->at,
                findings
            );
    }
    if (!look.titles.empty()) {
        if (auto saved = catalogue::save_recorder_titles(pool_, slug, look.titles); !saved) return saved;
        if (const std::string key = drift_key(look.titles); !key.empty())
            add_finding(
                *look.recorder,
                "recorder.title_drift",
                "titles/" + key,
                json{{"titles", drift_json(look.titles)}},
                now,
                findings
            );
    }
    if (!look.pictures.empty()) {
        const auto saved = save_pictures(slug, look.pictures);
        if (!saved) return std::unexpected(saved.error());
        add_missing_pictures(*look.recorder, *saved, now, findings);
    }
    if (findings.events.empty()) return {};
    return catalogue::save_recorder_batch(pool_, findings, now);
}

Result<std::vector<RecorderPictureRow>>
Store::save_pictures(const std::string& recorder, std::vector<RecorderPictureRow> pictures) {
    const auto before = catalogue::load_recorder_pictures(pool_, recorder);
    if (!before) return std::unexpected(before.error());
    // The end of the last attempt was in doubt.
    if (!before->empty() && before->front().asked == pictures.front().asked) return *before;
    for (RecorderPictureRow& picture : pictures) {
        const auto known = std::ranges::find(*before, picture.channel, &RecorderPictureRow::channel);
        picture = remember(known == before->end() ? nullptr : &*known, std::move(picture));
    }
    if (auto saved = catalogue::save_recorder_pictures(pool_, recorder, pictures); !saved)
        return std::unexpected(saved.error());
    return pictures;
}

}  // namespace sluice::xvr
