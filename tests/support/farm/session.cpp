#include "tests/support/farm/session.hpp"

#include "tests/support/farm/nal.hpp"

#include <algorithm>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <fmt/format.h>

namespace sluice::farm {
namespace {

using namespace std::chrono_literals;

constexpr auto kReportInterval = 5s;
constexpr std::size_t kDatagramsAtOnce =
    24;  // a key frame sent in one burst would overrun the receiver's buffer

Steady::duration ticks_to_time(double ticks) {
    return std::chrono::duration_cast<Steady::duration>(std::chrono::duration<double>{ticks / 90'000.0});
}

UniqueFd bound_socket(std::uint32_t own_address, std::uint16_t port) {
    UniqueFd fd{::socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = own_address;
    if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return {};
    return fd;
}

std::uint16_t port_of(const UniqueFd& fd) {
    sockaddr_in address{};
    socklen_t size = sizeof address;
    ::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &size);
    return ntohs(address.sin_port);
}

bool connect_to(const UniqueFd& fd, std::uint32_t peer, int port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = peer;
    return ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
}

/// Pieces of a packet in the order of the wire, from byte `skip` of its head on.
void gather(const Packet& packet, std::size_t skip, std::vector<iovec>& out) {
    const auto add = [&out](const std::uint8_t* data, std::size_t size) {
        out.push_back({const_cast<std::uint8_t*>(data), size});
    };
    add(packet.head.data() + skip, packet.head_size - skip);
    for (std::size_t i = 0; i < packet.pieces.size(); ++i) {
        if (i < packet.lengths.size()) add(packet.lengths[i].data(), 2);
        add(packet.pieces[i].data(), packet.pieces[i].size());
    }
}

}  // namespace

Session::Session(Camera& camera, Stream& stream)
    : camera_(camera),
      stream_(stream),
      number_(camera.take_session_number()),
      id_(fmt::format("{:08X}", camera.random()())),
      media_(camera.media) {
    rtp_state_.ssrc = static_cast<std::uint32_t>(camera.random()());
    rtp_state_.sequence = static_cast<std::uint16_t>(camera.random()());
    rtp_base_ = camera.faults.rtp_start.value_or(static_cast<std::uint32_t>(camera.random()()));
    camera.faults.rtp_start.reset();
}

Session::~Session() {
    if (has_begun_) camera_.log_event("session_ended", fmt::format(",\"session\":{}", number_));
}

std::optional<std::string> Session::set_up(const TransportWish& wish, Addresses addresses) {
    is_interleaved_ = wish.is_interleaved;
    if (is_interleaved_) {
        if (!camera_.habits.speaks_tcp) return std::nullopt;
        channel_ = static_cast<std::uint8_t>(wish.first);
        return fmt::format(
            "RTP/AVP/TCP;unicast;interleaved={}-{};ssrc={:08X}", wish.first, wish.second, rtp_state_.ssrc
        );
    }
    if (!camera_.habits.speaks_udp) return std::nullopt;
    rtp_ = bound_socket(addresses.own, 0);
    rtcp_ = bound_socket(addresses.own, static_cast<std::uint16_t>(port_of(rtp_) + 1));
    if (!rtcp_.is_open()) rtcp_ = bound_socket(addresses.own, 0);
    if (!connect_to(rtp_, addresses.peer, wish.first) || !connect_to(rtcp_, addresses.peer, wish.second))
        return std::nullopt;
    return fmt::format(
        "RTP/AVP;unicast;client_port={}-{};server_port={}-{};ssrc={:08X}",
        wish.first,
        wish.second,
        port_of(rtp_),
        port_of(rtcp_),
        rtp_state_.ssrc
    );
}

std::string Session::play(TimePoint now) {
    if (!has_begun_) {
        has_begun_ = true;
        if (camera_.faults.starts_without_key) {
            const auto not_key = std::ranges::find(media_->pictures, false, &Picture::is_key);
            if (not_key != media_->pictures.end())
                position_ = static_cast<std::size_t>(not_key - media_->pictures.begin());
        }
        due_ = now;
        report_due_ = now;
        camera_.log_event(
            "session_began",
            fmt::format(",\"session\":{},\"transport\":\"{}\"", number_, is_interleaved_ ? "tcp" : "udp")
        );
    }
    is_playing_ = true;
    return fmt::format(
        "seq={};rtptime={}", rtp_state_.sequence, rtp_base_ + static_cast<std::uint32_t>(wire_dts_)
    );
}

TimePoint Session::next_due() const noexcept {
    const TimePoint packets = datagrams_.empty() ? TimePoint::max() : datagrams_due_;
    return is_playing_ ? std::min(due_, packets) : packets;
}

bool Session::on_time(TimePoint now) {
    if (!datagrams_.empty() && datagrams_due_ <= now) {
        send_datagrams();
        datagrams_due_ = now + 1ms;
    }
    while (is_playing_ && due_ <= now) {
        if (camera_.faults.stalled_until > now) {  // the camera's encoder stands; its clock runs on
            const auto pause = camera_.faults.stalled_until - due_;
            wire_dts_ += std::chrono::duration_cast<std::chrono::microseconds>(pause).count() * 9 / 100;
            due_ = camera_.faults.stalled_until;
            return true;
        }
        if (!take_new_media()) return false;
        send_picture(now);
        advance();
    }
    return true;
}

bool Session::take_new_media() {
    if (media_ == camera_.media || !media_->pictures[position_].is_key) return true;
    if (media_->codec != camera_.media->codec) return false;
    media_ = camera_.media;
    position_ = 0;
    return true;
}

void Session::advance() {
    const std::int64_t here = media_->pictures[position_].dts;
    const bool is_last = position_ + 1 == media_->pictures.size();
    const std::int64_t next = is_last ? media_->duration : media_->pictures[position_ + 1].dts;
    position_ = is_last ? 0 : position_ + 1;
    const double declared = static_cast<double>(next - here);
    const double stretch = camera_.faults.real_fps > 0 ? media_->fps / camera_.faults.real_fps : 1.0;
    due_ += ticks_to_time(declared * stretch);
    wire_dts_ += static_cast<std::int64_t>(camera_.faults.has_true_times ? declared * stretch : declared);
}

std::int64_t Session::next_times(const Picture& picture, PictureRecord& record) {
    Faults& faults = camera_.faults;
    if (faults.clock_jump_ticks != 0) {
        wire_dts_ += std::exchange(faults.clock_jump_ticks, 0);
        record.fault = "clock_jump";
    }
    std::int64_t pts = wire_dts_ + picture.pts - picture.dts;
    if (faults.pictures_out_of_order > 0) {
        if (faults.pictures_out_of_order % 2 == 0) pts -= 5 * 3600;
        --faults.pictures_out_of_order;
        record.fault = "non_monotonic";
    }
    return pts;
}

std::vector<ByteView> Session::dress(const Picture& picture, PictureRecord& record) {
    std::vector<ByteView> nals;
    Faults& faults = camera_.faults;
    const bool changes = faults.sets_change == (picture.is_key ? SetsChange::on_key : SetsChange::in_mid_gop);
    if (changes) {
        faults.sets_change = SetsChange::none;
        camera_.extra_sets.push_back(renumber_pps(
            media_->codec, media_->sets.back(), static_cast<unsigned>(1 + camera_.extra_sets.size())
        ));
        record.fault = "sets";
    }
    if (picture.is_key && camera_.habits.has_sets_in_band) {
        nals.assign(media_->sets.begin(), media_->sets.end());
        nals.insert(nals.end(), camera_.extra_sets.begin(), camera_.extra_sets.end());
    } else if (changes) {
        nals.emplace_back(camera_.extra_sets.back());
    }
    sei_ = make_sei(
        media_->codec,
        fmt::format(
            "camera={};picture={};session={};at={}", camera_.name(), record.number, number_, wall_now_us()
        )
    );
    nals.emplace_back(sei_);
    nals.insert(nals.end(), picture.nals.begin(), picture.nals.end());
    return nals;
}

void Session::corrupt(std::vector<ByteView>& nals, std::vector<Sha256Digest>& hashes, PictureRecord& record) {
    if (camera_.faults.pictures_to_corrupt <= 0) return;
    --camera_.faults.pictures_to_corrupt;
    record.fault = "corrupt";
    corrupted_.assign(nals.back().begin(), nals.back().end());
    for (std::size_t i = corrupted_.size() / 2; i < std::min(corrupted_.size(), corrupted_.size() / 2 + 8);
         ++i)
        corrupted_[i] = static_cast<std::uint8_t>(corrupted_[i] ^ 0x55U) | 0x04U;  // never a start code
    nals.back() = corrupted_;
    hashes.back() = sha256(corrupted_);
}

std::vector<Packet> Session::spoil(std::vector<Packet> packets, PictureRecord& record) {
    Faults& faults = camera_.faults;
    if (faults.reorder_every != 0 && record.number % faults.reorder_every == 0 && packets.size() > 1) {
        std::swap(packets[packets.size() / 2], packets[packets.size() / 2 - 1]);
        record.fault = "reorder";
    }
    if (faults.pictures_to_behead > 0 && record.is_key && packets.size() > 1) {
        --faults.pictures_to_behead;
        packets.erase(packets.begin());
        ++record.dropped;
        record.fault = "behead";
    }
    std::uniform_real_distribution<double> percent{0, 100};
    std::erase_if(packets, [&](const Packet&) {
        const bool is_counted = faults.packets_to_drop > 0;
        if (is_counted) --faults.packets_to_drop;
        if (!is_counted && (faults.loss_percent <= 0 || percent(camera_.random()) >= faults.loss_percent))
            return false;
        ++record.dropped;
        record.fault = "drop";
        return true;
    });
    return packets;
}

void Session::send_picture(TimePoint now) {
    const Picture& picture = media_->pictures[position_];
    PictureRecord record;
    record.number = camera_.take_picture_number();
    record.session = number_;
    record.is_key = picture.is_key;
    record.pts = next_times(picture, record);
    std::vector<ByteView> nals = dress(picture, record);
    std::vector<Sha256Digest> hashes{sha256(sei_)};
    hashes.insert(hashes.end(), picture.hashes.begin(), picture.hashes.end());
    corrupt(nals, hashes, record);
    record.hash = picture_hash(hashes);
    record.bare_hash = picture_hash(std::span{hashes}.subspan(1));
    const std::uint32_t timestamp = rtp_base_ + static_cast<std::uint32_t>(record.pts);
    if (report_due_ <= now) {
        send_report(record.pts);
        report_due_ = now + kReportInterval;
    }
    auto packets =
        packetize(media_->codec, nals, timestamp, channel_, camera_.habits.has_aggregates, rtp_state_);
    record.packets = packets.size();
    for (const Packet& packet : packets)
        record.bytes += packet.payload_size();
    packets = spoil(std::move(packets), record);
    deliver(packets, record);
}

void Session::deliver(const std::vector<Packet>& packets, const PictureRecord& record) {
    if (is_interleaved_) {
        std::vector<iovec> pieces;
        for (const Packet& packet : packets)
            gather(packet, 0, pieces);
        stream_.write(pieces, &record);
        return;
    }
    for (const Packet& packet : packets) {
        std::vector<iovec> pieces;
        gather(packet, 4, pieces);
        Datagram& datagram = datagrams_.emplace_back();
        for (const iovec& piece : pieces) {
            const auto* const data = static_cast<const std::uint8_t*>(piece.iov_base);
            datagram.bytes.insert(datagram.bytes.end(), data, data + piece.iov_len);
        }
    }
    if (packets.empty()) {
        camera_.log_picture(record, wall_now_us());
        return;
    }
    datagrams_.back().record = record;
    send_datagrams();
    datagrams_due_ = Steady::now() + 1ms;
}

void Session::send_datagrams() {
    for (std::size_t i = 0; i < kDatagramsAtOnce && !datagrams_.empty(); ++i) {
        const Datagram& datagram = datagrams_.front();
        // A receiver that is gone answers with an ICMP error, which is no reason for a camera to stop.
        static_cast<void>(::send(rtp_.get(), datagram.bytes.data(), datagram.bytes.size(), MSG_DONTWAIT));
        if (datagram.record) camera_.log_picture(*datagram.record, wall_now_us());
        datagrams_.pop_front();
    }
}

void Session::send_report(std::int64_t pts) {
    Bytes report = make_sender_report(
        rtp_state_, wall_now_us() + camera_.faults.ntp_error_us, rtp_base_ + static_cast<std::uint32_t>(pts)
    );
    if (!is_interleaved_) {
        static_cast<void>(::send(rtcp_.get(), report.data(), report.size(), MSG_DONTWAIT));
        return;
    }
    std::array<std::uint8_t, 4> head{
        '$', static_cast<std::uint8_t>(channel_ + 1), 0, static_cast<std::uint8_t>(report.size())
    };
    const std::array<iovec, 2> pieces{iovec{head.data(), head.size()}, iovec{report.data(), report.size()}};
    stream_.write(pieces, nullptr);
}

}  // namespace sluice::farm
