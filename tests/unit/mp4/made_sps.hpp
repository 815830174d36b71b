#pragma once

#include "config/base/bytes.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

/// Parameter sets written bit by bit, for what no encoder here would write.
namespace sluice::test {

class BitWriter {
public:
    void bits(std::uint64_t value, unsigned count) {
        for (unsigned i = count; i > 0; --i)
            bit((value >> (i - 1) & 1U) != 0);
    }
    void bit(bool value) {
        if (used_ % 8 == 0) bytes_.push_back(0);
        if (value) bytes_.back() = static_cast<std::uint8_t>(bytes_.back() | 0x80U >> used_ % 8);
        ++used_;
    }
    void ue(std::uint32_t value) {
        const std::uint64_t code = std::uint64_t{value} + 1;
        unsigned length = 0;
        while ((code >> length) > 1)
            ++length;
        bits(0, length);
        bits(code, length + 1);
    }
    /// Stop bit, and emulation prevention behind `header`.
    [[nodiscard]] Bytes to_nal(const Bytes& header) {
        bit(true);
        Bytes nal = header;
        unsigned zeros = 0;
        for (const std::uint8_t byte : bytes_) {
            if (zeros == 2 && byte <= 3) {
                nal.push_back(3);
                zeros = 0;
            }
            zeros = byte == 0 ? zeros + 1 : 0;
            nal.push_back(byte);
        }
        return nal;
    }

private:
    Bytes bytes_;
    unsigned used_ = 0;
};

using Crop = std::array<std::uint32_t, 4>;  ///< left, right, top, bottom in crop units

struct H264SpsFields {
    std::uint8_t profile = 100;
    std::uint8_t constraints = 0;
    std::uint8_t level = 40;
    std::uint32_t id = 0;
    std::uint32_t chroma_format = 1;
    std::uint32_t order_count_type = 0;
    std::uint32_t columns = 20;  ///< macroblocks
    std::uint32_t rows = 12;
    std::optional<Crop> crop{};
    bool is_interlaced = false;
    bool has_scaling_lists = false;
    std::optional<std::uint32_t> vui_reorder{};
    bool has_full_vui = false;  ///< every optional part before the bitstream restriction, HRDs too
};

inline void put_h264_vui(BitWriter& out, const H264SpsFields& fields) {
    out.bit(fields.has_full_vui);  // aspect ratio
    if (fields.has_full_vui) {
        out.bits(255, 8);
        out.bits(0, 32);          // zeros: emulation prevention
        out.bits(0b11, 2);        // overscan
        out.bits(0b1101'0'1, 6);  // video signal type with colours
        out.bits(0x010101, 24);
        out.bit(true);  // chroma location
        out.ue(0);
        out.ue(3);
        out.bit(true);  // timing
        out.bits(1, 32);
        out.bits(50, 32);
        out.bit(true);
        for (int hrd = 0; hrd < 2; ++hrd) {
            out.bit(true);
            out.ue(1);  // two schedules
            out.bits(0, 8);
            for (int i = 0; i < 2; ++i) {
                out.ue(100'000);
                out.ue(200'000);
                out.bit(false);
            }
            out.bits(0, 20);
        }
        out.bit(false);  // low delay
    } else {
        out.bits(0, 6);  // overscan, signal type, chroma location, timing, two HRDs: none
    }
    out.bit(true);  // pic_struct_present
    out.bit(true);  // bitstream restriction
    out.bit(true);
    for (int i = 0; i < 4; ++i)
        out.ue(2);
    out.ue(*fields.vui_reorder);
    out.ue(16);
}

[[nodiscard]] inline Bytes make_sps(const H264SpsFields& fields) {
    BitWriter out;
    out.bits(fields.profile, 8);
    out.bits(fields.constraints, 8);
    out.bits(fields.level, 8);
    out.ue(fields.id);
    if (fields.profile >= 100) {
        out.ue(fields.chroma_format);
        if (fields.chroma_format == 3) out.bit(false);
        out.ue(0);
        out.ue(0);
        out.bit(false);
        out.bit(fields.has_scaling_lists);
        for (int i = 0; fields.has_scaling_lists && i < 8; ++i) {
            out.bit(i % 2 == 0);
            if (i % 2 == 0) out.ue(15);  // delta +8: 16 everywhere ...
            for (int j = 1; i % 2 == 0 && j < (i < 6 ? 16 : 64); ++j)
                out.ue(0);
        }
    }
    out.ue(0);
    out.ue(fields.order_count_type);
    if (fields.order_count_type == 0) out.ue(2);
    if (fields.order_count_type == 1) {
        out.bit(false);
        out.ue(1);
        out.ue(2);
        out.ue(2);
        out.ue(7);
        out.ue(8);
    }
    out.ue(4);
    out.bit(false);
    out.ue(fields.columns - 1);
    out.ue(fields.rows - 1);
    out.bit(!fields.is_interlaced);
    if (fields.is_interlaced) out.bit(true);
    out.bit(true);
    out.bit(fields.crop.has_value());
    for (const std::uint32_t side : fields.crop.value_or(Crop{})) {
        if (fields.crop) out.ue(side);
    }
    out.bit(fields.vui_reorder.has_value());
    if (fields.vui_reorder) put_h264_vui(out, fields);
    return out.to_nal({0x67});
}

[[nodiscard]] inline Bytes make_pps(std::uint32_t id) {
    BitWriter out;
    out.ue(id);
    out.ue(0);
    out.bits(0b1, 2);
    return out.to_nal({0x68});
}

struct H265SpsFields {
    std::uint32_t width = 320;
    std::uint32_t height = 240;
    std::uint32_t chroma_format = 1;
    std::optional<Crop> crop{};
    std::vector<std::uint32_t> reorder{0};  ///< of each sub-layer
    bool has_sub_layer_profiles = false;
    bool states_only_highest = false;
    std::array<std::uint8_t, 12> profile{1, 0x60, 0, 0, 0, 0xB0, 0, 0, 0, 0, 0, 120};
};

[[nodiscard]] inline Bytes make_sps(const H265SpsFields& fields) {
    BitWriter out;
    const auto sub_layers = static_cast<unsigned>(fields.reorder.size()) - 1;
    out.bits(0, 4);
    out.bits(sub_layers, 3);
    out.bit(true);
    for (const std::uint8_t byte : fields.profile)
        out.bits(byte, 8);
    for (unsigned i = 0; i < sub_layers; ++i)
        out.bits(fields.has_sub_layer_profiles ? 3 : 0, 2);
    if (sub_layers > 0) out.bits(0, 2 * (8 - sub_layers));
    for (unsigned i = 0; i < sub_layers && fields.has_sub_layer_profiles; ++i) {
        for (int byte = 0; byte < 12; ++byte)
            out.bits(0xA5, 8);
    }
    out.ue(0);
    out.ue(fields.chroma_format);
    out.ue(fields.width);
    out.ue(fields.height);
    out.bit(fields.crop.has_value());
    for (const std::uint32_t side : fields.crop.value_or(Crop{})) {
        if (fields.crop) out.ue(side);
    }
    out.ue(0);
    out.ue(0);
    out.ue(4);
    out.bit(!fields.states_only_highest);
    for (unsigned i = fields.states_only_highest ? sub_layers : 0; i <= sub_layers; ++i) {
        out.ue(4);
        out.ue(fields.reorder[i]);
        out.ue(0);
    }
    out.bits(0, 24);  // the rest of the SPS is not looked at
    return out.to_nal({0x42, 0x01});
}

}  // namespace sluice::test
