#include "jobs/xvr/rules.hpp"

#include <catch2/catch.hpp>

using namespace sluice;
using namespace sluice::xvr;
using namespace std::chrono_literals;

namespace {

/// In Asia/Taipei.
UtcTime at(const char* date, std::chrono::minutes minute = 0min) {
    return calendar::start_of(calendar::date_from(date).value()) + minute;
}

const UtcTime kTen = at("2019-10-02", 10h);

SessionFacts session(int channel = 3) {
    return {
        .session_id = Uuid{{1}},
        .request_id = Uuid{{2}},
        .open = {kTen, kTen + 1h},
        .items = {{.channel = channel, .footage = {at("2019-09-30", 8h), at("2019-09-30", 9h)}}},
    };
}

Act playback(int channel = 3, std::chrono::minutes from = 8h + 10min, std::chrono::minutes to = 8h + 20min) {
    return {
        .code = "recorder.playback",
        .at = kTen + 5min,
        .who = "admin",
        .address = {},
        .channel = channel,
        .footage = TimeRange{at("2019-09-30", from), at("2019-09-30", to)},
    };
}

ActVerdict judge(const Act& act, const std::vector<SessionFacts>& sessions) {
    return judge_act(act, sessions, "sluice", 15min).verdict;
}

config::FlagRule rule() {
    config::FlagRule rule;
    rule.name = "night-line";
    rule.cameras = {"drive-left", "drive-right"};
    rule.code = "camera.line_crossed";
    rule.hold_days = 30;
    return rule;
}

}  // namespace

TEST_CASE(
    "what is played or exported at the recorder belongs to the session that was granted all of it",
    "[xvr][rule]"
) {
    const std::vector sessions{session(1), session(3)};
    const ActJudgement judged = judge_act(playback(), sessions, "sluice", 15min);
    CHECK(judged.verdict == ActVerdict::request);
    CHECK(judged.session == &sessions[1]);
    Act exported = playback();
    exported.code = "recorder.export";
    CHECK(judge(exported, sessions) == ActVerdict::request);
    CHECK(judge(playback(4), sessions) == ActVerdict::incident);
    CHECK(judge(playback(3, 7h + 59min), sessions) == ActVerdict::incident);
    CHECK(judge(playback(3, 8h, 9h), sessions) == ActVerdict::request);
    CHECK(judge(playback(3, 8h, 9h + 1min), sessions) == ActVerdict::incident);
    CHECK(judge(playback(), {}) == ActVerdict::incident);
    Act silent = playback();
    silent.footage.reset();
    CHECK(judge(silent, sessions) == ActVerdict::incident);  // it does not say what: somebody has to look
    silent = playback();
    silent.channel.reset();
    CHECK(judge(silent, sessions) == ActVerdict::incident);
}

TEST_CASE(
    "an act belongs to a session from its grace before to its grace after, and no longer",
    "[xvr][rule]"
) {
    Act login{
        .code = "recorder.login", .at = {}, .who = "admin", .address = {}, .channel = {}, .footage = {}
    };
    struct Row {
        UtcTime at;
        ActVerdict verdict;
    };
    for (const Row& row : {
             Row{kTen - 15min - 1us, ActVerdict::incident},
             Row{kTen - 15min, ActVerdict::request},
             Row{kTen + 30min, ActVerdict::request},
             Row{kTen + 1h + 15min - 1us, ActVerdict::request},
             Row{kTen + 1h + 15min, ActVerdict::incident},
         }) {
        login.at = row.at;
        CHECK(judge(login, {session()}) == row.verdict);
    }
}

TEST_CASE(
    "this program's own log-in is no incident, but its account plays and exports nothing",
    "[xvr][rule]"
) {
    Act act{
        .code = "recorder.login", .at = kTen, .who = "sluice", .address = {}, .channel = {}, .footage = {}
    };
    CHECK(judge(act, {}) == ActVerdict::own);
    CHECK(judge_act(act, {}, "", 15min).verdict == ActVerdict::incident);
    act.code = "recorder.export";
    CHECK(judge(act, {}) == ActVerdict::incident);
    act.code = "recorder.playback";
    CHECK(judge(act, {}) == ActVerdict::incident);
}

