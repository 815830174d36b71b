#include "storage/segment/detail/tail_check.hpp"

#include "storage/segment/detail/read_bytes.hpp"

#include <algorithm>
#include <array>
#include <chrono>

namespace sluice::segment::detail {
namespace {

constexpr std::chrono::seconds kVolatileTail{60};  // far over any durability window and the length of a sync
constexpr std::size_t kPage = 4096;
constexpr std::size_t kLengthBytes = 4;

/// Of a page that is only partly the fragment's: fewer zeros than this may be a coincidence.
constexpr std::size_t kFewestZeros = 16;

bool is_hollow(ByteView piece) {
    return piece.size() >= kFewestZeros &&
           std::ranges::all_of(piece, [](std::uint8_t byte) { return byte == 0; });
}

/// Whether NAL units with their lengths fill [offset, offset + size) exactly.
Result<bool> has_sound_lengths(int fd, std::uint64_t offset, std::uint64_t size) {
    while (size > 0) {
        std::array<std::uint8_t, kLengthBytes> prefix{};
        if (size < prefix.size()) return false;
        const auto got = read_at(fd, offset, prefix);
        if (!got) return std::unexpected(got.error());
        if (*got < prefix.size()) return false;
        std::uint64_t length = 0;
        for (const std::uint8_t byte : prefix)
            length = length << 8U | byte;
        if (length == 0 || length > size - prefix.size()) return false;
        offset += prefix.size() + length;
        size -= prefix.size() + length;
    }
    return true;
}

/// Whether no page of the file, as far as it lies within [offset, offset + size), is all zeros.
Result<bool> has_no_hole(int fd, std::uint64_t offset, std::uint64_t size) {
    std::array<std::uint8_t, 16 * kPage> buffer{};
    const std::uint64_t end = offset + size;
    while (offset < end) {
        const std::uint64_t boundary = (offset / buffer.size() + 1) * buffer.size();
        const auto wanted =
            std::span{buffer}.first(static_cast<std::size_t>(std::min(boundary, end) - offset));
        const auto got = read_at(fd, offset, wanted);
        if (!got) return std::unexpected(got.error());
        if (*got < wanted.size()) return false;
        ByteView rest = wanted;
        while (!rest.empty()) {
            const auto in_page =
                std::min<std::size_t>(kPage - static_cast<std::size_t>(offset % kPage), rest.size());
            if (is_hollow(rest.first(in_page))) return false;
            rest = rest.subspan(in_page);
            offset += in_page;
        }
    }
    return true;
}

Result<bool> is_sound(int fd, const mp4::SegmentIndex& index, const mp4::Fragment& fragment) {
    std::uint64_t offset = fragment.data_offset;
    const auto samples = std::span{index.samples}.subspan(fragment.first_sample, fragment.sample_count);
    for (const mp4::Sample& sample : samples) {
        const auto sound = has_sound_lengths(fd, offset, sample.size_bytes);
        if (!sound || !*sound) return sound;
        offset += sample.size_bytes;
    }
    return has_no_hole(fd, fragment.data_offset, offset - fragment.data_offset);
}

/// Fragments that began before `oldest` are passed over.
Result<std::size_t> find_hollow_since(int fd, const mp4::SegmentIndex& index, UtcTime oldest) {
    for (std::size_t i = 0; i < index.fragments.size(); ++i) {
        if (index.fragments[i].wall < oldest) continue;
        const auto sound = is_sound(fd, index, index.fragments[i]);
        if (!sound) return std::unexpected(sound.error());
        if (!*sound) return i;
    }
    return index.fragments.size();
}

}  // namespace

Result<std::size_t> find_hollow_fragment(int fd, const mp4::SegmentIndex& index) {
    if (index.fragments.empty()) return std::size_t{0};
    return find_hollow_since(fd, index, index.fragments.back().wall - kVolatileTail);
}

Result<std::size_t> find_any_hollow_fragment(int fd, const mp4::SegmentIndex& index) {
    return find_hollow_since(fd, index, UtcTime::min());
}

void keep_fragments(mp4::SegmentIndex& index, std::size_t count) {
    if (count >= index.fragments.size()) return;
    index.end_bytes = index.fragments[count].offset;
    index.samples.resize(index.fragments[count].first_sample);
    index.fragments.resize(count);
}

}  // namespace sluice::segment::detail
