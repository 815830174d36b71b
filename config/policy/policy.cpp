#include "config/policy/policy.hpp"

#include <algorithm>
#include <array>
#include <functional>
#include <limits>
#include <optional>
#include <ranges>

namespace sluice::policy {
namespace {

using List = std::vector<std::int64_t>;

constexpr std::int64_t kMostDays = 36'500;
constexpr std::int64_t kMostDeadline = 366;  // an office calendar reaches no further than the next year

/// What may stand in a row. An integer and a word can be allowed side by side ("capacity").
struct Known {
    std::string_view id;
    std::string_view unit;
    std::int64_t least = 0;
    std::int64_t most = -1;  ///< below `least`: no number is taken
    std::array<std::string_view, 3> words{};
    bool is_list = false;
    bool is_clock = false;  ///< "08:00"
};
constexpr std::array kKnown{
    Known{.id = "RET_FLOOR_30D", .unit = "days", .least = 1, .most = kMostDays},
    Known{.id = "RET_CEILING_1Y", .unit = "years", .least = 1, .most = 100},
    Known{.id = "RET_KEEP", .unit = "days", .least = 1, .most = kMostDays, .words = {"capacity"}},
    Known{.id = "RET_WHEN_FULL", .unit = "", .words = {"overwrite_oldest", "stop"}},
    Known{.id = "RET_LAST_RESORT", .unit = "", .words = {"stop", "breach_floor"}},
    Known{.id = "RET_FLOOR_AT_RISK", .unit = "days", .least = 0, .most = kMostDays},
    Known{.id = "RET_PURGE_GUARD", .unit = "percent", .least = 1, .most = 100},
    Known{.id = "RET_CLOCK_UNSYNCHRONISED", .unit = "hours", .least = 1, .most = 168},
    Known{.id = "RET_CLOCK_APART", .unit = "minutes", .least = 1, .most = 1440},
    Known{.id = "HOLD_EXPIRY_NOTICE", .unit = "days", .least = 1, .most = kMostDays, .is_list = true},
    Known{.id = "DEADLINE_DECISION", .unit = "days", .least = 1, .most = kMostDeadline},
    Known{.id = "DEADLINE_EXTENSION", .unit = "days", .least = 0, .most = kMostDeadline},
    Known{.id = "DEADLINE_ARCHIVES", .unit = "days", .least = 1, .most = kMostDeadline},
    Known{.id = "DEADLINE_THIRD_PARTY", .unit = "days", .least = 1, .most = kMostDeadline},
    Known{.id = "DEADLINE_CORRECTION", .unit = "days", .least = 1, .most = kMostDeadline},
    Known{.id = "DEADLINE_REMEDY", .unit = "days", .least = 1, .most = kMostDeadline},
    Known{.id = "REQ_CHAIN_A_REVIEWER", .unit = "", .words = {"none", "optional", "required"}},
    Known{.id = "REQ_CHAIN_A_HEAD", .unit = "", .words = {"level1", "director"}},
    Known{.id = "REQ_CHAIN_B_REVIEWER", .unit = "", .words = {"none", "optional", "required"}},
    Known{.id = "REQ_LONGEST_PERIOD", .unit = "hours", .least = 1, .most = 24 * 366},
    Known{.id = "REQ_GRANT_VALID", .unit = "days", .least = 1, .most = kMostDays},
    Known{.id = "REQ_HOLD", .unit = "days", .least = 1, .most = kMostDays},
    Known{.id = "REQ_WITHDRAWN_HOLD", .unit = "days", .least = 1, .most = kMostDays},
    Known{.id = "REQ_CODE_TRIES", .unit = "tries", .least = 1, .most = 100},
    Known{.id = "REQ_RECORD_FLOOR", .unit = "years", .least = 1, .most = 100},
    Known{.id = "VIEW_PRESENCE", .unit = "minutes", .least = 1, .most = 60},
    Known{.id = "VIEW_AHEAD", .unit = "seconds", .least = 12, .most = 30},
    Known{.id = "PACKAGE_KEEP", .unit = "days", .least = 1, .most = kMostDays},
    Known{.id = "COPY_COLLECT_NOTICE", .unit = "days", .least = 1, .most = 366, .is_list = true},
    Known{.id = "COPY_DUE_NOTICE", .unit = "days", .least = 1, .most = 366, .is_list = true},
    Known{.id = "AUTH_PASSWORD_LENGTH", .unit = "letters", .least = 8, .most = 128},
    Known{.id = "AUTH_PASSWORD_AGE", .unit = "days", .least = 1, .most = kMostDays},
    Known{.id = "AUTH_PASSWORD_HISTORY", .unit = "passwords", .least = 0, .most = 24},
    Known{.id = "AUTH_LOGIN_FAILURES", .unit = "attempts", .least = 1, .most = 100},
    Known{.id = "AUTH_LOGIN_LOCK", .unit = "minutes", .least = 1, .most = 1440},
    Known{.id = "AUTH_SESSION_IDLE", .unit = "minutes", .least = 1, .most = 1440},
    Known{.id = "AUTH_SESSION_LONGEST", .unit = "hours", .least = 1, .most = 24},
    Known{.id = "LIVE_APPROVAL_LONGEST", .unit = "days", .least = 1, .most = 366},
    Known{.id = "AUTH_TOTP_TO_APPROVE", .unit = "", .words = {"required", "optional"}},
    Known{.id = "AUTH_TOTP_TO_EXPORT", .unit = "", .words = {"required", "optional"}},
    Known{.id = "AUTH_TOTP_TO_ESCORT", .unit = "", .words = {"required", "optional"}},
    Known{.id = "INC_REPORT_SECURITY", .unit = "hours", .least = 1, .most = 72},
    Known{.id = "INC_REPORT", .unit = "hours", .least = 1, .most = 24 * 366},
    Known{.id = "INC_CONTAIN", .unit = "hours", .least = 1, .most = 24 * 366},
    Known{.id = "INC_REMEDIATE", .unit = "days", .least = 1, .most = 366},
    Known{.id = "REPAIR_AFTER", .unit = "minutes", .least = 1, .most = 1440},
    Known{.id = "INSPECTION_DUE", .unit = "", .is_clock = true},
    Known{.id = "INSPECTION_COVERAGE", .unit = "percent", .least = 1, .most = 100},
    Known{.id = "DUTY_NOTICE", .unit = "days", .least = 1, .most = 366, .is_list = true},
    Known{.id = "DUTY_UPS_TEST", .unit = "hours", .least = 1, .most = 24},
    Known{.id = "DUTY_PERIOD_RAISES", .unit = "steps", .least = 0, .most = 3},
    Known{.id = "DOOR_FREE_FROM", .unit = "", .is_clock = true},
    Known{.id = "DOOR_FREE_FROM_BASIS", .unit = "", .words = {"assumed", "confirmed"}},
    Known{.id = "DOOR_FREE_TO", .unit = "", .is_clock = true},
    Known{.id = "DOOR_HELD_OPEN", .unit = "seconds", .least = 1, .most = 86'400},
    Known{.id = "ACS_AFTER_HOURS_GRACE", .unit = "minutes", .least = 0, .most = 240},
    Known{.id = "ACS_FORCED_RELEASE", .unit = "seconds", .least = 0, .most = 300},
    Known{.id = "ACS_SILENT_AFTER", .unit = "heartbeats", .least = 0, .most = 100},
    Known{.id = "ACS_INCIDENT_WITHIN", .unit = "days", .least = 0, .most = 366},
    Known{.id = "ACS_ALARM_HOLD", .unit = "days", .least = 0, .most = 366},
    Known{.id = "ACS_CLIP_BEFORE", .unit = "seconds", .least = 0, .most = 3600},
    Known{.id = "ACS_CLIP_AFTER", .unit = "seconds", .least = 1, .most = 3600},
    Known{.id = "ACS_KEEP", .unit = "years", .least = 1, .most = 10},
    Known{.id = "CONTRACTOR_FINDING_AFTER", .unit = "hours", .least = 1, .most = 24 * 366},
    Known{.id = "CONTRACTOR_TIME_TOLERANCE", .unit = "seconds", .least = 0, .most = 600},
    Known{.id = "CONTRACTOR_QUARANTINE_KEEP", .unit = "days", .least = 1, .most = 366},
    Known{.id = "CONTRACTOR_UPLOAD_LONGEST", .unit = "days", .least = 1, .most = 366},
    Known{.id = "RECORDER_CLOCK_LIMIT", .unit = "seconds", .least = 2, .most = 86'400},
    Known{.id = "RECORDER_ACT_GRACE", .unit = "minutes", .least = 0, .most = 240},
};

class Complaints {
public:
    void add(std::string_view rule, const std::string& text) {
        lines_ += (lines_.empty() ? "" : "\n") + std::string{rule} + ": " + text;
    }
    [[nodiscard]] bool are_none() const { return lines_.empty(); }
    [[nodiscard]] const std::string& text() const { return lines_; }

private:
    std::string lines_;
};

bool is_within(std::int64_t number, const Known& known) {
    return number >= known.least && number <= known.most;
}

/// "08:00" to "23:59", two digits each.
std::optional<std::chrono::minutes> clock_from(std::string_view text) {
    const auto digit = [&](std::size_t place) { return text[place] >= '0' && text[place] <= '9'; };
    if (text.size() != 5 || text[2] != ':' || !digit(0) || !digit(1) || !digit(3) || !digit(4))
        return std::nullopt;
    const int hour = (text[0] - '0') * 10 + (text[1] - '0');
    const int minute = (text[3] - '0') * 10 + (text[4] - '0');
    if (hour > 23 || minute > 59) return std::nullopt;
    return std::chrono::minutes{hour * 60 + minute};
}

std::string expected(const Known& known) {
    if (known.is_clock) return "must be a time of the day such as \"08:00\"";
    const std::string limits = std::to_string(known.least) + " to " + std::to_string(known.most);
    if (known.is_list) return "must be a list of whole numbers from " + limits;
    std::string text = "must be ";
    if (known.most >= known.least) text += "a whole number from " + limits;
    for (const std::string_view word : known.words)
        if (!word.empty()) text += (text.ends_with(' ') ? "\"" : " or \"") + std::string{word} + '"';
    return text;
}

bool fits(const Rule& rule, const Known& known) {
    if (const auto* number = std::get_if<std::int64_t>(&rule.value))
        return !known.is_list && is_within(*number, known);
    if (const auto* word = std::get_if<std::string>(&rule.value); word != nullptr && known.is_clock)
        return clock_from(*word).has_value();
    if (const auto* word = std::get_if<std::string>(&rule.value))
        return !word->empty() && std::ranges::find(known.words, *word) != known.words.end();
    const List& list = std::get<List>(rule.value);
    return known.is_list && !list.empty() && list.size() <= 16 &&
           std::ranges::all_of(list, [&](std::int64_t number) { return is_within(number, known); });
}

void check_rule(const Rule& rule, Complaints& complaints) {
    const auto known = std::ranges::find(kKnown, rule.id, &Known::id);
    if (known == kKnown.end()) return complaints.add(rule.id, "is no rule of this program; take it out");
    if (!fits(rule, *known)) return complaints.add(rule.id, expected(*known));
    const bool has_unit = !std::holds_alternative<std::string>(rule.value);
    if (rule.unit != known->unit && (has_unit || !rule.unit.empty()))
        complaints.add(rule.id, "unit must be \"" + std::string{known->unit} + "\"");
    if (rule.article.empty()) complaints.add(rule.id, "needs the article that it rests on");
    if (!rule.allowed_by.empty() && rule.id != "RET_LAST_RESORT")
        complaints.add(rule.id, "takes no allowed_by");
}

unsigned number_of(const Rule& rule) {
    const auto* number = std::get_if<std::int64_t>(&rule.value);
    return number != nullptr ? static_cast<unsigned>(*number) : 0;
}

/// All pre: every known rule is there once and fits.
RequestPolicy read_requests(const Rules& rules) {
    const auto find = [&](std::string_view id) -> const Rule& {
        return *std::ranges::find(rules, id, &Rule::id);
    };
    const auto number = [&](std::string_view id) { return number_of(find(id)); };
    const auto seat = [&](std::string_view id) {
        const auto& word = std::get<std::string>(find(id).value);
        return word == "none" ? Seat::none : word == "optional" ? Seat::optional : Seat::required;
    };
    return {
        .chain_a_reviewer = seat("REQ_CHAIN_A_REVIEWER"),
        .chain_a_head = std::get<std::string>(find("REQ_CHAIN_A_HEAD").value) == "level1"
                            ? ChainHead::level1
                            : ChainHead::director,
        .chain_b_reviewer = seat("REQ_CHAIN_B_REVIEWER"),
        .longest_period_hours = number("REQ_LONGEST_PERIOD"),
        .grant_days = number("REQ_GRANT_VALID"),
        .hold_days = number("REQ_HOLD"),
        .withdrawn_hold_days = number("REQ_WITHDRAWN_HOLD"),
        .code_tries = number("REQ_CODE_TRIES"),
        .record_floor_years = number("REQ_RECORD_FLOOR"),
    };
}

Logins read_logins(const Rules& rules) {
    const auto find = [&](std::string_view id) -> const Rule& {
        return *std::ranges::find(rules, id, &Rule::id);
    };
    const auto is_required = [&](std::string_view id) { return find(id).value == Rule::Value{"required"}; };
    return {
        .password_letters = number_of(find("AUTH_PASSWORD_LENGTH")),
        .password_days = number_of(find("AUTH_PASSWORD_AGE")),
        .password_history = number_of(find("AUTH_PASSWORD_HISTORY")),
        .most_failures = number_of(find("AUTH_LOGIN_FAILURES")),
        .lock = std::chrono::minutes{number_of(find("AUTH_LOGIN_LOCK"))},
        .session_idle = std::chrono::minutes{number_of(find("AUTH_SESSION_IDLE"))},
        .session_longest = std::chrono::hours{number_of(find("AUTH_SESSION_LONGEST"))},
        .live_days = number_of(find("LIVE_APPROVAL_LONGEST")),
        .wants_factor_to_approve = is_required("AUTH_TOTP_TO_APPROVE"),
        .wants_factor_to_export = is_required("AUTH_TOTP_TO_EXPORT"),
        .wants_factor_to_escort = is_required("AUTH_TOTP_TO_ESCORT"),
    };
}

std::vector<unsigned> days_ahead(const Rule& rule) {
    std::vector<unsigned> days;
    for (const std::int64_t count : std::get<List>(rule.value))
        days.push_back(static_cast<unsigned>(count));
    std::ranges::sort(days, std::greater{});
    return days;
}

DutyPolicy read_duties(const Rules& rules) {
    const auto find = [&](std::string_view id) -> const Rule& {
        return *std::ranges::find(rules, id, &Rule::id);
    };
    return {
        .repair_after = std::chrono::minutes{number_of(find("REPAIR_AFTER"))},
        .inspection_due =
            clock_from(std::get<std::string>(find("INSPECTION_DUE").value)).value_or(std::chrono::minutes{0}),
        .coverage_percent = number_of(find("INSPECTION_COVERAGE")),
        .notice_days_ahead = days_ahead(find("DUTY_NOTICE")),
        .ups_test = std::chrono::hours{number_of(find("DUTY_UPS_TEST"))},
        .period_raises = number_of(find("DUTY_PERIOD_RAISES")),
    };
}

DoorPolicy read_doors(const Rules& rules) {
    const auto find = [&](std::string_view id) -> const Rule& {
        return *std::ranges::find(rules, id, &Rule::id);
    };
    const auto clock = [&](std::string_view id) {
        return clock_from(std::get<std::string>(find(id).value)).value_or(std::chrono::minutes{0});
    };
    return {
        .free_from = clock("DOOR_FREE_FROM"),
        .free_to = clock("DOOR_FREE_TO"),
        .is_free_from_assumed = find("DOOR_FREE_FROM_BASIS").value == Rule::Value{"assumed"},
        .held_open = std::chrono::seconds{number_of(find("DOOR_HELD_OPEN"))},
    };
}

AccessPolicy read_access(const Rules& rules) {
    const auto number = [&](std::string_view id) {
        return number_of(*std::ranges::find(rules, id, &Rule::id));
    };
    return {
        .after_hours_grace = std::chrono::minutes{number("ACS_AFTER_HOURS_GRACE")},
        .forced_release = std::chrono::seconds{number("ACS_FORCED_RELEASE")},
        .silent_heartbeats = number("ACS_SILENT_AFTER"),
        .incident_days = number("ACS_INCIDENT_WITHIN"),
        .hold_days = number("ACS_ALARM_HOLD"),
        .clip_before = std::chrono::seconds{number("ACS_CLIP_BEFORE")},
        .clip_after = std::chrono::seconds{number("ACS_CLIP_AFTER")},
        .keep_years = number("ACS_KEEP"),
    };
}

Policy read(const Rules& rules) {
    const auto find = [&](std::string_view id) -> const Rule& {
        return *std::ranges::find(rules, id, &Rule::id);
    };
    const auto word = [&](std::string_view id) { return std::get<std::string>(find(id).value); };
    Policy policy;
    policy.floor_days = number_of(find("RET_FLOOR_30D"));
    policy.ceiling_years = number_of(find("RET_CEILING_1Y"));
    policy.keep_days = number_of(find("RET_KEEP"));
    policy.when_full = word("RET_WHEN_FULL") == "stop" ? WhenFull::stop : WhenFull::overwrite_oldest;
    policy.last_resort = word("RET_LAST_RESORT") == "stop" ? LastResort::stop : LastResort::breach_floor;
    policy.breach_allowed_by = find("RET_LAST_RESORT").allowed_by;
    policy.at_risk_days = number_of(find("RET_FLOOR_AT_RISK"));
    policy.purge_guard_percent = number_of(find("RET_PURGE_GUARD"));
    policy.clock = {
        .unsynchronised = std::chrono::hours{number_of(find("RET_CLOCK_UNSYNCHRONISED"))},
        .apart = std::chrono::minutes{number_of(find("RET_CLOCK_APART"))},
    };
    policy.expiry_notice_days_ahead = days_ahead(find("HOLD_EXPIRY_NOTICE"));
    policy.release = {
        .presence_minutes = number_of(find("VIEW_PRESENCE")),
        .ahead_seconds = number_of(find("VIEW_AHEAD")),
        .package_days = number_of(find("PACKAGE_KEEP")),
        .collect_notice_days_ahead = days_ahead(find("COPY_COLLECT_NOTICE")),
        .due_notice_days_ahead = days_ahead(find("COPY_DUE_NOTICE")),
    };
    policy.deadlines = {
        .decision_days = number_of(find("DEADLINE_DECISION")),
        .extension_days = number_of(find("DEADLINE_EXTENSION")),
        .archives_days = number_of(find("DEADLINE_ARCHIVES")),
        .third_party_days = number_of(find("DEADLINE_THIRD_PARTY")),
        .correction_days = number_of(find("DEADLINE_CORRECTION")),
        .remedy_days = number_of(find("DEADLINE_REMEDY")),
    };
    policy.requests = read_requests(rules);
    policy.logins = read_logins(rules);
    policy.incidents = {
        .report_security = std::chrono::hours{number_of(find("INC_REPORT_SECURITY"))},
        .report = std::chrono::hours{number_of(find("INC_REPORT"))},
        .contain = std::chrono::hours{number_of(find("INC_CONTAIN"))},
        .remediate = std::chrono::days{number_of(find("INC_REMEDIATE"))},
    };
    policy.duties = read_duties(rules);
    policy.doors = read_doors(rules);
    policy.access = read_access(rules);
    policy.contractor = {
        .finding_hours = number_of(find("CONTRACTOR_FINDING_AFTER")),
        .tolerance_seconds = number_of(find("CONTRACTOR_TIME_TOLERANCE")),
        .quarantine_days = number_of(find("CONTRACTOR_QUARANTINE_KEEP")),
        .upload_days = number_of(find("CONTRACTOR_UPLOAD_LONGEST")),
    };
    policy.recorders = {
        .clock_limit = std::chrono::seconds{number_of(find("RECORDER_CLOCK_LIMIT"))},
        .act_grace = std::chrono::minutes{number_of(find("RECORDER_ACT_GRACE"))},
    };
    return policy;
}

void check_together(const Policy& policy, Complaints& complaints) {
    if (policy.keep_days != 0 && policy.keep_days < policy.floor_days)
        complaints.add("RET_KEEP", "must not be shorter than RET_FLOOR_30D");
    // 365: the ceiling's day is before the anniversary, also in a year without 29 February.
    if (policy.floor_days >= policy.ceiling_years * 365U)
        complaints.add("RET_FLOOR_30D", "must end before RET_CEILING_1Y");
    if (policy.keep_days >= policy.ceiling_years * 365U)
        complaints.add("RET_KEEP", "must end before RET_CEILING_1Y");
    if (policy.doors.free_from >= policy.doors.free_to)
        complaints.add("DOOR_FREE_TO", "must come after DOOR_FREE_FROM");
    const bool breaches = policy.last_resort == LastResort::breach_floor;
    if (breaches && policy.breach_allowed_by.empty())
        complaints.add("RET_LAST_RESORT", "breach_floor needs allowed_by: who allowed it, and where");
    if (!breaches && !policy.breach_allowed_by.empty())
        complaints.add("RET_LAST_RESORT", "allowed_by stands only with breach_floor");
}

}  // namespace

Result<Policy> to_policy(const Rules& rules) {
    Complaints complaints;
    for (const Rule& rule : rules)
        check_rule(rule, complaints);
    for (const Known& known : kKnown) {
        const auto count = std::ranges::count(rules, known.id, &Rule::id);
        if (count == 0) complaints.add(known.id, "is missing; add its [[rule]]");
        if (count > 1) complaints.add(known.id, "stands twice; keep one");
    }
    if (!complaints.are_none()) return failure(Remedy::refuse, complaints.text(), "POLICY_INVALID");
    Policy policy = read(rules);
    check_together(policy, complaints);
    if (!complaints.are_none()) return failure(Remedy::refuse, complaints.text(), "POLICY_INVALID");
    return policy;
}

std::string describe(const Rule& rule) {
    std::string text;
    if (const auto* number = std::get_if<std::int64_t>(&rule.value)) text = std::to_string(*number);
    if (const auto* word = std::get_if<std::string>(&rule.value)) text = *word;
    if (const auto* list = std::get_if<List>(&rule.value))
        for (const std::int64_t number : *list)
            text += (text.empty() ? "" : ", ") + std::to_string(number);
    const bool has_unit = !rule.unit.empty() && !std::holds_alternative<std::string>(rule.value);
    if (has_unit) text += ' ' + rule.unit;
    if (!rule.allowed_by.empty()) text += " (allowed by " + rule.allowed_by + ")";
    return text;
}

std::vector<std::string> describe_changes(const Rules& before, const Rules& after) {
    std::vector<std::string> lines;
    for (const Rule& rule : after) {
        const auto old = std::ranges::find(before, rule.id, &Rule::id);
        if (old == before.end())
            lines.push_back(rule.id + ": new: " + describe(rule));
        else if (describe(*old) != describe(rule))
            lines.push_back(rule.id + ": " + describe(*old) + " -> " + describe(rule));
        else if (old->article != rule.article)
            lines.push_back(rule.id + ": article " + old->article + " -> " + rule.article);
    }
    for (const Rule& rule : before)
        if (std::ranges::find(after, rule.id, &Rule::id) == after.end())
            lines.push_back(rule.id + ": taken out");
    return lines;
}

}  // namespace sluice::policy
