#pragma once

#include "config/base/guarded.hpp"
#include "config/base/time.hpp"
#include "storage/catalogue/pool.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace sluice::api {

/// How the audit log does, as of the last look.
struct LedgerHealth {
    bool is_known = false;  ///< the database could be asked
    std::uint64_t size = 0;
    std::optional<UtcTime> signed_at;
    std::chrono::milliseconds longest_wait{0};  ///< of a record for its place; 0: none waits
    std::string trouble;                        ///< why the worker signs no more; empty: it does

    /// Too far behind: what needs a record is refused until the worker has caught up.
    [[nodiscard]] bool is_behind() const noexcept;
};

/// A record may wait so long for its place before openings are refused.
inline constexpr std::chrono::seconds kLongestWait{60};

/// Asks at most once a second. Thread: any, blocking.
class LedgerGate {
public:
    [[nodiscard]] LedgerHealth health(catalogue::Pool& pool);
    /// The last one, without asking: for answers that must not wait.
    [[nodiscard]] LedgerHealth last() const;

private:
    struct State {
        LedgerHealth health;
        Deadline ask_again = Deadline::min();
    };
    Guarded<State> state_;
};

}  // namespace sluice::api
