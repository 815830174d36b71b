#pragma once

#include "api/route.hpp"
#include "storage/catalogue/rows.hpp"

#include <optional>
#include <vector>

/// What a clip and a recorded playlist have in common: the interval asked, and the one given.
namespace sluice::api {

struct AskedInterval {
    UtcTime from;
    std::optional<UtcTime> to;  ///< nullopt: as far as is durable
    std::optional<Uuid> run;
};

/// `from`, `to` and `run` of the query. Errors: 400, 422.
[[nodiscard]] std::expected<AskedInterval, http::Problem> asked_interval(const Call& call);

/// Sluice-Interval, and Sluice-Gaps where there are any.
void tell_interval(http::Response& response, TimeRange range, const std::vector<catalogue::GapRow>& gaps);

}  // namespace sluice::api
