#include "api/ledger_gate.hpp"

#include "config/base/log.hpp"
#include "storage/catalogue/ledger_repository.hpp"

#include <utility>

namespace sluice::api {
namespace {

constexpr auto kAskAgain = std::chrono::seconds{1};

LedgerHealth ask(catalogue::Pool& pool) {
    LedgerHealth health;
    const auto tree = catalogue::load_tree(pool);
    const auto wait = catalogue::load_longest_wait(pool);
    if (!tree || !wait) return health;
    health.is_known = true;
    health.size = tree->size;
    health.signed_at = tree->signed_at;
    health.trouble = tree->trouble;
    health.longest_wait = wait->value_or(std::chrono::milliseconds{0});
    return health;
}

}  // namespace

bool LedgerHealth::is_behind() const noexcept {
    return longest_wait > kLongestWait;
}

LedgerHealth LedgerGate::last() const {
    return state_.with([](const State& state) { return state.health; });
}

LedgerHealth LedgerGate::health(catalogue::Pool& pool) {
    const Deadline now = std::chrono::steady_clock::now();
    auto standing = state_.with([&](State& state) -> std::optional<LedgerHealth> {
        if (now < state.ask_again) return state.health;
        state.ask_again = now + kAskAgain;  // the others go by the last answer meanwhile
        return std::nullopt;
    });
    if (standing) return std::move(*standing);
    LedgerHealth health = ask(pool);
    const bool was_behind =
        state_.with([&](State& state) { return std::exchange(state.health, health).is_behind(); });
    if (health.is_behind() && !was_behind)
        log::error(
            "ledger_behind",
            {{"longest_wait_ms", health.longest_wait.count()},
             {"trouble", health.trouble},
             {"remedy", "nothing is given out until `sluice work` signs again; its log says why it does not"}}
        );
    if (!health.is_behind() && was_behind) log::info("ledger_caught_up");
    return health;
}

}  // namespace sluice::api
