#pragma once

#include "api/coverage/rules.hpp"
#include "storage/catalogue/purge_repository.hpp"

#include <vector>

#include <nlohmann/json_fwd.hpp>

namespace sluice::api {

/// What was recorded of a stream in an interval: covered, gaps with their cause, what was destroyed under
/// which certificate, percent. Pure.
[[nodiscard]] nlohmann::json coverage_json(
    const StreamCoverage& coverage,
    const std::vector<catalogue::DestroyedRow>& destroyed,
    TimeRange interval
);

}  // namespace sluice::api
