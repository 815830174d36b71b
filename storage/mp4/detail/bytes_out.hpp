#pragma once

#include "config/base/bytes.hpp"

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string_view>

/// Big-endian numbers and boxes behind a byte vector.
namespace sluice::mp4::detail {

inline void put(Bytes& out, ByteView bytes) {
    out.insert(out.end(), bytes.begin(), bytes.end());
}
inline void put_text(Bytes& out, std::string_view text) {
    put(out, as_bytes(text));
}
inline void put_zeros(Bytes& out, std::size_t count) {
    out.resize(out.size() + count);
}

inline void put_number(Bytes& out, std::uint64_t value, unsigned bytes) {
    for (unsigned shift = bytes * 8; shift > 0; shift -= 8)
        out.push_back(static_cast<std::uint8_t>(value >> (shift - 8)));
}
inline void put_u8(Bytes& out, std::uint8_t value) {
    out.push_back(value);
}
inline void put_u16(Bytes& out, std::uint16_t value) {
    put_number(out, value, 2);
}
inline void put_u32(Bytes& out, std::uint32_t value) {
    put_number(out, value, 4);
}
inline void put_u64(Bytes& out, std::uint64_t value) {
    put_number(out, value, 8);
}

/// A box around what is appended while it lives; its size is filled in at the end of the scope.
class BoxScope {
public:
    BoxScope(Bytes& out, std::string_view type) : out_(out), start_(out.size()) {
        put_u32(out_, 0);
        put_text(out_, type);
    }
    /// A full box: version and flags behind the type.
    BoxScope(Bytes& out, std::string_view type, std::uint8_t version, std::uint32_t flags)
        : BoxScope(out, type) {
        put_u32(out_, static_cast<std::uint32_t>(version) << 24U | flags);
    }
    BoxScope(const BoxScope&) = delete;
    BoxScope& operator=(const BoxScope&) = delete;
    ~BoxScope() {
        const std::size_t size = out_.size() - start_;
        assert(size <= std::numeric_limits<std::uint32_t>::max());
        for (unsigned i = 0; i < 4; ++i)
            out_[start_ + i] = static_cast<std::uint8_t>(size >> (24U - 8U * i));
    }

private:
    Bytes& out_;
    std::size_t start_;
};

}  // namespace sluice::mp4::detail
