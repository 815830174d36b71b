#include "storage/clip/hls_playlist.hpp"

#include "storage/clip/hls_cut.hpp"
#include "storage/mp4/types.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>

namespace sluice::clip {
namespace {

constexpr std::uint64_t kPartTicks = std::uint64_t{kHlsPartTargetSeconds} * mp4::kTimescale;
/// A fragment closes with the frame that fills its second: one frame more is still a part.
constexpr std::uint64_t kLongestPartTicks = kPartTicks + kPartTicks / 10;

std::string seconds_text(std::uint64_t ticks) {
    std::array<char, 32> text{};
    static_cast<void>(std::snprintf(
        text.data(), text.size(), "%.5f", static_cast<double>(ticks) / static_cast<double>(mp4::kTimescale)
    ));
    return text.data();
}

/// With milliseconds, as players expect it.
std::string date_text(UtcTime time) {
    constexpr std::size_t with_milliseconds = 23;
    return to_rfc3339(time).substr(0, with_milliseconds) + "Z";
}

/// Writes segments one after the other and remembers which init segment stands.
class Writer {
public:
    explicit Writer(std::string_view prefix) : prefix_(prefix) {}

    void add(const HlsSegment& segment, bool has_parts) {
        if (segment.is_discontinuous) text_ += "#EXT-X-DISCONTINUITY\n";
        use_format(segment);
        text_ += "#EXT-X-PROGRAM-DATE-TIME:" + date_text(segment.wall.from) + "\n";
        if (has_parts) add_parts(segment);
        if (!segment.is_whole) return;
        text_ += "#EXTINF:" + seconds_text(segment.ticks) + ",\n";
        text_ += address(segment, segment.first, segment.end) + "\n";
    }
    /// The client knows what stands in a segment that is left out.
    void pass_over(const HlsSegment& segment) {
        format_ = segment.format_id;
        has_format_ = true;
    }
    [[nodiscard]] std::string take() { return std::move(text_); }
    [[nodiscard]] std::string& text() noexcept { return text_; }

private:
    void use_format(const HlsSegment& segment) {
        if (has_format_ && segment.format_id == format_) return;
        pass_over(segment);
        text_.append("#EXT-X-MAP:URI=\"").append(prefix_).append("init/");
        text_ += to_string(segment.format_id) + ".mp4\"\n";
    }
    /// Parts must be no longer than their target; where one is, the segment is offered only as a whole.
    void add_parts(const HlsSegment& segment) {
        const bool are_short = std::ranges::all_of(segment.parts, [](const HlsPart& part) {
            return part.ticks <= kLongestPartTicks;
        });
        if (!are_short) return;
        for (std::uint32_t i = 0; i < segment.parts.size(); ++i) {
            const HlsPart& part = segment.parts[i];
            const std::uint32_t number = segment.first + i;
            text_ += "#EXT-X-PART:DURATION=" + seconds_text(std::min(part.ticks, kPartTicks)) + ",URI=\"" +
                     address(segment, number, number + 1) + "\"";
            text_ += part.is_key ? ",INDEPENDENT=YES\n" : "\n";
        }
    }
    [[nodiscard]] std::string address(const HlsSegment& segment, std::uint32_t first, std::uint32_t end)
        const {
        return std::string{prefix_} + "media/" + to_string(segment.file_id) + "/" + media_name(first, end);
    }

