#pragma once

#include "api/http/problem.hpp"
#include "api/jobs/rules.hpp"
#include "api/parameters.hpp"
#include "storage/catalogue/forecast_repository.hpp"
#include "storage/catalogue/purge_repository.hpp"

#include <expected>
#include <string>
#include <vector>

/// The rules of retention at the edge, as pure functions.
namespace sluice::api {

/// The job that a request for a purge asks for. 400 for a word that is neither true nor false.
[[nodiscard]] std::expected<JobRequest, http::Problem> parse_purge_request(const Parameters& parameters);

[[nodiscard]] std::string purge_run_json(const catalogue::PurgeRunRow& run);

/// How big a disk for `cameras`, `rate` and `days`, or with `bytes` what each camera may send. 400 for what
/// is no positive whole number, 422 PLAN_INCOMPLETE (field `rate`) and PLAN_TOO_BIG.
[[nodiscard]] std::expected<std::string, http::Problem> plan_json(const Parameters& parameters);

[[nodiscard]] std::string forecasts_json(const std::vector<catalogue::ForecastRow>& rows);

}  // namespace sluice::api
