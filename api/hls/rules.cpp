#include "api/hls/rules.hpp"

#include "api/http/text.hpp"

#include <charconv>

namespace sluice::api {
namespace {

constexpr std::uint64_t kMostAhead = 2;  ///< segments behind the last one

template <class Number>
std::expected<std::optional<Number>, http::Problem>
number_from(const Parameters& parameters, std::string_view name) {
    const std::string* text = parameters.find(name);
    if (text == nullptr) return std::optional<Number>{};
    Number value = 0;
    const char* const end = text->data() + text->size();
    const auto [stop, code] = std::from_chars(text->data(), end, value);
    if (code != std::errc{} || stop != end)
        return std::unexpected(bad_parameter(name, "A whole number from 0 on is asked for."));
    return std::optional{value};
}

}  // namespace

std::expected<clip::HlsDirectives, http::Problem> directives_from(const Parameters& parameters) {
    const auto number = number_from<std::uint64_t>(parameters, "_HLS_msn");
    if (!number) return std::unexpected(number.error());
    const auto part = number_from<std::uint32_t>(parameters, "_HLS_part");
    if (!part) return std::unexpected(part.error());
    if (*part && !*number)
        return std::unexpected(bad_parameter("_HLS_part", "A part is asked for with _HLS_msn, its segment."));
    const std::string* skip = parameters.find("_HLS_skip");
    if (skip != nullptr && *skip != "YES" && *skip != "v2")
        return std::unexpected(bad_parameter("_HLS_skip", "It is YES or v2."));
    return clip::HlsDirectives{.number = *number, .part = *part, .may_skip = skip != nullptr};
}

std::expected<void, http::Problem> check_ahead(const clip::HlsDirectives& wanted, std::uint64_t last_number) {
    if (!wanted.number || *wanted.number <= last_number + kMostAhead) return {};
    return std::unexpected(
        bad_parameter("_HLS_msn", "The playlist stands at " + std::to_string(last_number) + ".")
    );
}

Action media_action(TimeRange media, UtcTime now) noexcept {
    // The window, the age up to which it counts as live, and one segment more, for who loads slowly.
    constexpr auto live = std::chrono::seconds{180 + 6};
    return now - media.from <= live ? Action::read_live : Action::play_recorded;
}

std::string
recording_location(std::string_view slug, StreamKind stream, TimeRange range, std::optional<Uuid> run) {
    std::string out = "/v1/cameras/" + http::percent_encode(slug) +
                      "/hls/index.m3u8?from=" + to_rfc3339(range.from) + "&to=" + to_rfc3339(range.to);
    if (stream != StreamKind::main) out.append("&stream=").append(to_string(stream));
    if (run) out.append("&run=").append(to_string(*run));
    return out;
}

}  // namespace sluice::api
