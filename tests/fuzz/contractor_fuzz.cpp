// Forms that come from outside with the contractor: addresses, parts of an upload, NAL units of foreign
// pictures.
#include "api/huimin/rules.hpp"
#include "config/hosts.hpp"
#include "storage/contractor/nal_units.hpp"

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

using namespace sluice;

namespace {

void try_text(std::string_view text) {
    if (const auto range = api::huimin::parse_content_range(text))
        if (range->first > range->last || range->last >= range->total) std::abort();
    static_cast<void>(api::huimin::is_clip_id(text));
    const std::vector<std::string> patterns{std::string{text}};
    static_cast<void>(config::is_host_pattern(text));
    static_cast<void>(config::is_host_allowed("192.0.2.1", patterns));
    const auto address = config::parse_rtsp_address(text);
    if (!address) return;
    // What is kept holds no credentials, and reads the same again.
    const auto again = config::parse_rtsp_address(address->bare);
    if (!again || again->bare != address->bare || !again->username.empty() || !again->password.empty())
        std::abort();
}

void try_picture(ByteView picture) {
    for (unsigned length = 0; length <= 4; ++length) {
        const auto units = contractor::cut_into_units(picture, length);
        if (!units) continue;
        for (const Codec codec : {Codec::h264, Codec::h265}) {
            mp4::ParameterSets sets;
            const auto joined = contractor::join_units(codec, *units, sets);
            if (joined.is_key && joined.bytes.empty()) std::abort();
            if (sets.is_complete(codec)) static_cast<void>(mp4::make_format(codec, sets));
        }
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    try_text({reinterpret_cast<const char*>(data), size});
    try_picture({data, size});
    return 0;
}
