#pragma once

#include "storage/catalogue/job_repository.hpp"

#include <pqxx/pqxx>

namespace sluice::catalogue::detail {

/// Inserts the job within the caller's transaction. False: the same work waits or runs, or the id is there.
/// Throws as libpqxx does.
[[nodiscard]] bool insert_job(pqxx::transaction_base& transaction, const NewJob& job);

}  // namespace sluice::catalogue::detail
