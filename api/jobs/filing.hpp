#pragma once

#include "api/jobs/rules.hpp"
#include "api/route.hpp"

#include <string>

namespace sluice::api {

/// Files the job, or gives the one that this principal's Idempotency-Key stands for: 201 or 200 with the job.
/// 409 JOB_EXISTS, when the same work waits or runs; 415 BODY_NOT_TAKEN.
[[nodiscard]] Answer file_request(const Call& call, JobRequest wanted);

}  // namespace sluice::api
