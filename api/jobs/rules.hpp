#pragma once

#include "api/http/problem.hpp"
#include "api/parameters.hpp"
#include "storage/catalogue/job_repository.hpp"

#include <expected>
#include <optional>
#include <string>

/// The rules of jobs as pure functions.
namespace sluice::api {

/// What a request for a job asks for. An operator starts check and scrub; the other kinds are the worker's
/// own.
struct JobRequest {
    catalogue::JobKind kind = catalogue::JobKind::check;
    std::string arguments;  ///< JSON object
    std::string same_work;
};
/// 400 for an unknown kind or depth or a malformed time, 422 JOB_KIND_RESERVED, INTERVAL_REVERSED, or an
/// argument that the kind does not take (JOB_ARGUMENT).
[[nodiscard]] std::expected<JobRequest, http::Problem> parse_job_request(const Parameters& parameters);

/// One object; the result only when asked for, because it may be long.
[[nodiscard]] std::string job_json(const catalogue::JobRow& job, bool with_result);

/// "event: progress" or, for one that has ended, "event: ended", with the object as data.
[[nodiscard]] std::string job_event(const catalogue::JobRow& job);

}  // namespace sluice::api
