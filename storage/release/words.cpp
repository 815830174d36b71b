#include "storage/release/words.hpp"

#include <algorithm>
#include <cstddef>

namespace sluice::release {
namespace {

template <std::size_t Count>
using Words = std::array<std::string_view, Count>;

// In the order of the enumerations.
constexpr Words<kRequestStates> kStateWords{
    "draft",     "submitted",       "correction", "accepted",  "screening",  "countersigning", "deciding",
    "granted",   "granted_partial", "refused",    "scheduled", "in_session", "completed",      "closed",
    "withdrawn", "lapsed",          "not_held",   "appealed",  "revoked",
};
constexpr Words<kRequestActions> kActionWords{
    "submit",          "return",    "resubmit", "sign",       "accept",   "screen", "refer",
    "answer_not_held", "opine",     "grant",    "grant_part", "refuse",   "reopen", "schedule",
    "start",           "interrupt", "complete", "close",      "withdraw", "appeal", "remand",
    "uphold",          "revoke",    "extend",   "lapse",
};
constexpr Words<kChannels> kChannelWords{"internal", "external", "judicial"};
constexpr Words<kKinds> kKindWords{"view", "copy"};
constexpr Words<kParts> kPartWords{
    "applicant",
    "unit_head",
    "reviewer",
    "level1",
    "handler",
    "secretariat_head",
    "ethics",
    "consulted",
    "director",
    "delegate",
    "escort",
    "clock",
};
constexpr Words<kGrounds> kGroundWords{
    "statutory_secret",
    "investigation",
    "fair_trial",
    "life_safety",
    "third_party",
};
constexpr Words<kGroundAnswers> kAnswerWords{"no", "yes", "unknown"};
constexpr Words<kStances> kStanceWords{"agree", "agree_with_conditions", "object"};
constexpr Words<kEvidenceKinds> kEvidenceWords{
    "police_report_form",
    "police_report_certificate",
    "official_letter",
    "consent",
    "undertaking",
    "exception_document",
    "appeal",
    "outcome",
    "signed_paper",
    "signature",
};
constexpr Words<kEntries> kEntryWords{
    "opened",
    "session",
    "copy",
    "completed",
    "refused",
    "not_held",
    "withdrawn",
    "lapsed",
    "revoked",
    "corrected",
    "uncollected",
};

template <class Enum, std::size_t Count>
std::string_view word_of(const Words<Count>& words, Enum value) noexcept {
    return words.at(static_cast<std::size_t>(value));
}

template <class Enum, std::size_t Count>
std::optional<Enum> value_of(const Words<Count>& words, std::string_view word) noexcept {
    const auto found = std::ranges::find(words, word);
    if (found == words.end()) return std::nullopt;
    return static_cast<Enum>(found - words.begin());
}

}  // namespace

std::string_view to_string(RequestState state) noexcept {
    return word_of(kStateWords, state);
}
std::optional<RequestState> request_state_from(std::string_view word) noexcept {
    return value_of<RequestState>(kStateWords, word);
}
std::string_view to_string(RequestAction action) noexcept {
    return word_of(kActionWords, action);
}
std::optional<RequestAction> request_action_from(std::string_view word) noexcept {
    return value_of<RequestAction>(kActionWords, word);
}
std::string_view to_string(Channel channel) noexcept {
    return word_of(kChannelWords, channel);
}
std::optional<Channel> channel_from(std::string_view word) noexcept {
    return value_of<Channel>(kChannelWords, word);
}
std::string_view to_string(Kind kind) noexcept {
    return word_of(kKindWords, kind);
}
std::optional<Kind> kind_from(std::string_view word) noexcept {
    return value_of<Kind>(kKindWords, word);
}
std::string_view to_string(Part part) noexcept {
    return word_of(kPartWords, part);
}
std::optional<Part> part_from(std::string_view word) noexcept {
    return value_of<Part>(kPartWords, word);
}
std::string_view to_string(Ground ground) noexcept {
    return word_of(kGroundWords, ground);
}
std::optional<Ground> ground_from(std::string_view word) noexcept {
    return value_of<Ground>(kGroundWords, word);
}
std::string_view to_string(GroundAnswer answer) noexcept {
    return word_of(kAnswerWords, answer);
}
std::optional<GroundAnswer> ground_answer_from(std::string_view word) noexcept {
    return value_of<GroundAnswer>(kAnswerWords, word);
}
std::string_view to_string(Stance stance) noexcept {
    return word_of(kStanceWords, stance);
}
std::optional<Stance> stance_from(std::string_view word) noexcept {
    return value_of<Stance>(kStanceWords, word);
}
std::string_view to_string(EvidenceKind kind) noexcept {
    return word_of(kEvidenceWords, kind);
}
std::optional<EvidenceKind> evidence_kind_from(std::string_view word) noexcept {
    return value_of<EvidenceKind>(kEvidenceWords, word);
}
std::string_view to_string(Entry entry) noexcept {
    return word_of(kEntryWords, entry);
}
std::optional<Entry> entry_from(std::string_view word) noexcept {
    return value_of<Entry>(kEntryWords, word);
}

}  // namespace sluice::release
