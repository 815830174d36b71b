#include "tests/support/farm/rtp.hpp"

#include <algorithm>
#include <string_view>

namespace sluice::farm {
namespace {

constexpr std::uint8_t kPayloadType = 96;
constexpr std::size_t kHead = 16;  // interleaving and RTP

std::uint8_t low_byte(std::size_t value) {
    return static_cast<std::uint8_t>(value & 0xffU);
}

void put_u16(std::uint8_t* at, std::size_t value) {
    at[0] = low_byte(value >> 8U);
    at[1] = low_byte(value);
}

void put_u32(std::uint8_t* at, std::size_t value) {
    put_u16(at, value >> 16U);
    put_u16(at + 2, value);
}

class Packetizer {
public:
    Packetizer(Codec codec, std::uint32_t timestamp, std::uint8_t channel, RtpState& state)
        : codec_(codec),
          timestamp_(timestamp),
          channel_(channel),
          state_(state) {}

    void single(ByteView nal) { add().pieces.push_back(nal); }

    void aggregate(std::span<const ByteView> nals) {
        Packet& packet = add();
        if (codec_ == Codec::h264) {
            std::uint8_t importance = 0;
            for (const ByteView nal : nals)
                importance = std::max<std::uint8_t>(importance, nal[0] & 0x60U);
            packet.head[packet.head_size++] = static_cast<std::uint8_t>(importance | 24U);
        } else {
            packet.head[packet.head_size++] = 48U << 1U;
            packet.head[packet.head_size++] = 1;
        }
        for (const ByteView nal : nals) {
            std::array<std::uint8_t, 2> length{};
            put_u16(length.data(), nal.size());
            packet.lengths.push_back(length);
            packet.pieces.push_back(nal);
        }
    }

    void fragments(ByteView nal) {
        const std::size_t head = codec_ == Codec::h264 ? 1 : 2;
        const std::size_t limit = kPayloadLimit - head - 1;
        ByteView rest = nal.subspan(head);
        bool is_first = true;
        while (!rest.empty()) {
            const ByteView part = rest.first(std::min(limit, rest.size()));
            rest = rest.subspan(part.size());
            const unsigned marks = (is_first ? 0x80U : 0U) | (rest.empty() ? 0x40U : 0U);
            is_first = false;
            Packet& packet = add();
            std::uint8_t* const at = packet.head.data() + packet.head_size;
            if (codec_ == Codec::h264) {
                at[0] = static_cast<std::uint8_t>((nal[0] & 0xe0U) | 28U);
                at[1] = static_cast<std::uint8_t>(marks | (nal[0] & 0x1fU));
            } else {
                at[0] = static_cast<std::uint8_t>((nal[0] & 0x81U) | 49U << 1U);
                at[1] = nal[1];
                at[2] = static_cast<std::uint8_t>(marks | (nal[0] >> 1U & 0x3fU));
            }
            packet.head_size += head + 1;
            packet.pieces.push_back(part);
        }
    }

    std::vector<Packet> finish() {
        if (!packets_.empty()) packets_.back().head[5] |= 0x80U;
        for (Packet& packet : packets_) {
            const std::size_t payload = packet.payload_size();
            put_u16(packet.head.data() + 2, 12 + payload);
            ++state_.packets;
            state_.octets += static_cast<std::uint32_t>(payload);
        }
        return std::move(packets_);
    }

private:
    Packet& add() {
        Packet& packet = packets_.emplace_back();
        packet.head[0] = '$';
        packet.head[1] = channel_;
        packet.head[4] = 0x80;
        packet.head[5] = kPayloadType;
        put_u16(packet.head.data() + 6, state_.sequence++);
        put_u32(packet.head.data() + 8, timestamp_);
        put_u32(packet.head.data() + 12, state_.ssrc);
        return packet;
    }

    Codec codec_;
    std::uint32_t timestamp_;
    std::uint8_t channel_;
    RtpState& state_;
    std::vector<Packet> packets_;
};

/// How many NAL units from the first on fit into one aggregate.
std::size_t fitting(std::span<const ByteView> nals) {
    std::size_t size = 2;
    std::size_t count = 0;
    while (count < nals.size() && size + 2 + nals[count].size() <= kPayloadLimit)
        size += 2 + nals[count++].size();
    return count;
}

}  // namespace

std::size_t Packet::payload_size() const noexcept {
    std::size_t size = head_size - kHead + 2 * lengths.size();
    for (const ByteView piece : pieces)
        size += piece.size();
    return size;
}

std::vector<Packet> packetize(
    Codec codec,
    std::span<const ByteView> nals,
    std::uint32_t timestamp,
    std::uint8_t channel,
    bool with_aggregates,
    RtpState& state
) {
    Packetizer packetizer{codec, timestamp, channel, state};
    while (!nals.empty()) {
        const std::size_t count = with_aggregates ? fitting(nals) : 0;
        if (count > 1) {
            packetizer.aggregate(nals.first(count));
            nals = nals.subspan(count);
        } else {
            nals[0].size() <= kPayloadLimit ? packetizer.single(nals[0]) : packetizer.fragments(nals[0]);
            nals = nals.subspan(1);
        }
    }
    return packetizer.finish();
}

Bytes make_sender_report(const RtpState& state, std::int64_t ntp_us, std::uint32_t timestamp) {
    constexpr std::int64_t kFrom1900To1970 = 2'208'988'800;
    constexpr std::string_view kName = "rtsp-farm";  // with its head and the ending zero 12 bytes: 3 words
    Bytes report(28 + 20, 0);
    report[0] = 0x80;
    report[1] = 200;
    put_u16(report.data() + 2, 6);
    put_u32(report.data() + 4, state.ssrc);
    const auto seconds = static_cast<std::size_t>(ntp_us / 1'000'000 + kFrom1900To1970);
    const auto fraction = (static_cast<std::size_t>(ntp_us % 1'000'000) << 32U) / 1'000'000;
    put_u32(report.data() + 8, seconds);
    put_u32(report.data() + 12, fraction);
    put_u32(report.data() + 16, timestamp);
    put_u32(report.data() + 20, state.packets);
    put_u32(report.data() + 24, state.octets);
    std::uint8_t* const names = report.data() + 28;
    names[0] = 0x81;
    names[1] = 202;
    put_u16(names + 2, 4);
    put_u32(names + 4, state.ssrc);
    names[8] = 1;
    names[9] = static_cast<std::uint8_t>(kName.size());
    std::ranges::copy(kName, names + 10);
    return report;
}

}  // namespace sluice::farm
