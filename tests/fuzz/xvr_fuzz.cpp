#include "jobs/xvr/event.hpp"
#include "jobs/xvr/multipart.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

using namespace sluice;

/// A recorder may send anything in any pieces. The first byte says how long the pieces are: whatever it says,
/// the parts are the same, and what is read of them stays within its limits.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const std::size_t piece = 1 + data[0];
    const std::string_view stream{reinterpret_cast<const char*>(data + 1), size - 1};
    std::vector<std::string> whole;
    xvr::MultipartReader at_once{"b"};
    at_once.feed(stream, whole);
    std::vector<std::string> pieces;
    xvr::MultipartReader in_pieces{"b"};
    for (std::size_t at = 0; at < stream.size(); at += piece)
        in_pieces.feed(stream.substr(at, piece), pieces);
    if (whole != pieces || at_once.given_up() != in_pieces.given_up()) std::abort();
    for (const std::string& body : whole) {
        if (body.size() > xvr::kBodyLimit) std::abort();
        for (const xvr::RawEvent& event : xvr::read_part(body).events)
            if (event.code.empty() || !event.data.starts_with('{')) std::abort();
    }
    static_cast<void>(xvr::read_titles(stream));
    static_cast<void>(xvr::read_current_time(stream));
    return 0;
}
