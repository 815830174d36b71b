#pragma once

#include "config/base/bytes.hpp"
#include "config/base/words.hpp"

#include <array>
#include <cstdint>
#include <span>
#include <vector>

/// RTP payloads of H.264 (RFC 6184: single NAL unit, STAP-A, FU-A) and H.265 (RFC 7798: single, AP, FU), and
/// RTCP.
namespace sluice::farm {

inline constexpr std::size_t kPayloadLimit = 1400;

/// One packet as pieces to be gathered: its own head, then slices of the NAL units, which must outlive it.
struct Packet {
    /// 4 bytes of interleaving, 12 of RTP, then payload header or the lengths of an aggregate. Small and
    /// owned.
    std::array<std::uint8_t, 24> head{};
    std::size_t head_size = 16;
    std::vector<ByteView>
        pieces;  ///< payload; for aggregates each NAL unit stands behind a piece of its length
    std::vector<std::array<std::uint8_t, 2>>
        lengths;  ///< of the aggregate's NAL units; piece i stands behind length i

    [[nodiscard]] std::size_t payload_size() const noexcept;
};

struct RtpState {
    std::uint32_t ssrc = 0;
    std::uint16_t sequence = 0;
    std::uint32_t packets = 0;
    std::uint32_t octets = 0;
};

/// Packets of one access unit, the last with the marker. Sequence numbers go on from `state`; `channel` is
/// the interleaved channel. Small neighbours (SPS, PPS, SEI) are aggregated when `with_aggregates`.
[[nodiscard]] std::vector<Packet> packetize(
    Codec codec,
    std::span<const ByteView> nals,
    std::uint32_t timestamp,
    std::uint8_t channel,
    bool with_aggregates,
    RtpState& state
);

/// Sender report with a CNAME, without the interleaving head. `ntp_us`: wall time in microseconds since 1970.
[[nodiscard]] Bytes make_sender_report(const RtpState& state, std::int64_t ntp_us, std::uint32_t timestamp);

}  // namespace sluice::farm
