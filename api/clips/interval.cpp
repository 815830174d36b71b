#include "api/clips/interval.hpp"

#include "api/clips/rules.hpp"

#include <utility>

namespace sluice::api {

std::expected<AskedInterval, http::Problem> asked_interval(const Call& call) {
    const auto from = call.parameters.required_time("from");
    if (!from) return std::unexpected(from.error());
    const auto to = call.parameters.time("to");
    if (!to) return std::unexpected(to.error());
    const auto run = call.parameters.id("run");
    if (!run) return std::unexpected(run.error());
    const auto fits = check_clip_interval(*from, *to, call.services.config.api.max_clip, call.now);
    if (!fits) return std::unexpected(fits.error());
    return AskedInterval{.from = *from, .to = *to, .run = *run};
}

void tell_interval(http::Response& response, TimeRange range, const std::vector<catalogue::GapRow>& gaps) {
    response.set("Sluice-Interval", interval_header(range));
    if (auto text = gaps_header(gaps, range); !text.empty()) response.set("Sluice-Gaps", std::move(text));
}

}  // namespace sluice::api
