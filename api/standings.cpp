#include "api/standings.hpp"

#include <utility>

namespace sluice::api {
namespace {

constexpr auto kFresh = std::chrono::milliseconds{250};
constexpr std::size_t kMostKnown = 4096;

/// Neither footage nor what hands it out, and nothing for which the policy is read.
bool is_plain(Action action) {
    const ActionFacts& facts = facts_of(action);
    switch (facts.resource) {
        case Resource::footage:
        case Resource::viewing:
        case Resource::copy:
            return false;
        default:
            return facts.second_factor == SecondFactor::never;
    }
}

}  // namespace

Result<Standing> Standings::find(
    catalogue::Pool& pool,
    const catalogue::PrincipalRow* principal,
    Action action,
    bool may_be_kept,
    UtcTime now
) {
    if (!may_be_kept || principal == nullptr || !is_plain(action))
        return load_standing(pool, principal, action, now);
    const Deadline asked = std::chrono::steady_clock::now();
    std::uint64_t forgotten = 0;
    auto kept = state_.with([&](const State& state) -> std::optional<Standing> {
        forgotten = state.forgotten;
        const auto found = state.known.find(principal->id);
        if (found == state.known.end() || found->second.until <= asked) return std::nullopt;
        return found->second.standing;
    });
    if (kept) {
        kept->at = now;
        kept->has_second_factor = principal->has_second_factor;  // the session's, not the principal's
        return std::move(*kept);
    }
    auto standing = load_standing(pool, principal, action, now);
    // The first account, which the tool makes, ends `bootstrap` for everybody at once.
    if (!standing || standing->is_bootstrap) return standing;
    state_.with([&](State& state) {
        if (state.forgotten != forgotten) return;
        if (state.known.size() >= kMostKnown) state.known.clear();
        state.known.insert_or_assign(principal->id, Known{*standing, asked + kFresh});
    });
    return standing;
}

void Standings::forget_all() {
    state_.with([](State& state) {
        state.known.clear();
        ++state.forgotten;
    });
}

}  // namespace sluice::api
