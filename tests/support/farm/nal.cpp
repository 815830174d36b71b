#include "tests/support/farm/nal.hpp"

#include <array>

namespace sluice::farm {
namespace {

constexpr std::array<std::uint8_t, 16>
    kSeiUuid{0x73, 0x6c, 0x75, 0x69, 0x63, 0x65, 0x46, 0x61, 0x72, 0x6d, 0x70, 0x69, 0x63, 0x74, 0x75, 0x72};

unsigned type_of(Codec codec, ByteView nal) noexcept {
    if (nal.empty()) return 0;
    return codec == Codec::h264 ? nal[0] & 0x1fU : (nal[0] >> 1U) & 0x3fU;
}

std::size_t header_bytes(Codec codec) noexcept {
    return codec == Codec::h264 ? 1 : 2;
}

Bytes without_emulation_bytes(ByteView bytes) {
    Bytes result;
    unsigned zeros = 0;
    for (const std::uint8_t byte : bytes) {
        if (zeros >= 2 && byte == 3) {
            zeros = 0;
            continue;
        }
        zeros = byte == 0 ? zeros + 1 : 0;
        result.push_back(byte);
    }
    return result;
}

void append_with_emulation_bytes(Bytes& out, ByteView bytes) {
    unsigned zeros = 0;
    for (const std::uint8_t byte : bytes) {
        if (zeros >= 2 && byte <= 3) {
            out.push_back(3);
            zeros = 0;
        }
        zeros = byte == 0 ? zeros + 1 : 0;
        out.push_back(byte);
    }
}

class BitWriter {
public:
    void put(bool bit) {
        if (count_ % 8 == 0) bytes_.push_back(0);
        if (bit) bytes_.back() = static_cast<std::uint8_t>(bytes_.back() | (0x80U >> (count_ % 8)));
        ++count_;
    }
    void put_ue(unsigned value) {
        unsigned length = 0;
        while (((value + 1) >> (length + 1)) != 0)
            ++length;
        for (unsigned i = 0; i < length; ++i)
            put(false);
        for (unsigned i = length + 1; i-- > 0;)
            put(((value + 1) >> i & 1U) != 0);
    }
    [[nodiscard]] const Bytes& bytes() const noexcept { return bytes_; }

private:
    Bytes bytes_;
    std::size_t count_ = 0;
};

bool bit_at(ByteView bytes, std::size_t index) {
    return (bytes[index / 8] >> (7 - index % 8) & 1U) != 0;
}

/// Position of the stop bit that ends a raw byte sequence payload.
std::size_t stop_bit(ByteView bytes) {
    std::size_t end = bytes.size() * 8;
    while (end > 0 && !bit_at(bytes, end - 1))
        --end;
    return end == 0 ? 0 : end - 1;
}

}  // namespace

bool is_parameter_set(Codec codec, ByteView nal) noexcept {
    const unsigned type = type_of(codec, nal);
    return codec == Codec::h264 ? type == 7 || type == 8 : type >= 32 && type <= 34;
}

bool is_dressing(Codec codec, ByteView nal) noexcept {
    const unsigned type = type_of(codec, nal);
    if (is_parameter_set(codec, nal)) return true;
    return codec == Codec::h264 ? type >= 9 && type <= 12 : type >= 35 && type <= 38;
}

bool is_supplement(Codec codec, ByteView nal) noexcept {
    const unsigned type = type_of(codec, nal);
    return codec == Codec::h264 ? type == 6 : type == 39 || type == 40;
}

bool is_key_picture(Codec codec, ByteView nal) noexcept {
    const unsigned type = type_of(codec, nal);
    return codec == Codec::h264 ? type == 5 : type >= 16 && type <= 21;
}

Sha256Digest picture_hash(std::span<const Sha256Digest> nal_hashes) {
    Sha256 all;
    for (const Sha256Digest& hash : nal_hashes)
        all.update(hash);
    return all.digest();
}

Sha256Digest picture_hash_of_sample(Codec codec, ByteView sample) {
    std::vector<Sha256Digest> hashes;
    while (!sample.empty()) {
        if (sample.size() < 4) return {};
        const std::size_t size = static_cast<std::size_t>(sample[0]) << 24U |
                                 static_cast<std::size_t>(sample[1]) << 16U |
                                 static_cast<std::size_t>(sample[2]) << 8U | sample[3];
        if (size > sample.size() - 4) return {};
        const ByteView nal = sample.subspan(4, size);
        if (!is_dressing(codec, nal)) hashes.push_back(sha256(nal));
        sample = sample.subspan(4 + size);
    }
    return picture_hash(hashes);
}

std::vector<ByteView> split_units(ByteView annex_b) {
    std::vector<ByteView> units;
    std::size_t begin = 0;
    bool has_begun = false;
    const auto close = [&](std::size_t end) {
        while (end > begin && annex_b[end - 1] == 0)
            --end;
        if (has_begun && end > begin) units.push_back(annex_b.subspan(begin, end - begin));
    };
    for (std::size_t i = 0; i + 3 <= annex_b.size();) {
        if (annex_b[i] == 0 && annex_b[i + 1] == 0 && annex_b[i + 2] == 1) {
            close(i);
            begin = i + 3;
            has_begun = true;
            i += 3;
        } else {
            ++i;
        }
    }
    close(annex_b.size());
    return units;
}

Bytes make_sei(Codec codec, std::string_view text) {
    Bytes sei = codec == Codec::h264 ? Bytes{0x06} : Bytes{0x4e, 0x01};
    sei.push_back(5);  // user_data_unregistered
    sei.push_back(static_cast<std::uint8_t>(kSeiUuid.size() + text.size()));
    sei.insert(sei.end(), kSeiUuid.begin(), kSeiUuid.end());
    sei.insert(sei.end(), text.begin(), text.end());
    sei.push_back(0x80);
    return sei;
}

Bytes renumber_pps(Codec codec, ByteView pps, unsigned number) {
    const std::size_t head = header_bytes(codec);
    const Bytes payload = without_emulation_bytes(pps.subspan(head));
    BitWriter writer;
    writer.put_ue(number);
    const std::size_t stop = stop_bit(payload);
    for (std::size_t i = 1; i <= stop; ++i)  // bit 0 alone was number 0
        writer.put(bit_at(payload, i));
    Bytes result{pps.begin(), pps.begin() + static_cast<std::ptrdiff_t>(head)};
    append_with_emulation_bytes(result, writer.bytes());
    return result;
}

}  // namespace sluice::farm
