#include "storage/mp4/detail/bits.hpp"

namespace sluice::mp4::detail {

Bytes to_rbsp(ByteView nal, std::size_t header_bytes) {
    Bytes rbsp;
    if (nal.size() <= header_bytes) return rbsp;
    rbsp.reserve(nal.size() - header_bytes);
    unsigned zeros = 0;
    for (const std::uint8_t byte : nal.subspan(header_bytes)) {
        if (zeros >= 2 && byte == 3) {
            zeros = 0;
            continue;
        }
        zeros = byte == 0 ? zeros + 1 : 0;
        rbsp.push_back(byte);
    }
    return rbsp;
}

std::uint32_t BitReader::bits(unsigned count) noexcept {
    if (!good_ || count > 32 || count > rbsp_.size() * 8 - position_) {
        good_ = false;
        return 0;
    }
    std::uint32_t value = 0;
    for (unsigned i = 0; i < count; ++i, ++position_) {
        value = value << 1U | (static_cast<std::uint32_t>(rbsp_[position_ / 8]) >> (7U - position_ % 8) & 1U);
    }
    return value;
}

void BitReader::skip(std::size_t count) noexcept {
    if (!good_ || count > rbsp_.size() * 8 - position_) {
        good_ = false;
        return;
    }
    position_ += count;
}

std::uint32_t BitReader::ue() noexcept {
    unsigned zeros = 0;
    while (good_ && !flag()) {
        if (++zeros > 31) good_ = false;
    }
    if (!good_) return 0;
    const std::uint32_t rest = bits(zeros);
    return good_ ? (1U << zeros) - 1U + rest : 0;
}

std::uint32_t BitReader::ue_up_to(std::uint32_t most) noexcept {
    const std::uint32_t value = ue();
    if (value <= most) return value;
    good_ = false;
    return 0;
}

std::int32_t BitReader::se() noexcept {
    const std::uint32_t code = ue();
    const auto half = static_cast<std::int32_t>(code / 2);
    return code % 2 != 0 ? half + 1 : -half;
}

}  // namespace sluice::mp4::detail
