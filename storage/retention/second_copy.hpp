#pragma once

#include "config/config.hpp"
#include "storage/retention/run.hpp"

#include <cstddef>
#include <functional>
#include <vector>

/// Second copies of footage under special holds, article 7(4): made and verified on another volume while the
/// hold is in force, destroyed with a certificate when it is over or the footage is a year old.
namespace sluice::retention {

struct SecondCopies {
    std::size_t verified = 0;
    std::size_t failed = 0;
    std::size_t destroyed = 0;
    std::size_t certificates = 0;
    std::vector<Refusal>
        refusals;  ///< not empty: copies are over, and something stands against destroying them
};

/// Does what every special hold needs, and begins with what has to go. Restartable at any point: a copy's row
/// is there before its file and after it. What one copy or hold fails at is in its row, in the log and in an
/// incident; it is tried again after an hour. `go_on` is asked between files; may wait. Nothing is done while
/// another program does the same. Needs three connections of the pool. Thread: one, the only writer in held/.
/// Error: cancelled, retry (database), operator_acts.
[[nodiscard]] Result<SecondCopies>
tend_second_copies(const Site& site, const config::Storage& storage, const std::function<bool()>& go_on);

}  // namespace sluice::retention
