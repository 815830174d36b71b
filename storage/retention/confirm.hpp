#pragma once

#include "config/base/time.hpp"
#include "config/base/uuid.hpp"
#include "storage/catalogue/pool.hpp"

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

/// After a rebuild or a restore: does the catalogue know every hold and every purge that an export of the
/// audit log knows? Only then may anything be destroyed again.
namespace sluice::retention {

struct KnownHold {
    std::string kind;
    std::vector<std::string> cameras;  ///< slugs
    std::string from;                  ///< RFC 3339, as recorded
    std::string to;
    std::optional<UtcTime> expires;  ///< nullopt: never
};

/// What an export says of holds that are in force and of purges that ended.
struct Evidence {
    std::map<Uuid, KnownHold> holds;  ///< placed and not released
    std::set<Uuid> certified_runs;
    std::uint64_t records = 0;
    std::uint64_t unreadable = 0;  ///< erased ones among them
};
/// Takes one line of `records.jsonl` in, in the order of the log. Pure.
void add_line(Evidence& evidence, std::string_view line);
/// Error: operator_acts, when the file can't be read or holds no record.
[[nodiscard]] Result<Evidence> load_evidence(const std::filesystem::path& export_folder);

struct Comparison {
    std::vector<Uuid> missing_holds;         ///< in force by the evidence, and not in the catalogue
    std::vector<Uuid> missing_certificates;  ///< of purges whose tombstones the catalogue lacks
    [[nodiscard]] bool is_whole() const noexcept {
        return missing_holds.empty() && missing_certificates.empty();
    }
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
