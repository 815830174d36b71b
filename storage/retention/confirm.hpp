#pragma once

#include "config/base/time.hpp"
#include "config/base/uuid.hpp"
#include "storage/catalogue/pool.hpp"
#include "storage/retention/log_evidence.hpp"

#include <cstdint>
#include <string>
#include <vector>

/// After a rebuild or a restore: does the catalogue know every hold and every purge that the audit log knows?
/// Only then may anything be destroyed again.
namespace sluice::retention {

/// A hold that is there and keeps less than the log says.
struct WeakerHold {
    Uuid id;
    std::string what;  ///< "it ends at … instead of …"
};

struct Comparison {
    std::vector<Uuid> missing_holds;         ///< in force by the log, and not in the catalogue
    std::vector<WeakerHold> weaker_holds;    ///< there, but released, or of less cameras, time or force
    std::vector<Uuid> missing_purges;        ///< that marked footage: the catalogue has no run of the id
    std::vector<Uuid> missing_certificates;  ///< of purges; or it is another text
    std::vector<Uuid> missing_tombstones;    ///< of certified purges: not those that were certified
    std::uint64_t erased = 0;                ///< records of which nobody knows what they said
    std::uint64_t missing_records = 0;       ///< signed behind the end of all that could be read
    bool is_other_log = false;
    [[nodiscard]] bool is_whole() const noexcept;
    /// What is not, in words for a person; a line each.
    [[nodiscard]] std::vector<std::string> lines() const;
};
[[nodiscard]] Result<Comparison> compare(catalogue::Pool& pool, const Evidence& evidence, UtcTime now);

struct Confirmation {
    std::string principal;
    std::string evidence;  ///< what it was compared with, in words
    std::string reason;    ///< why it is confirmed although something is missing; empty: nothing is
    Comparison comparison;
};
/// An act of the audit log. False: the catalogue was not in doubt. Error: refuse, when something is missing
/// and no reason is given.
[[nodiscard]] Result<bool> confirm(catalogue::Pool& pool, const Confirmation& confirmation, UtcTime now);

}  // namespace sluice::retention
