#include "api/hls/rules.hpp"
#include "storage/clip/hls_playlist.hpp"

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

/// What a player may send: directives of a reload, and the names of media. A promise that breaks aborts.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace sluice;
    const std::string_view text{reinterpret_cast<const char*>(data), size};

    static const std::vector<std::string> kKnown{"_HLS_msn", "_HLS_part", "_HLS_skip", "stream"};
    if (const auto parameters = api::Parameters::parse(text, kKnown); parameters) {
        if (const auto wanted = api::directives_from(*parameters); wanted) {
            if (wanted->part && !wanted->number) std::abort();
            // Nobody waits for what is far ahead; and what is not refused is at most a few segments away.
            constexpr std::uint64_t kLast = 1'000'000;
            if (api::check_ahead(*wanted, kLast) && wanted->number.value_or(0) > kLast + 2) std::abort();
            // What a playlist holds it also holds when less is asked.
            clip::LivePlaylist playlist;
            playlist.first_number = kLast;
            playlist.segments.emplace_back().end = 3;
            const clip::HlsDirectives any_part{.number = wanted->number, .part = 0, .may_skip = false};
            if (clip::holds(playlist, *wanted) && !clip::holds(playlist, any_part)) std::abort();
        }
    }
    // A name has one spelling, so no two addresses are the same media.
    if (const auto range = clip::fragments_from(text); range) {
        if (range->first >= range->end) std::abort();
        if (clip::media_name(range->first, range->end) != text) std::abort();
    }
    if (const auto id = clip::format_id_from(text); id && to_string(*id).size() + 4 != text.size())
        std::abort();
    return 0;
}
