#pragma once

#include "config/base/bytes.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace sluice::mp4::detail {

/// Big-endian numbers out of bytes from outside. Past the end everything is 0 and is_good() is false.
class ByteReader {
public:
    explicit ByteReader(ByteView bytes) noexcept : rest_(bytes) {}

    [[nodiscard]] bool is_good() const noexcept { return good_; }
    [[nodiscard]] ByteView rest() const noexcept { return rest_; }
    std::uint64_t number(unsigned bytes) noexcept {
        std::uint64_t value = 0;
        for (const std::uint8_t byte : take(bytes))
            value = value << 8U | byte;
        return value;
    }
    std::uint8_t u8() noexcept { return static_cast<std::uint8_t>(number(1)); }
    std::uint16_t u16() noexcept { return static_cast<std::uint16_t>(number(2)); }
    std::uint32_t u32() noexcept { return static_cast<std::uint32_t>(number(4)); }
    std::uint64_t u64() noexcept { return number(8); }
    void skip(std::size_t count) noexcept { take(count); }
    /// The next `count` bytes; empty, and no longer good, when there are fewer.
    ByteView take(std::size_t count) noexcept {
        if (count > rest_.size()) {
            good_ = false;
            rest_ = {};
        }
        const ByteView taken = rest_.first(std::min(count, rest_.size()));
        rest_ = rest_.subspan(taken.size());
        return taken;
    }

private:
    ByteView rest_;
    bool good_ = true;
};

}  // namespace sluice::mp4::detail
