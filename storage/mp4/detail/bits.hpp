#pragma once

#include "config/base/bytes.hpp"

#include <cstddef>
#include <cstdint>

namespace sluice::mp4::detail {

/// Payload of a NAL unit without its header and without emulation prevention bytes (H.264 §7.3.1, H.265
/// §7.3.1.1).
[[nodiscard]] Bytes to_rbsp(ByteView nal, std::size_t header_bytes);

/// Reads a payload bit by bit. Past the end, and after a malformed number, everything is 0 and is_good() is
/// false: the caller checks once, at the place where a value is trusted.
class BitReader {
public:
    explicit BitReader(ByteView rbsp) noexcept : rbsp_(rbsp) {}

    [[nodiscard]] bool is_good() const noexcept { return good_; }
    bool flag() noexcept { return bits(1) != 0; }
    /// At most 32.
    std::uint32_t bits(unsigned count) noexcept;
    void skip(std::size_t count) noexcept;
    /// Exp-Golomb, ue(v). A number of more than 31 leading zeros is malformed.
    std::uint32_t ue() noexcept;
    /// ue(v) that must not be over `most`.
    std::uint32_t ue_up_to(std::uint32_t most) noexcept;
    /// se(v).
    std::int32_t se() noexcept;

private:
    ByteView rbsp_;
    std::size_t position_ = 0;  // in bits
    bool good_ = true;
};

}  // namespace sluice::mp4::detail
