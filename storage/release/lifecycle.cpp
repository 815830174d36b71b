#include "storage/release/lifecycle.hpp"

#include <algorithm>

namespace sluice::release {

Verdict step(RequestState state, RequestAction action, std::span<const Part> parts, const Holds& holds) {
    Verdict refusal{.next = std::nullopt, .part = Part::applicant, .code = "REQUEST_STATE", .article = {}};
    const auto is_about = [&](const Transition& row) { return row.state == state && row.action == action; };
    if (std::ranges::none_of(transitions(), is_about)) return refusal;
    refusal.code = "ROLE_NOT_ALLOWED";
    bool is_reasoned = false;
    for (const Part part : parts) {
        const auto counts = [&](const Transition& row) {
            return is_about(row) && row.part == part && (row.guard == Guard::ready || holds(row.guard, part));
        };
        const auto row = std::ranges::find_if(transitions(), counts);
        if (row == transitions().end()) continue;
        if (row->next) return {.next = row->next, .part = part, .code = {}, .article = row->article};
        if (is_reasoned) continue;
        is_reasoned = true;
        refusal = {.next = std::nullopt, .part = part, .code = row->code, .article = row->article};
    }
    return refusal;
}

std::optional<Entry> closing_entry(RequestAction action, std::optional<RequestState> appealed) {
    switch (action) {
        case RequestAction::complete:
            return Entry::completed;
        case RequestAction::refuse:
            return Entry::refused;
        case RequestAction::answer_not_held:
            return Entry::not_held;
        case RequestAction::withdraw:
            return Entry::withdrawn;
        case RequestAction::lapse:
            return Entry::lapsed;
        case RequestAction::revoke:
            return Entry::revoked;
        case RequestAction::uphold:
            if (appealed == RequestState::granted_partial) return Entry::refused;
            return std::nullopt;
        default:
            return std::nullopt;
    }
}

}  // namespace sluice::release
