#pragma once

#include "jobs/kinds.hpp"

#include <string>

/// What the contractor's clips and cameras need: thin calls into storage/contractor.
namespace sluice::jobs {

/// The result is a JSON object: what became of the clip. A refused clip is a job well done.
[[nodiscard]] Result<std::string>
run_import_job(const catalogue::JobRow& job, const Tools& tools, LeaseKeeper& lease);
[[nodiscard]] Result<std::string> run_configure_job(const Tools& tools, LeaseKeeper& lease);

/// Received clips for which no job waits or runs: the service had no word with the database, or the last
/// attempt has failed for good a day ago. How many were filed.
[[nodiscard]] Result<std::size_t> file_imports(const Tools& tools);

}  // namespace sluice::jobs