TEST_CASE("a rule flags the footage around its event, on its cameras, days and times", "[xvr][rule]") {
    const calendar::Calendar office{
        {}, {{calendar::date_from("2019-10-05").value(), false, ""}}  // a Saturday to work on
    };
    struct Row {
        const char* date;
        std::chrono::minutes minute;
        config::FlagDays days;
        std::chrono::minutes from;
        std::chrono::minutes to;
        bool matches;
    };
    using enum config::FlagDays;
    const Row rows[] = {
        {"2019-10-02", 3h, all, 0h, 0h, true},
        {"2019-10-02", 18h, all, 18h, 8h, true},
        {"2019-10-02", 17h + 59min, all, 18h, 8h, false},
        {"2019-10-02", 7h + 59min, all, 18h, 8h, true},
        {"2019-10-02", 8h, all, 18h, 8h, false},
        {"2019-10-02", 8h, all, 8h, 18h, true},
        {"2019-10-02", 18h, all, 8h, 18h, false},
        {"2019-10-02", 12h, working, 0h, 0h, true},  // a Wednesday
        {"2019-10-02", 12h, off, 0h, 0h, false},
        {"2019-10-05", 12h, working, 0h, 0h, true},
        {"2019-10-06", 12h, off, 0h, 0h, true},
        {"2019-10-06", 12h, working, 0h, 0h, false},
        // The night from Sunday to Monday belongs to the Sunday, that from Friday to Saturday to the Friday.
        {"2019-10-07", 2h, off, 18h, 8h, true},
        {"2019-10-07", 2h, working, 18h, 8h, false},
        {"2019-10-12", 2h, working, 18h, 8h, true},
        {"2019-10-07", 19h, working, 18h, 8h, true},
    };
    for (const Row& row : rows) {
        CAPTURE(row.date, row.minute.count(), row.from.count(), row.to.count());
        config::FlagRule one = rule();
        one.days = row.days;
        one.from = row.from;
        one.to = row.to;
        const auto flags =
            match_flags({one}, "camera.line_crossed", "drive-left", at(row.date, row.minute), office);
        CHECK(flags.size() == (row.matches ? 1U : 0U));
    }
    const UtcTime moment = at("2019-10-02", 12h);
    const auto flags = match_flags({rule(), rule()}, "camera.line_crossed", "drive-right", moment, office);
    REQUIRE(flags.size() == 2);
    CHECK(flags[0].rule == "night-line");
    CHECK(flags[0].camera == "drive-right");
    CHECK(flags[0].range == TimeRange{moment - 30s, moment + 60s});
    CHECK(flags[0].expires == moment + 30 * 24h);
    CHECK(match_flags({rule()}, "camera.object_left", "drive-left", moment, office).empty());
    CHECK(match_flags({rule()}, "camera.line_crossed", "lobby-1", moment, office).empty());
}

TEST_CASE("a flag that an earlier one covers is not placed again, and a day has its most", "[xvr][rule]") {
    Flag flag{.rule = "r", .camera = "a", .range = {kTen, kTen + 1min}, .expires = {}, .most_a_day = 2};
    CHECK(judge_flag(flag, {}) == FlagVerdict::place);
    CHECK(judge_flag(flag, {{"a", {kTen, kTen + 1min}}}) == FlagVerdict::covered);
    CHECK(judge_flag(flag, {{"b", {kTen, kTen + 1min}}}) == FlagVerdict::place);
    CHECK(judge_flag(flag, {{"a", {kTen + 1us, kTen + 1min}}}) == FlagVerdict::place);
    CHECK(judge_flag(flag, {{"b", {}}, {"b", {}}}) == FlagVerdict::too_many);
    CHECK(judge_flag(flag, {{"b", {}}, {"a", {kTen - 1h, kTen + 1h}}}) == FlagVerdict::covered);
}

TEST_CASE("titles are compared channel by channel, and each drift has a name of its own", "[xvr][rule]") {
    config::Recorder recorder;
    for (const int channel : {2, 1, 3}) {
        config::Camera camera;
        camera.channel = channel;
        camera.slug = "c" + std::to_string(channel);
        camera.name = "名" + std::to_string(channel);
        recorder.cameras.push_back(camera);
    }
    const auto same = compare_titles(recorder, {{0, "名1"}, {1, " 名2 "}, {2, "名3"}, {3, "CAM 4"}}, kTen);
    REQUIRE(same.size() == 3);
    CHECK(same[0] == RecorderTitleRow{1, "c1", "名1", "名1", kTen});
    CHECK(drift_key(same).empty());
    const auto other = compare_titles(recorder, {{0, "CAM 1"}, {1, "名2"}}, kTen);
    CHECK_FALSE(other[0].is_same());
    CHECK(other[1].is_same());
    CHECK(other[2] == RecorderTitleRow{3, "c3", "名3", "", kTen});
    const std::string key = drift_key(other);
    CHECK(key.size() == 64);
    CHECK(drift_key(compare_titles(recorder, {{0, "CAM 1"}, {1, "名2"}, {2, "CAM 3"}}, kTen)) != key);
}

TEST_CASE("the recorder's clock is compared with ours in the middle of the question", "[xvr][rule]") {
    // It shows 18:00:00 of Asia/Taipei, so it is half past that second on average.
    const std::int64_t shown = 1'570'039'200;
    const UtcTime truth = at("2019-10-02", 18h) + 500ms;
    CHECK(to_reading(shown, truth - 100ms, truth + 100ms).offset == 0ms);
    CHECK(to_reading(shown, truth - 100ms, truth + 100ms).round_trip == 200ms);
    CHECK(to_reading(shown, truth - 90s, truth - 90s).offset == 90s);
    CHECK(to_reading(shown, truth + 90s, truth + 90s).offset == -90s);
    CHECK(to_reading(shown, truth + 90s, truth + 90s).at == truth + 90s);
}
