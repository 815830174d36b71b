#include "jobs/xvr/rules.hpp"

#include "config/base/bytes.hpp"

#include <algorithm>

namespace sluice::xvr {
namespace {

using namespace std::chrono_literals;

bool is_granted(const SessionFacts& session, const Act& act) {
    if (!act.channel || !act.footage) return false;
    return std::ranges::any_of(session.items, [&](const SessionFacts::Item& item) {
        return item.channel == *act.channel && item.footage.from <= act.footage->from &&
               act.footage->to <= item.footage.to;
    });
}

bool is_on(const config::FlagRule& rule, UtcTime at, const calendar::Calendar& calendar) {
    calendar::Date date = calendar::taipei_date(at);
    const auto minute = std::chrono::floor<std::chrono::minutes>(at - calendar::start_of(date));
    if (rule.from != rule.to) {
        const bool is_over_midnight = rule.to < rule.from;
        const bool is_in_time = is_over_midnight ? minute >= rule.from || minute < rule.to
                                                 : minute >= rule.from && minute < rule.to;
        if (!is_in_time) return false;
        // The small hours belong to the day on which the time began.
        if (is_over_midnight && minute < rule.to) date -= calendar::days{1};
    }
    switch (rule.days) {
        case config::FlagDays::all:
            return true;
        case config::FlagDays::working:
            return calendar.is_working_day(date);
        case config::FlagDays::off:
            return !calendar.is_working_day(date);
    }
    return false;
}

std::string_view trim(std::string_view text) {
    const std::size_t begin = text.find_first_not_of(" \t");
    if (begin == std::string_view::npos) return {};
    return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

}  // namespace

ActJudgement judge_act(
    const Act& act,
    const std::vector<SessionFacts>& sessions,
    std::string_view own_user,
    std::chrono::minutes grace
) {
    const bool is_login = act.code == "recorder.login";
    if (is_login && !own_user.empty() && act.who == own_user) return {ActVerdict::own, nullptr};
    for (const SessionFacts& session : sessions) {
        const TimeRange near{session.open.from - grace, session.open.to + grace};
        if (near.contains(act.at) && (is_login || is_granted(session, act)))
            return {ActVerdict::request, &session};
    }
    return {ActVerdict::incident, nullptr};
}

std::vector<Flag> match_flags(
    const std::vector<config::FlagRule>& rules,
    std::string_view code,
    std::string_view camera,
    UtcTime at,
    const calendar::Calendar& calendar
) {
    std::vector<Flag> flags;
    for (const config::FlagRule& rule : rules) {
        if (rule.code != code || std::ranges::find(rule.cameras, camera) == rule.cameras.end()) continue;
        if (!is_on(rule, at, calendar)) continue;
        flags.push_back(
            {.rule = rule.name,
             .camera = std::string{camera},
             .range = {at - rule.pre, at + rule.post},
             .expires = at + std::chrono::days{rule.hold_days},
             .most_a_day = rule.most_a_day}
        );
    }
    return flags;
}

FlagVerdict judge_flag(const Flag& flag, const std::vector<catalogue::RuleFlagRow>& today) {
    const bool is_covered = std::ranges::any_of(today, [&](const catalogue::RuleFlagRow& placed) {
        return placed.camera == flag.camera && placed.range.from <= flag.range.from &&
               flag.range.to <= placed.range.to;
    });
    if (is_covered) return FlagVerdict::covered;
    return today.size() >= flag.most_a_day ? FlagVerdict::too_many : FlagVerdict::place;
}

std::vector<RecorderTitleRow>
compare_titles(const config::Recorder& recorder, const std::vector<ChannelTitle>& titles, UtcTime seen) {
    std::vector<RecorderTitleRow> checks;
    for (const config::Camera& camera : recorder.cameras) {
        if (camera.channel < 1) continue;
        RecorderTitleRow check{
            .channel = camera.channel,
            .camera = camera.slug,
            .official = camera.name,
            .shown = {},
            .seen = seen
        };
        const auto found = std::ranges::find(titles, camera.channel - 1, &ChannelTitle::index);
        if (found != titles.end()) check.shown = trim(found->name);
        checks.push_back(std::move(check));
    }
    std::ranges::sort(checks, {}, &RecorderTitleRow::channel);
    return checks;
}

std::string drift_key(const std::vector<RecorderTitleRow>& checks) {
    std::string text;
    for (const RecorderTitleRow& check : checks)
        if (!check.is_same())
            text += std::to_string(check.channel) + '\n' + check.official + '\n' + check.shown + '\n';
    return text.empty() ? text : to_hex(sha256(as_bytes(text)));
}

catalogue::RecorderClockRow to_reading(std::int64_t local_seconds, UtcTime asked, UtcTime answered) {
    const std::chrono::local_seconds local{std::chrono::seconds{local_seconds}};
    const auto day = std::chrono::floor<std::chrono::days>(local);
    // Half a second on average has passed since the second that it shows began.
    const UtcTime shown = calendar::start_of(day) + (local - day) + 500ms;
    const UtcTime middle = asked + (answered - asked) / 2;
    return {
        .at = middle,
        .offset = std::chrono::round<std::chrono::milliseconds>(shown - middle),
        .round_trip = std::chrono::round<std::chrono::milliseconds>(answered - asked),
    };
}

}  // namespace sluice::xvr
