#pragma once

#include "config/base/error.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

/// The rules of the house as data: numbers and words that the customer may change by a new version, never
/// constants of a program.
namespace sluice::policy {

/// A row of the policy as it was written.
struct Rule {
    using Value = std::variant<std::int64_t, std::string, std::vector<std::int64_t>>;
    std::string id;
    Value value;
    std::string unit;        ///< "days", "years", "percent", … or empty
    std::string article;     ///< of the customer's management rules, or an act and its article
    std::string allowed_by;  ///< who allowed what is forbidden else; only for RET_LAST_RESORT
    friend bool operator==(const Rule&, const Rule&) = default;
};
using Rules = std::vector<Rule>;

enum class WhenFull { overwrite_oldest, stop };
enum class LastResort { stop, breach_floor };
/// A seat of a chain of signatures that the house may leave empty.
enum class Seat { none, optional, required };
/// Whose signature ends the applicant's chain.
enum class ChainHead { level1, director };

/// When the host's clock is not to be believed: RET_CLOCK_*.
struct ClockLimits {
    std::chrono::hours unsynchronised{};  ///< so long at most
    std::chrono::minutes apart{};         ///< of now and the newest footage
    friend bool operator==(const ClockLimits&, const ClockLimits&) = default;
};

/// Requests to view or copy.
struct RequestPolicy {
    Seat chain_a_reviewer = Seat::required;        ///< REQ_CHAIN_A_REVIEWER
    ChainHead chain_a_head = ChainHead::director;  ///< REQ_CHAIN_A_HEAD
    Seat chain_b_reviewer = Seat::required;        ///< REQ_CHAIN_B_REVIEWER
    unsigned longest_period_hours = 0;             ///< REQ_LONGEST_PERIOD
    unsigned grant_days = 0;                       ///< REQ_GRANT_VALID
    unsigned hold_days = 0;                        ///< REQ_HOLD
    unsigned withdrawn_hold_days = 0;              ///< REQ_WITHDRAWN_HOLD
    unsigned code_tries = 0;                       ///< REQ_CODE_TRIES
    unsigned record_floor_years = 0;               ///< REQ_RECORD_FLOOR
    friend bool operator==(const RequestPolicy&, const RequestPolicy&) = default;
};

/// Statutory days, DEADLINE_*: counted from the day after, to be put on the office calendar
/// (storage/calendar).
struct Deadlines {
    unsigned decision_days = 0;
    unsigned extension_days = 0;
    unsigned archives_days = 0;
    unsigned third_party_days = 0;
    unsigned correction_days = 0;
    unsigned remedy_days = 0;
    friend bool operator==(const Deadlines&, const Deadlines&) = default;
};

/// What a grant opens: VIEW_*, PACKAGE_KEEP and COPY_*.
struct ReleasePolicy {
    unsigned presence_minutes = 0;
    unsigned ahead_seconds = 0;
    unsigned package_days = 0;
    std::vector<unsigned> collect_notice_days_ahead;  ///< longest first
    std::vector<unsigned> due_notice_days_ahead;      ///< likewise
    friend bool operator==(const ReleasePolicy&, const ReleasePolicy&) = default;
};

/// AUTH_* and LIVE_*: passwords, sessions and second factors.
struct Logins {
    unsigned password_letters = 0;
    unsigned password_days = 0;
    unsigned password_history = 0;  ///< so many former ones are not taken again
    unsigned most_failures = 0;     ///< in a row; then the account is locked
    std::chrono::minutes lock{};
    std::chrono::minutes session_idle{};
    std::chrono::hours session_longest{};
    unsigned live_days = 0;  ///< LIVE_APPROVAL_LONGEST
    bool wants_factor_to_approve = false;
    bool wants_factor_to_export = false;
    bool wants_factor_to_escort = false;
    friend bool operator==(const Logins&, const Logins&) = default;
};

/// INC_*: clocks of an incident, from its detection.
struct IncidentPolicy {
    std::chrono::hours report_security{};
    std::chrono::hours report{};
    std::chrono::hours contain{};
    std::chrono::hours remediate{};
    friend bool operator==(const IncidentPolicy&, const IncidentPolicy&) = default;
};

/// Inspections, duties and repairs.
struct DutyPolicy {
    std::chrono::minutes repair_after{};      ///< REPAIR_AFTER
    std::chrono::minutes inspection_due{};    ///< INSPECTION_DUE: after midnight in Asia/Taipei
    unsigned coverage_percent = 0;            ///< INSPECTION_COVERAGE
    std::vector<unsigned> notice_days_ahead;  ///< DUTY_NOTICE, longest first
    std::chrono::hours ups_test{};            ///< DUTY_UPS_TEST
    unsigned period_raises = 0;               ///< DUTY_PERIOD_RAISES, steps of severity
    friend bool operator==(const DutyPolicy&, const DutyPolicy&) = default;
};

/// DOOR_*: when doors are free on working days, as minutes behind midnight, and how long one may stand open.
struct DoorPolicy {
    std::chrono::minutes free_from{};
    std::chrono::minutes free_to{};
    bool is_free_from_assumed = true;
    std::chrono::seconds held_open{};  ///< of a door that has no limit of its own yet
    friend bool operator==(const DoorPolicy&, const DoorPolicy&) = default;
};

/// ACS_*: what follows from events at the doors.
struct AccessPolicy {
    std::chrono::minutes after_hours_grace{};
    std::chrono::seconds forced_release{};
    unsigned silent_heartbeats = 0;
    unsigned incident_days = 0;
    unsigned hold_days = 0;
    std::chrono::seconds clip_before{};
    std::chrono::seconds clip_after{};
    unsigned keep_years = 0;
    friend bool operator==(const AccessPolicy&, const AccessPolicy&) = default;
};

/// The contractor's cameras and clips: CONTRACTOR_*.
struct ContractorPolicy {
    unsigned finding_hours = 0;
    unsigned tolerance_seconds = 0;
    unsigned quarantine_days = 0;
    unsigned upload_days = 0;
    friend bool operator==(const ContractorPolicy&, const ContractorPolicy&) = default;
};

/// What recorders tell of themselves: RECORDER_*.
struct RecorderPolicy {
    std::chrono::seconds clock_limit{};  ///< a clock that is further off is a finding
    std::chrono::minutes act_grace{
    };  ///< before and after a session, for what is done at the recorder itself
    friend bool operator==(const RecorderPolicy&, const RecorderPolicy&) = default;
};

/// What the rows mean. Made by `to_policy` alone, so there is none with a number that nobody wrote.
struct Policy {
    unsigned floor_days = 0;     ///< RET_FLOOR_30D
    unsigned ceiling_years = 0;  ///< RET_CEILING_1Y
    /// RET_KEEP: 0: "capacity", footage stays until the disk needs it or the ceiling is there.
    unsigned keep_days = 0;
    WhenFull when_full = WhenFull::stop;
    LastResort last_resort = LastResort::stop;
    std::string breach_allowed_by;     ///< not empty with breach_floor
    unsigned at_risk_days = 0;         ///< RET_FLOOR_AT_RISK
    unsigned purge_guard_percent = 0;  ///< RET_PURGE_GUARD
    ClockLimits clock;
    std::vector<unsigned> expiry_notice_days_ahead;  ///< HOLD_EXPIRY_NOTICE, longest first
    Deadlines deadlines;
    ReleasePolicy release;
    RequestPolicy requests;
    Logins logins;
    IncidentPolicy incidents;
    DutyPolicy duties;
    DoorPolicy doors;
    AccessPolicy access;
    ContractorPolicy contractor;
    RecorderPolicy recorders;
    friend bool operator==(const Policy&, const Policy&) = default;
};

/// All complaints at once, one a line, each naming the rule and the cure: rules that are missing, unknown,
/// twice, of a wrong kind or out of their limits, and those that contradict each other. Error: refuse.
[[nodiscard]] Result<Policy> to_policy(const Rules& rules);

/// A policy file (TOML, [[rule]] tables). Form only; what it means is `to_policy`'s. Bounded at 1 MiB. Error:
/// refuse, with file name, line and column.
[[nodiscard]] Result<Rules> parse_rules(std::string_view text, const std::string& file);

/// One line a difference, in words for the director: "RET_KEEP: 30 days -> 90 days".
[[nodiscard]] std::vector<std::string> describe_changes(const Rules& before, const Rules& after);
/// "30 days", "30, 7, 1 days", "stop".
[[nodiscard]] std::string describe(const Rule& rule);

}  // namespace sluice::policy
