#pragma once

#include "config/config.hpp"
#include "jobs/xvr/meaning.hpp"
#include "storage/calendar/calendar.hpp"
#include "storage/catalogue/xvr_repository.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// What follows from a recorder's events. Pure.
namespace sluice::xvr {

// ---- acts at the recorder itself

/// A viewing session, and what of this recorder it was granted.
using SessionFacts = catalogue::RecorderSession;

enum class ActVerdict {
    own,      ///< a log-in of the account by which this program works
    request,  ///< belongs to a session
    incident  ///< nobody knows why it was done
};
struct ActJudgement {
    ActVerdict verdict = ActVerdict::incident;
    const SessionFacts* session = nullptr;  ///< the one it belongs to
};

/// A log-in belongs to a session that is open then, give or take `grace`; what is played or exported, and
/// says its channel and time, to one that was granted all of it. What does not say so is an incident: a
/// person has to look. The account of this program logs in again and again, but plays and exports nothing.
[[nodiscard]] ActJudgement judge_act(
    const Act& act,
    const std::vector<SessionFacts>& sessions,
    std::string_view own_user,
    std::chrono::minutes grace
);

// ---- flags

/// A hold that a rule asks for.
struct Flag {
    std::string rule;
    std::string camera;  ///< slug
    TimeRange range;
    UtcTime expires;
    unsigned most_a_day = 0;
};
[[nodiscard]] std::vector<Flag> match_flags(
    const std::vector<config::FlagRule>& rules,
    std::string_view code,
    std::string_view camera,
    UtcTime at,
    const calendar::Calendar& calendar
);

enum class FlagVerdict { place, covered, too_many };
/// `today`: what the rule has placed since the day began. What an earlier flag of it covers needs no other
/// one.
[[nodiscard]] FlagVerdict judge_flag(const Flag& flag, const std::vector<catalogue::RuleFlagRow>& today);

// ---- titles

using catalogue::RecorderTitleRow;
/// Each configured channel, in order.
[[nodiscard]] std::vector<RecorderTitleRow>
compare_titles(const config::Recorder& recorder, const std::vector<ChannelTitle>& titles, UtcTime seen);
/// Names this drift and no other; empty: there is none.
[[nodiscard]] std::string drift_key(const std::vector<RecorderTitleRow>& checks);

// ---- clock

/// The recorder's clock minus ours, in the middle of the question. It shows whole seconds in Asia/Taipei.
[[nodiscard]] catalogue::RecorderClockRow
to_reading(std::int64_t local_seconds, UtcTime asked, UtcTime answered);

}  // namespace sluice::xvr
