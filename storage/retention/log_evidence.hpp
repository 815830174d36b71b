#pragma once

#include "config/base/time.hpp"
#include "config/base/uuid.hpp"
#include "storage/catalogue/pool.hpp"
#include "storage/ledger/checkpoint.hpp"

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// What the audit log says of holds and purges, read from an export that is verified first. Roles:
/// sluice_worker, sluice_auditor.
namespace sluice::retention {

struct KnownHold {
    std::string kind;
    std::vector<std::string> cameras;  ///< slugs
    TimeRange range;                   ///< empty: the record does not say it
    std::optional<UtcTime> expires;    ///< nullopt: never
};

/// A purge that has marked footage.
struct KnownPurge {
    bool is_certified = false;
    std::string certificate_sha256;  ///< in hex, as the two; empty: the record does not say it
    std::string tombstones_sha256;
};

struct Evidence {
    std::map<Uuid, KnownHold> holds;    ///< placed and not released
    std::map<Uuid, KnownPurge> purges;  ///< aborted ones have destroyed nothing
    std::optional<UtcTime> newest;      ///< time of the newest act that could be read
    ledger::Checkpoint head;            ///< up to which the export reaches
    std::uint64_t erased =
        0;  ///< records that were taken away by an act of the log: nobody knows what they said
    std::uint64_t unread = 0;   ///< records of which nothing can be understood
    std::uint64_t missing = 0;  ///< records that were signed behind the end of all that could be read
    bool is_other_log = false;  ///< not the log that this machine, or the catalogue, has gone on with
};
/// Takes the text of one record in, in the order of the log; nullopt: it was erased. Pure.
void add_record(Evidence& evidence, const std::optional<std::string>& record);

/// What this machine knows of its own log beside the database: by it an export is found to be of another one,
/// or cut.
struct OwnLog {
    std::optional<ledger::VerifierKey> key;
    std::optional<ledger::Checkpoint> newest;  ///< that it has signed
};
/// From the data folder. Both are missing where no worker has ever run. Error: operator_acts.
[[nodiscard]] Result<OwnLog> load_own_log(const std::filesystem::path& data);

/// Verifies the whole export (signature, tree, every record), then reads it, and what the catalogue's own log
/// has beyond it. `own` says how far both ought to reach. Error: refuse with the label EVIDENCE_BROKEN, when
/// it is none, or not as it was signed: then another one is needed.
[[nodiscard]] Result<Evidence>
load_evidence(catalogue::Pool& pool, const std::filesystem::path& export_folder, const OwnLog& own);

}  // namespace sluice::retention
