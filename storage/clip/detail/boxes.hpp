#pragma once

#include "config/base/bytes.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

/// Big-endian writing of boxes whose size is known when they end.
namespace sluice::clip {

inline void put_u16(Bytes& out, std::uint16_t value) {
    out.push_back(static_cast<std::uint8_t>(value >> 8U));
    out.push_back(static_cast<std::uint8_t>(value));
}
inline void put_u32(Bytes& out, std::uint32_t value) {
    for (unsigned shift = 32; shift > 0;)
        out.push_back(static_cast<std::uint8_t>(value >> (shift -= 8)));
}
inline void put_u64(Bytes& out, std::uint64_t value) {
    for (unsigned shift = 64; shift > 0;)
        out.push_back(static_cast<std::uint8_t>(value >> (shift -= 8)));
}
inline void put_text(Bytes& out, std::string_view text) {
    const ByteView bytes = as_bytes(text);
    out.insert(out.end(), bytes.begin(), bytes.end());
}

/// Begins a box and gives its place for end_box.
[[nodiscard]] inline std::size_t begin_box(Bytes& out, std::string_view type) {
    const std::size_t place = out.size();
    put_u32(out, 0);
    put_text(out, type);
    return place;
}
[[nodiscard]] inline std::size_t
begin_full_box(Bytes& out, std::string_view type, unsigned version, std::uint32_t flags) {
    const std::size_t place = begin_box(out, type);
    put_u32(out, version << 24U | flags);
    return place;
}
/// `outside`: bytes of the box that are not in `out` but follow behind it.
inline void end_box(Bytes& out, std::size_t place, std::uint64_t outside = 0) {
    const std::uint64_t size = out.size() - place + outside;
    for (unsigned i = 0; i < 4; ++i)
        out[place + i] = static_cast<std::uint8_t>(size >> (24U - 8U * i));
}

}  // namespace sluice::clip
