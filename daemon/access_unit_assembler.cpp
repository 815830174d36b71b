#include "daemon/access_unit_assembler.hpp"

#include <algorithm>

namespace sluice::daemon {
namespace {

constexpr std::size_t kLengthBytes = 4;
constexpr std::size_t kLimitBytes = 64U << 20U;  // no picture is that large: a camera that never ends one
constexpr std::array<std::uint8_t, 4> kStartCode{0, 0, 0, 1};

bool has_start_code(ByteView piece) noexcept {
    return piece.size() > kStartCode.size() &&
           std::equal(kStartCode.begin(), kStartCode.end(), piece.begin());
}

/// Supplemental information before a picture (H.264 7.4.1.2.3, H.265 7.4.2.4.4): only found at a unit's
/// beginning.
bool is_prefix_sei(Codec codec, std::uint8_t header) noexcept {
    return codec == Codec::h264 ? (header & 0x1fU) == 6 : ((header >> 1U) & 0x3fU) == 39;
}

/// What follows a loss is whole only when it begins where a unit begins.
bool begins_unit(Codec codec, ByteView piece) {
    if (!has_start_code(piece)) return false;
    const ByteView nal = piece.subspan(kStartCode.size());
    if (is_prefix_sei(codec, nal.front())) return true;
    switch (mp4::nal_kind(codec, nal)) {
        case mp4::NalKind::vps:
        case mp4::NalKind::sps:
        case mp4::NalKind::pps:
        case mp4::NalKind::delimiter:
            return true;
        case mp4::NalKind::key_slice:
        case mp4::NalKind::slice:
            return mp4::starts_picture(codec, nal);
        case mp4::NalKind::other:
            return false;
    }
    return false;
}

}  // namespace

AccessUnitAssembler::AccessUnitAssembler(Codec codec, mp4::ParameterSets sets)
    : codec_(codec),
      sets_(std::make_shared<const mp4::ParameterSets>(std::move(sets))) {}

std::optional<AccessUnit>
AccessUnitAssembler::push(ByteView piece, std::int64_t pts, BootTime arrival, bool lost_before) {
    if (piece.empty()) return std::nullopt;
    if (lost_before) {
        loss_pending_ = true;
        is_damaged_ = true;  // the hole may have swallowed the tail of the unit under assembly
    }
    std::optional<AccessUnit> finished;
    if (!is_assembling_ || pts != unit_.pts) {
        if (is_assembling_) finished = take(pts);
        begin(pts, arrival);
        is_damaged_ = lost_before ? !begins_unit(codec_, piece) : !has_start_code(piece);
    }
    if (!is_damaged_) append(piece);
    return finished;
}

std::optional<AccessUnit> AccessUnitAssembler::flush() {
    if (!is_assembling_) return std::nullopt;
    return take(std::nullopt);
}

void AccessUnitAssembler::begin(std::int64_t pts, BootTime arrival) {
    is_assembling_ = true;
    unit_.pts = pts;
    unit_.bytes.reserve(likely_bytes_);
    if (!has_carried_) unit_.arrival = arrival;
    has_carried_ = false;
}

void AccessUnitAssembler::append(ByteView piece) {
    if (unit_.bytes.size() + piece.size() > kLimitBytes) {
        is_damaged_ = true;
        return;
    }
    if (!has_start_code(piece)) {
        if (open_nal_) unit_.bytes.insert(unit_.bytes.end(), piece.begin(), piece.end());
        return;
    }
    const std::vector<ByteView> nals = mp4::split_annex_b(piece);
    for (std::size_t i = 0; i < nals.size(); ++i) {
        // The last one may go on in the next piece: zeros at its end are payload until it is closed.
        const std::uint8_t* end =
            i + 1 < nals.size() ? nals[i].data() + nals[i].size() : piece.data() + piece.size();
        open_nal({nals[i].data(), end});
    }
}

void AccessUnitAssembler::open_nal(ByteView bytes) {
    close_nal();
    open_nal_ = unit_.bytes.size();
    unit_.bytes.insert(unit_.bytes.end(), kLengthBytes, 0);
    unit_.bytes.insert(unit_.bytes.end(), bytes.begin(), bytes.end());
}

void AccessUnitAssembler::close_nal() {
    if (!open_nal_) return;
    const std::size_t at = *std::exchange(open_nal_, std::nullopt);
    Bytes& bytes = unit_.bytes;
    while (bytes.size() > at + kLengthBytes && bytes.back() == 0)
        bytes.pop_back();  // trailing_zero_8bits
    const std::size_t length = bytes.size() - at - kLengthBytes;
    if (length == 0) {
        bytes.resize(at);
        return;
    }
    for (std::size_t i = 0; i < kLengthBytes; ++i)
        bytes[at + i] = static_cast<std::uint8_t>(length >> (8 * (kLengthBytes - 1 - i)));
    const ByteView nal{bytes.data() + at + kLengthBytes, length};
    const mp4::NalKind kind = mp4::nal_kind(codec_, nal);
    has_vps_ |= kind == mp4::NalKind::vps;
    has_sps_ |= kind == mp4::NalKind::sps;
    has_pps_ |= kind == mp4::NalKind::pps;
    has_picture_ |= kind == mp4::NalKind::slice || kind == mp4::NalKind::key_slice;
    unit_.is_key |= kind == mp4::NalKind::key_slice;
    if (kind != mp4::NalKind::vps && kind != mp4::NalKind::sps && kind != mp4::NalKind::pps) return;
    mp4::ParameterSets changed = *sets_;
    if (changed.absorb(codec_, nal)) sets_ = std::make_shared<const mp4::ParameterSets>(std::move(changed));
}

std::optional<AccessUnit> AccessUnitAssembler::take(std::optional<std::int64_t> next_pts) {
    is_assembling_ = false;
    if (!is_damaged_) {
        close_nal();
        if (!has_picture_) {  // parameter sets sent with a time of their own belong to the picture that
                              // follows
            has_carried_ = !unit_.bytes.empty();
            return std::nullopt;
        }
    }
    const bool is_whole = !std::exchange(is_damaged_, false);
    AccessUnit finished = std::exchange(unit_, AccessUnit{});
    if (!finished.is_key) likely_bytes_ = finished.bytes.size() + finished.bytes.size() / 4;
    open_nal_.reset();
    has_picture_ = false;
    has_carried_ = false;
    const bool has_group = (has_vps_ || codec_ == Codec::h264) && has_sps_ && has_pps_;
    has_vps_ = has_sps_ = has_pps_ = false;
    if (!is_whole) {
        loss_pending_ = true;
        ++given_up_;
        return std::nullopt;
    }
    finished.codec = codec_;
    finished.sets = sets_;
    finished.has_sets_in_band = has_group;
    finished.next_pts = next_pts;
    finished.lost_before = std::exchange(loss_pending_, false);
    return finished;
}

}  // namespace sluice::daemon
