#pragma once

#include "config/base/error.hpp"
#include "config/base/time.hpp"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

/// The tool's commands: each a thin call into the libraries, its answer on stdout. main.cpp turns an Error
/// into "sluice: …" on stderr and exit code 1.
namespace sluice::cli {

namespace fs = std::filesystem;

/// Prints every finding. Error: refuse, when there is one that counts.
[[nodiscard]] Status check_config(const fs::path& file, bool is_strict);
[[nodiscard]] Status migrate(const fs::path& config, bool is_dry_run);
/// Makes a volume's identity in a folder that is missing or empty; as root gives it to the recorder's user.
[[nodiscard]] Status add_volume(const fs::path& root, const fs::path& config);
/// One line per configured volume. Error: operator_acts, when one can't be used.
[[nodiscard]] Status list_volumes(const fs::path& config);
/// Prints the token alone on the last line. A `principal` makes it a person's, with these roles; else it is a
/// machine's.
struct TokenOptions {
    std::vector<std::string> roles;
    std::string name;
    std::string principal;
};
[[nodiscard]] Status create_token(const fs::path& config, const TokenOptions& options);

struct PolicyOptions {
    fs::path file;        ///< to propose
    fs::path token_file;  ///< of the person who acts
    std::string note;
    int number = 0;                     ///< to adopt
    std::string document;               ///< number of the paper
    std::optional<UtcTime> valid_from;  ///< nullopt: now
};
/// All versions, and the rules in force.
[[nodiscard]] Status show_policy(const fs::path& config);
/// Without a database. Error: refuse, with every complaint.
[[nodiscard]] Status check_policy(const fs::path& file);
/// What FILE would change.
[[nodiscard]] Status compare_policy(const fs::path& config, const fs::path& file);
[[nodiscard]] Status propose_policy(const fs::path& config, const PolicyOptions& options);
[[nodiscard]] Status adopt_policy(const fs::path& config, const PolicyOptions& options);
/// The office calendar of a year. Prints what it holds; a dry run needs no database. Error: refuse, with
/// every fault.
[[nodiscard]] Status import_calendar(const fs::path& config, const fs::path& file, bool is_dry_run);
/// What the recorder says of itself. Error: retry, when it does not live.
[[nodiscard]] Status show_status(const fs::path& config);
[[nodiscard]] Status run_database(const fs::path& config);

/// Everything but the footage, in a new folder below `target`.
[[nodiscard]] Status make_backup(const fs::path& config, const fs::path& target, bool verifies);
/// Puts a backup in place of the database; the old one is kept under another name.
[[nodiscard]] Status restore_backup(const fs::path& config, const fs::path& folder, bool replaces);

struct CheckOptions {
    std::string depth = "names";  ///< names, sizes or hashes
    std::optional<UtcTime> from;
    std::optional<UtcTime> to;
    std::string camera;               ///< slug; empty: all
    std::uint64_t pace = 64U << 20U;  ///< bytes a second read at most; 0: no limit
    bool is_json = false;
    bool is_rebuild = false;
};
/// Compares files, journal and catalogue; findings on stdout, progress on stderr. Error: operator_acts, when
/// there is a finding.
[[nodiscard]] Status check_footage(const fs::path& config, const CheckOptions& options);

struct PurgeOptions {
    bool is_dry_run = false;
    bool is_json = false;
    bool confirms_plan = false;
    bool confirms_clock = false;
};
/// Destroys what is due. Error: operator_acts, when something stands against it (label: the first code) or
/// not all that was due could be destroyed; refuse, when another purge runs.
[[nodiscard]] Status purge(const fs::path& config, const PurgeOptions& options);

struct PlanOptions {
    std::uint64_t cameras = 0;
    std::uint64_t bits_per_second = 0;
    std::uint64_t days = 0;
    std::uint64_t bytes = 0;  ///< not 0: of a disk that is there; then the rate is asked for
};
/// How big a disk has to be, or what each camera may send.
[[nodiscard]] Status plan_disk(const PlanOptions& options);

struct ConfirmOptions {
    fs::path evidence;   ///< folder of a `sluice ledger export`, or of a backup's
    std::string reason;  ///< why it is confirmed although something is missing
};
/// After a rebuild or a restore: compares holds and purges with an export of the audit log, which is
/// verified, and lets the purge destroy again. Error: refuse, when something is missing and no reason is
/// given, or the export is not as it was signed.
[[nodiscard]] Status confirm_retention(const fs::path& config, const ConfirmOptions& options);
/// Promised against kept, a line a camera, over the last 30 days.
[[nodiscard]] Status report_coverage(const fs::path& config, bool is_json);

struct WorkOptions {
    bool is_once = false;                     ///< end when nothing is left to do
    std::chrono::milliseconds lease{30'000};  ///< a job whose worker says nothing for so long is another's
};
/// The worker, until SIGTERM. Error: operator_acts, when another one has the lock, or with `is_once` a job
/// failed.
[[nodiscard]] Status work(const fs::path& config, const WorkOptions& options);

}  // namespace sluice::cli
