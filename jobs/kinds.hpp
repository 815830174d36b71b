#pragma once

#include "config/config.hpp"
#include "jobs/lease_keeper.hpp"
#include "storage/volume/durable_files.hpp"

#include <filesystem>
#include <optional>
#include <string>

/// The kinds of job: each a thin call into storage/.
namespace sluice::jobs {

struct Tools {
    catalogue::Pool& pool;
    const config::Config& config;
    volume::DurableFiles& files;
    const Clock& clock;
    std::filesystem::path config_file{};  ///< of `config`; empty: not known
    std::filesystem::path program{};      ///< the tool, for what is done in a process of its own; empty: here
};

/// Runs a claimed job. The result is a JSON object. Error: refuse, when its arguments make no sense;
/// cancelled, when the lease keeper said stop; any other may pass.
[[nodiscard]] Result<std::string>
run_job(const catalogue::JobRow& job, const Tools& tools, LeaseKeeper& lease);

/// What the worker gives itself to do: a scrub that is due, suspect files without a copy.
struct Filed {
    std::size_t jobs = 0;
    bool has_uncatalogued = false;  ///< a volume that the recorder has not named yet: worth another look soon
};
[[nodiscard]] Result<Filed> file_own_jobs(const Tools& tools);

/// Copies the readable part of one suspect segment and saves what came of it, also when there was nothing to
/// copy. The volume's reserve is respected: copies never take the recorder's room. Error: refuse, retry,
/// operator_acts.
[[nodiscard]] Result<catalogue::SegmentCopy> copy_suspect(const Uuid& segment_id, const Tools& tools);

}  // namespace sluice::jobs
