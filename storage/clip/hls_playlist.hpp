#pragma once

#include "config/base/time.hpp"
#include "config/base/uuid.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// HLS playlists as text (RFC 8216 and its second edition's Low-Latency HLS). Pure.
namespace sluice::clip {

struct HlsPart {
    std::uint64_t ticks = 0;
    bool is_key = false;
};

/// One entry of a playlist: fragments [first, end) of a segment file.
struct HlsSegment {
    Uuid file_id;    ///< the segment file's
    Uuid format_id;  ///< names its init segment
    std::uint32_t first = 0;
    std::uint32_t end = 0;
    std::uint64_t ticks = 0;
    TimeRange wall;  ///< arrival of the first fragment to the nominal end of the last
    bool is_discontinuous = false;
    bool is_whole = true;        ///< false: may still grow, so it has parts and no duration
    std::vector<HlsPart> parts;  ///< one a fragment; only of live ones
};

/// What a client asked of a live playlist by its query (delivery directives).
struct HlsDirectives {
    std::optional<std::uint64_t> number;  ///< _HLS_msn
    std::optional<std::uint32_t> part;    ///< _HLS_part
    bool may_skip = false;                ///< _HLS_skip
};

struct LivePlaylist {
    std::uint64_t first_number = 0;     ///< media sequence number of segments.front()
    std::uint64_t discontinuities = 0;  ///< discontinuity sequence number before segments.front()'s own tag
    std::vector<HlsSegment> segments;   ///< not empty
};

inline constexpr std::uint32_t kHlsPartTargetSeconds = 1;
/// Older segments are left out of a delta playlist; at least six target durations (§4.4.3.8).
inline constexpr std::uint32_t kHlsSkipSeconds = 36;
/// Parts are named as long as a client near the live edge may want them: three target durations.
inline constexpr std::uint32_t kHlsPartsSeconds = 18;

/// `prefix` stands before the names of media: they are relative to the playlist's address.
[[nodiscard]] std::string recorded_playlist(std::span<const HlsSegment> segments, std::string_view prefix);
/// One that only ever gets longer, played from its begin; `is_over`: this is all of it.
[[nodiscard]] std::string
growing_playlist(std::span<const HlsSegment> segments, std::string_view prefix, bool is_over);
[[nodiscard]] std::string live_playlist(const LivePlaylist& playlist, std::string_view prefix, bool may_skip);

/// Whether a playlist holds what `_HLS_msn` and `_HLS_part` wait for. A part behind the last one of a whole
/// segment is the first of the next one.
[[nodiscard]] bool holds(const LivePlaylist& playlist, const HlsDirectives& wanted) noexcept;
/// Number of the newest segment, growing or whole.
[[nodiscard]] std::uint64_t last_number(const LivePlaylist& playlist) noexcept;

/// "0-6.m4s": fragments [0, 6) of a file.
[[nodiscard]] std::string media_name(std::uint32_t first, std::uint32_t end);
struct FragmentRange {
    std::uint32_t first = 0;
    std::uint32_t end = 0;
};
/// Only the one spelling that media_name gives; nullopt for any other text.
[[nodiscard]] std::optional<FragmentRange> fragments_from(std::string_view name);
/// The format that an init segment's name tells: "…" of "….mp4"; nullopt for any other name.
[[nodiscard]] std::optional<Uuid> format_id_from(std::string_view name);

}  // namespace sluice::clip
