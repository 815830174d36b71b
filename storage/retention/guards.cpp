#include "storage/retention/guards.hpp"

#include <chrono>

#include <fmt/format.h>

namespace sluice::retention {
namespace {

using namespace std::chrono_literals;

// Two programs on one host read the clock one after the other; two hosts differ by what NTP leaves.
constexpr auto kSkew = 2s;

std::string text_of(const std::optional<UtcTime>& time) {
    return time ? to_rfc3339(*time) : "never";
}

}  // namespace

std::vector<Refusal>
find_refusals(const GuardFacts& facts, const policy::ClockLimits& limits, const Consent& consent) {
    std::vector<Refusal> refusals;
    if (facts.schema != facts.required_schema)
        refusals.push_back(
            {"DATABASE_NOT_MIGRATED",
             fmt::format(
                 "the database is at version {}, this program needs {}: sluice migrate, or the program that "
                 "fits it",
                 facts.schema,
                 facts.required_schema
             )}
        );
    if (!facts.is_confirmed)
        refusals.push_back(
            {"CATALOGUE_UNCONFIRMED",
             "the catalogue was made again from files or restored; compare it with a backup or an export of "
             "the audit log: sluice retention confirm"}
        );
    if (facts.newest_record && facts.now + kSkew < *facts.newest_record)
        refusals.push_back(
            {"CLOCK_BEFORE_LEDGER",
             fmt::format(
                 "it is {}, and the audit log has a record of {}: set the clock",
                 to_rfc3339(facts.now),
                 to_rfc3339(*facts.newest_record)
             )}
        );
    const bool is_synchronised = facts.is_synchronised.value_or(false);
    const bool was_synchronised =
        facts.last_synchronised && facts.now - *facts.last_synchronised <= limits.unsynchronised;
    if (!is_synchronised && !was_synchronised && !consent.clock)
        refusals.push_back(
            {"CLOCK_UNSYNCHRONISED",
             fmt::format(
                 "the host's clock was last known to be synchronised {}, over {} hours ago: start NTP, or "
                 "look at the clock and give --confirm-clock",
                 text_of(facts.last_synchronised),
                 limits.unsynchronised.count()
             )}
        );
    const bool is_apart =
        !facts.newest_footage || std::chrono::abs(facts.now - *facts.newest_footage) > limits.apart;
    if (facts.recorder_lives && is_apart && !consent.clock)
        refusals.push_back(
            {"CLOCK_DOUBTFUL",
             fmt::format(
                 "it is {}, the recorder lives, and its newest finished segment ends {}: look at the clock "
                 "and give --confirm-clock",
                 to_rfc3339(facts.now),
                 text_of(facts.newest_footage)
             )}
        );
    return refusals;
}

std::optional<Refusal>
judge_size(Microseconds planned, Microseconds footage, unsigned guard_percent, const Consent& consent) {
    if (consent.plan || planned.count() == 0) return std::nullopt;
    const auto percent = 100.0 * static_cast<double>(planned.count()) /
                         static_cast<double>(std::max<Microseconds::rep>(footage.count(), 1));
    if (percent <= guard_percent) return std::nullopt;
    return Refusal{
        "PLAN_TOO_LARGE",
        fmt::format(
            "the plan is {:.1f} % of all footage, more than the policy's {} %: look at it with --dry-run and "
            "give --confirm",
            percent,
            guard_percent
        )
    };
}

}  // namespace sluice::retention
