#pragma once

#include "api/authorize.hpp"
#include "api/http/problem.hpp"
#include "api/parameters.hpp"
#include "storage/clip/hls_playlist.hpp"

#include <chrono>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

/// The rules of HLS as pure functions.
namespace sluice::api {

/// A reload waits so long at most for what it named: a little over one segment, and shorter than the
/// time-outs of players.
inline constexpr auto kReloadLimit = std::chrono::seconds{8};
/// A stream is found so soon after the first viewer asked, or the disk does not answer.
inline constexpr auto kOpeningLimit = std::chrono::seconds{8};
/// Older footage is not live.
inline constexpr auto kLiveAge = std::chrono::seconds{60};

/// 400: a number or word that can't be read, or a part without its segment.
[[nodiscard]] std::expected<clip::HlsDirectives, http::Problem> directives_from(const Parameters& parameters);

/// 400: far ahead of what is there; nobody waits for that.
[[nodiscard]] std::expected<void, http::Problem>
check_ahead(const clip::HlsDirectives& wanted, std::uint64_t last_number);

/// Media of the last minutes is part of live, whichever playlist named it; older media is not.
[[nodiscard]] Action media_action(TimeRange media, UtcTime now) noexcept;

[[nodiscard]] std::string
recording_location(std::string_view slug, StreamKind stream, TimeRange range, std::optional<Uuid> run);

}  // namespace sluice::api