    std::string_view prefix_;
    std::string text_;
    Uuid format_;
    bool has_format_ = false;
};

/// Number of segments at the front that lie further than `seconds` from the end.
std::size_t count_older(std::span<const HlsSegment> segments, std::uint32_t seconds) {
    std::uint64_t behind = 0;
    std::size_t kept = 0;
    while (kept < segments.size() && behind < std::uint64_t{seconds} * mp4::kTimescale)
        behind += segments[segments.size() - ++kept].ticks;
    return segments.size() - kept;
}

std::string whole_playlist(
    std::span<const HlsSegment> segments,
    std::string_view prefix,
    std::string_view type,
    bool is_over
) {
    Writer writer{prefix};
    writer.text() =
        "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:" + std::to_string(kHlsTargetSeconds) + "\n";
    writer.text().append("#EXT-X-PLAYLIST-TYPE:").append(type).append("\n#EXT-X-MEDIA-SEQUENCE:0\n");
    for (const HlsSegment& segment : segments)
        writer.add(segment, false);
    if (is_over) writer.text() += "#EXT-X-ENDLIST\n";
    return writer.take();
}

}  // namespace

std::string recorded_playlist(std::span<const HlsSegment> segments, std::string_view prefix) {
    return whole_playlist(segments, prefix, "VOD", true);
}

std::string growing_playlist(std::span<const HlsSegment> segments, std::string_view prefix, bool is_over) {
    // Without the offset a player takes it for live and begins near its end.
    return whole_playlist(segments, prefix, "EVENT\n#EXT-X-START:TIME-OFFSET=0", is_over);
}

std::string live_playlist(const LivePlaylist& playlist, std::string_view prefix, bool may_skip) {
    const std::span<const HlsSegment> segments{playlist.segments};
    const std::size_t skipped = may_skip ? count_older(segments, kHlsSkipSeconds) : 0;
    const std::size_t without_parts = count_older(segments, kHlsPartsSeconds);
    Writer writer{prefix};
    std::string& text = writer.text();
    text = "#EXTM3U\n#EXT-X-VERSION:9\n#EXT-X-TARGETDURATION:" + std::to_string(kHlsTargetSeconds) + "\n";
    text += "#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=" +
            std::to_string(3 * kHlsPartTargetSeconds) +
            ".0,CAN-SKIP-UNTIL=" + std::to_string(kHlsSkipSeconds) + ".0\n";
    text += "#EXT-X-PART-INF:PART-TARGET=" + std::to_string(kHlsPartTargetSeconds) + ".0\n";
    text += "#EXT-X-MEDIA-SEQUENCE:" + std::to_string(playlist.first_number) + "\n";
    text += "#EXT-X-DISCONTINUITY-SEQUENCE:" + std::to_string(playlist.discontinuities) + "\n";
    if (skipped > 0) text += "#EXT-X-SKIP:SKIPPED-SEGMENTS=" + std::to_string(skipped) + "\n";
    for (std::size_t i = 0; i < segments.size(); ++i) {
        if (i < skipped)
            writer.pass_over(segments[i]);
        else
            writer.add(segments[i], i >= without_parts);
    }
    return writer.take();
}

std::uint64_t last_number(const LivePlaylist& playlist) noexcept {
    return playlist.first_number + playlist.segments.size() - 1;
}

bool holds(const LivePlaylist& playlist, const HlsDirectives& wanted) noexcept {
    if (!wanted.number) return true;
    const std::uint64_t last = last_number(playlist);
    if (*wanted.number != last) return *wanted.number < last;
    const HlsSegment& newest = playlist.segments.back();
    if (!wanted.part) return newest.is_whole;
    return *wanted.part < newest.end - newest.first;
}

std::string media_name(std::uint32_t first, std::uint32_t end) {
    return std::to_string(first) + "-" + std::to_string(end) + ".m4s";
}

std::optional<FragmentRange> fragments_from(std::string_view name) {
    FragmentRange range;
    const char* const begin = name.data();
    const char* const end = begin + name.size();
    const auto [dash, first_error] = std::from_chars(begin, end, range.first);
    if (first_error != std::errc{} || dash == end || *dash != '-') return std::nullopt;
    const auto [dot, second_error] = std::from_chars(dash + 1, end, range.end);
    if (second_error != std::errc{} || range.first >= range.end) return std::nullopt;
    if (name != media_name(range.first, range.end)) return std::nullopt;
    return range;
}

std::optional<Uuid> format_id_from(std::string_view name) {
    if (!name.ends_with(".mp4")) return std::nullopt;
    name.remove_suffix(4);
    const auto id = uuid_from_string(name);
    return id ? std::optional{*id} : std::nullopt;
}

}  // namespace sluice::clip
