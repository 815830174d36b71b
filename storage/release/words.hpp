#pragma once

#include <array>
#include <optional>
#include <string_view>

/// Closed sets of words of requests to view or copy. Their spelling stands in rows, records and answers:
/// never change one.
namespace sluice::release {

enum class RequestState {
    draft,
    submitted,
    correction,
    accepted,
    screening,
    countersigning,
    deciding,
    granted,
    granted_partial,
    refused,
    scheduled,
    in_session,
    completed,
    closed,
    withdrawn,
    lapsed,
    not_held,
    appealed,
    revoked,
};
inline constexpr std::size_t kRequestStates = 19;
[[nodiscard]] std::string_view to_string(RequestState state) noexcept;
[[nodiscard]] std::optional<RequestState> request_state_from(std::string_view word) noexcept;

enum class RequestAction {
    submit,
    return_,  ///< "return" outside
    resubmit,
    sign,
    accept,
    screen,
    refer,
    answer_not_held,
    opine,
    grant,
    grant_part,
    refuse,
    reopen,
    schedule,
    start,
    interrupt,
    complete,
    close,
    withdraw,
    appeal,
    remand,
    uphold,
    revoke,
    extend,  ///< the time for the decision, once
    lapse,   ///< the clock's alone
};
inline constexpr std::size_t kRequestActions = 25;
[[nodiscard]] std::string_view to_string(RequestAction action) noexcept;
[[nodiscard]] std::optional<RequestAction> request_action_from(std::string_view word) noexcept;

enum class Channel {
    internal,  ///< a unit of the bureau
    external,  ///< a citizen or another body
    judicial,  ///< court or prosecutor, by official letter
};
inline constexpr std::size_t kChannels = 3;
[[nodiscard]] std::string_view to_string(Channel channel) noexcept;
[[nodiscard]] std::optional<Channel> channel_from(std::string_view word) noexcept;

enum class Kind { view, copy };
inline constexpr std::size_t kKinds = 2;
[[nodiscard]] std::string_view to_string(Kind kind) noexcept;
[[nodiscard]] std::optional<Kind> kind_from(std::string_view word) noexcept;

/// What somebody is in one case. A person may be several; the roles of an account say which at most.
enum class Part {
    applicant,         ///< of this case: the applicant's officer (chain A's first signature)
    unit_head,         ///< of the applicant's unit
    reviewer,          ///< 審核
    level1,            ///< first-level approver, 一層
    handler,           ///< handling officer of the secretariat
    secretariat_head,  ///< head of the secretariat
    ethics,            ///< 政風室
    consulted,         ///< head of a unit that is asked in this case
    director,          ///< 局長
    delegate,          ///< holds the director's power for a time, by a document
    escort,            ///< accompanies the viewing
    clock,             ///< the worker, when a time is over
};
inline constexpr std::size_t kParts = 12;
[[nodiscard]] std::string_view to_string(Part part) noexcept;
[[nodiscard]] std::optional<Part> part_from(std::string_view word) noexcept;

/// Grounds of article 10.
enum class Ground {
    statutory_secret,  ///< 10(1)
    investigation,     ///< 10(2)a
    fair_trial,        ///< 10(2)b
    life_safety,       ///< 10(2)c
    third_party,       ///< 10(3)
};
inline constexpr std::size_t kGrounds = 5;
[[nodiscard]] std::string_view to_string(Ground ground) noexcept;
[[nodiscard]] std::optional<Ground> ground_from(std::string_view word) noexcept;

enum class GroundAnswer { no, yes, unknown };
inline constexpr std::size_t kGroundAnswers = 3;
[[nodiscard]] std::string_view to_string(GroundAnswer answer) noexcept;
[[nodiscard]] std::optional<GroundAnswer> ground_answer_from(std::string_view word) noexcept;

enum class Stance { agree, agree_with_conditions, object };
inline constexpr std::size_t kStances = 3;
[[nodiscard]] std::string_view to_string(Stance stance) noexcept;
[[nodiscard]] std::optional<Stance> stance_from(std::string_view word) noexcept;

enum class EvidenceKind {
    police_report_form,         ///< 報案三聯單
    police_report_certificate,  ///< 受(處)理案件證明單, its successor
    official_letter,
    consent,
    undertaking,         ///< the signed form, with the notes that the applicant agrees to
    exception_document,  ///< article 12
    appeal,
    outcome,       ///< what became of an appeal
    signed_paper,  ///< an act of an applicant without an account
    signature,     ///< of the applicant after viewing or copying
};
inline constexpr std::size_t kEvidenceKinds = 10;
[[nodiscard]] std::string_view to_string(EvidenceKind kind) noexcept;
[[nodiscard]] std::optional<EvidenceKind> evidence_kind_from(std::string_view word) noexcept;

/// Lines of the register (專簿).
enum class Entry {
    opened,
    session,
    copy,
    completed,
    refused,
    not_held,
    withdrawn,
    lapsed,
    revoked,
    corrected,    ///< puts an earlier line right, which stays as it is
    uncollected,  ///< of a copy that nobody came for
};
inline constexpr std::size_t kEntries = 11;
[[nodiscard]] std::string_view to_string(Entry entry) noexcept;
[[nodiscard]] std::optional<Entry> entry_from(std::string_view word) noexcept;

/// Every value of one of these enumerations, in order.
template <class Enum, std::size_t Count>
[[nodiscard]] constexpr std::array<Enum, Count> all_of() noexcept {
    std::array<Enum, Count> values{};
    for (std::size_t i = 0; i < Count; ++i)
        values[i] = static_cast<Enum>(i);
    return values;
}

}  // namespace sluice::release
