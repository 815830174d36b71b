#pragma once

#include "api/http/problem.hpp"
#include "config/base/time.hpp"
#include "storage/clip/clip.hpp"

#include <chrono>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// The rules of clips as pure functions.
namespace sluice::api {

/// 422: `to` not after `from`, `from` in the future, longer than allowed; the field at fault is named.
/// Without `to` the length counts up to `now`.
[[nodiscard]] std::expected<void, http::Problem>
check_clip_interval(UtcTime from, std::optional<UtcTime> to, std::chrono::seconds longest, UtcTime now);

/// 404 or 409 with what the refusal knows: causes, available_to and Retry-After, intervals.
[[nodiscard]] http::Problem
to_problem(const clip::Refusal& refusal, std::chrono::milliseconds durability_window);

/// Sluice-Gaps: a list of RFC 9651 tokens with parameters, `packet_loss;from="…";to="…"`, inside `range`; at
/// most 32, then `more;count=N`. Empty for none.
[[nodiscard]] std::string gaps_header(const std::vector<catalogue::GapRow>& gaps, TimeRange range);

/// Sluice-Damaged: as Sluice-Gaps, `content;from="…";to="…";segment="…";bytes="0-499"` for each stretch of
/// bytes and its segment's time inside the clip; `suspect` without bytes for a copy of what was never safely
/// written. Empty for none.
[[nodiscard]] std::string damaged_header(const std::vector<clip::DamagedPart>& damaged);

/// Sluice-Interval: `from="…", to="…"`, the bounds as resolved.
[[nodiscard]] std::string interval_header(TimeRange range);

/// The address of exactly this clip, with both bounds.
[[nodiscard]] std::string clip_location(
    std::string_view slug,
    StreamKind stream,
    TimeRange range,
    std::optional<Uuid> run,
    bool takes_damaged = false
);

}  // namespace sluice::api
