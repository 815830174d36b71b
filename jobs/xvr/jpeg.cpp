#include "jobs/xvr/jpeg.hpp"

#include <string>
#include <utility>

namespace sluice::xvr {
namespace {

constexpr std::string_view kPictureBegin{"\xFF\xD8\xFF", 3};
constexpr std::string_view kPictureEnd{"\xFF\xD9", 2};
constexpr std::size_t kMarker = 2;
constexpr std::size_t kFrameHead = 9;  // marker, length, precision, height, width
constexpr unsigned kScan = 0xDA;
// With the standard's tables a block without content takes 6 bits of brightness and 4 of each colour: at half
// the colours each way 126 bits for 1000 points. A title and the time in large letters make some 160 of it.
constexpr std::uint64_t kFlatBits = 200;
constexpr std::uint64_t kFlatPoints = 1000;

unsigned byte_at(std::string_view bytes, std::size_t place) {
    return static_cast<unsigned char>(bytes[place]);
}
unsigned number_at(std::string_view bytes, std::size_t place) {
    return byte_at(bytes, place) << 8U | byte_at(bytes, place + 1);
}

/// SOF0 to SOF15 without DHT, JPG and DAC, which lie between them.
bool begins_frame(unsigned marker) {
    return marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC;
}

std::unexpected<Error> no_picture(std::string what) {
    return failure(Remedy::refuse, std::move(what), "no_picture");
}

}  // namespace

bool JpegFacts::is_flat() const noexcept {
    const std::uint64_t points = std::uint64_t{width} * height;
    return std::uint64_t{coded_bytes} * 8 * kFlatPoints < points * kFlatBits;
}

Result<JpegFacts> read_jpeg(std::string_view bytes) {
    if (bytes.empty()) return no_picture("the recorder's answer is empty");
    if (!bytes.starts_with(kPictureBegin)) return no_picture("the recorder's answer is no JPEG picture");
    JpegFacts facts;
    std::size_t place = 2;
    while (place + kMarker + 2 <= bytes.size()) {
        if (byte_at(bytes, place) != 0xFF) return no_picture("the recorder's picture can't be read");
        const unsigned marker = byte_at(bytes, place + 1);
        if (marker == 0xFF) {  // a marker may be preceded by any number of them
            ++place;
            continue;
        }
        const unsigned length = number_at(bytes, place + kMarker);
        if (length < 2) return no_picture("the recorder's picture can't be read");
        if (begins_frame(marker)) {
            if (place + kFrameHead > bytes.size()) break;
            facts.height = number_at(bytes, place + 5);
            facts.width = number_at(bytes, place + 7);
        }
        place += kMarker + length;
        if (marker != kScan) continue;
        if (facts.width == 0 || facts.height == 0) return no_picture("the recorder's picture has no size");
        // Within the coded picture these two bytes can't stand: 0xFF is followed by 0 there.
        const std::size_t end = bytes.rfind(kPictureEnd);
        if (end == std::string_view::npos || end < place) break;
        facts.coded_bytes = end - place;
        return facts;
    }
    return failure(Remedy::refuse, "the recorder's picture is cut off", "cut_off");
}

}  // namespace sluice::xvr
