#include "api/cursor.hpp"

#include "config/base/base64.hpp"

#include <algorithm>

namespace sluice::api {
namespace {

constexpr std::uint8_t kSegmentMark = 1;
constexpr std::uint8_t kSlugMark = 2;
constexpr std::size_t kSegmentBytes = 1 + 8 + 16;

}  // namespace

std::string to_cursor(const catalogue::SegmentCursor& place) {
    Bytes bytes{kSegmentMark};
    const auto from = static_cast<std::uint64_t>(to_epoch_us(place.from));
    for (unsigned shift = 64; shift > 0; shift -= 8)
        bytes.push_back(static_cast<std::uint8_t>(from >> (shift - 8)));
    bytes.insert(bytes.end(), place.id.bytes.begin(), place.id.bytes.end());
    return to_base64url(bytes);
}

std::optional<catalogue::SegmentCursor> segment_cursor_from(std::string_view text) {
    const auto bytes = from_base64url(text);
    if (!bytes || bytes->size() != kSegmentBytes || bytes->front() != kSegmentMark) return std::nullopt;
    std::uint64_t from = 0;
    for (std::size_t i = 1; i <= 8; ++i)
        from = from << 8U | bytes->at(i);
    catalogue::SegmentCursor place{from_epoch_us(static_cast<std::int64_t>(from)), {}};
    std::copy_n(bytes->begin() + 9, place.id.bytes.size(), place.id.bytes.begin());
    return place;
}

std::string to_cursor(std::string_view slug) {
    Bytes bytes{kSlugMark};
    bytes.insert(bytes.end(), slug.begin(), slug.end());
    return to_base64url(bytes);
}

std::optional<std::string> slug_cursor_from(std::string_view text) {
    const auto bytes = from_base64url(text);
    if (!bytes || bytes->size() < 2 || bytes->front() != kSlugMark) return std::nullopt;
    return std::string{bytes->begin() + 1, bytes->end()};
}

std::string to_cursor(const Uuid& id) {
    return to_cursor(std::string_view{to_string(id)});
}

std::optional<Uuid> id_cursor_from(std::string_view text) {
    const auto place = slug_cursor_from(text);
    if (!place) return std::nullopt;
    const auto id = uuid_from_string(*place);
    return id ? std::optional{*id} : std::nullopt;
}

}  // namespace sluice::api
