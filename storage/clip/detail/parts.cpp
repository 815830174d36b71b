#include "storage/clip/detail/parts.hpp"

#include "storage/clip/detail/boxes.hpp"
#include "storage/clip/detail/timeline.hpp"
#include "storage/mp4/index.hpp"

#include <algorithm>
#include <array>

#include <sys/stat.h>
#include <unistd.h>

namespace sluice::clip {
namespace {

constexpr std::size_t kBatch = 33;  // a part's last duration is told by the next part's first: 32 and one
constexpr std::size_t kDecoded = 4;
constexpr std::uint64_t kMdatHeader = 8;

std::uint64_t data_bytes(const mp4::SegmentIndex& index, const mp4::Fragment& fragment) {
    std::uint64_t bytes = 0;
    for (std::uint32_t i = 0; i < fragment.sample_count; ++i)
        bytes += index.samples[fragment.first_sample + i].size_bytes;
    return bytes;
}

}  // namespace

Result<LoadedPart> cut_part(const mp4::SegmentIndex& whole, std::uint32_t first, std::uint32_t end) {
    if (first >= end || end > whole.samples.size()) {
        return failure(Remedy::abandon_file, "the index of a segment has fewer samples than its row says");
    }
    LoadedPart part{.index = trim(whole, first, end), .chunks = {}};
    auto kept = part.index.fragments.begin();
    for (const mp4::Fragment& fragment : whole.fragments) {
        if (fragment.first_sample + fragment.sample_count <= first || fragment.first_sample >= end) continue;
        part.chunks.push_back({
            .file_offset = kept->data_offset,
            .bytes = data_bytes(part.index, *kept),
            .mdat_offset = fragment.data_offset - kMdatHeader,
            .mdat_bytes = data_bytes(whole, fragment) + kMdatHeader,
        });
        ++kept;
    }
    return part;
}

Status check_chunk(int fd, const Chunk& chunk, const Place& place) {
    const std::string& path = place.path;
    struct stat facts{};
    if (::fstat(fd, &facts) != 0) return errno_error(Remedy::abandon_file, "cannot look at " + path);
    std::array<std::uint8_t, 8> header{};
    const ssize_t got = ::pread(fd, header.data(), header.size(), static_cast<off_t>(chunk.mdat_offset));
    if (got < 0) return errno_error(Remedy::abandon_file, "cannot read " + path);
    Bytes expected;
    put_u32(expected, static_cast<std::uint32_t>(chunk.mdat_bytes));
    put_text(expected, "mdat");
    const bool is_long_enough = static_cast<std::uint64_t>(facts.st_size) >= chunk.file_offset + chunk.bytes;
    const bool is_as_written = place.is_damaged || (got == 8 && std::ranges::equal(header, expected));
    if (!is_long_enough || !is_as_written) {
        return failure(Remedy::abandon_file, "the file does not agree with its index: " + path);
    }
    return {};
}

Result<const LoadedPart*> PartIndexes::get(std::size_t number) {
    for (const auto& [place, loaded] : recent_) {
        if (place == number) return loaded.get();
    }
    const Result<mp4::SegmentIndex> whole = load(number);
    if (!whole) return std::unexpected(whole.error());
    Result<LoadedPart> part = cut_part(*whole, parts_[number].first, parts_[number].end);
    if (!part) return std::unexpected(part.error());
    if (recent_.size() == kDecoded) recent_.pop_front();
    recent_.emplace_back(number, std::make_unique<LoadedPart>(std::move(*part)));
    return recent_.back().second.get();
}

Result<mp4::SegmentIndex> PartIndexes::load(std::size_t number) {
    if (parts_[number].place.state != catalogue::SegmentState::finished)
        return footage_.load_index(parts_[number].place);
    auto found = std::ranges::find(batch_, number, &std::pair<std::size_t, Bytes>::first);
    if (found == batch_.end()) {
        std::vector<std::size_t> numbers;
        std::vector<std::pair<Uuid, UtcTime>> segments;
        for (std::size_t i = number; i < parts_.size() && numbers.size() < kBatch; ++i) {
            if (parts_[i].place.state != catalogue::SegmentState::finished) continue;
            numbers.push_back(i);
            segments.emplace_back(parts_[i].place.segment_id, parts_[i].place.from);
        }
        Result<std::vector<Bytes>> encoded = footage_.load_encoded(segments);
        if (!encoded) return std::unexpected(encoded.error());
        batch_.clear();
        for (std::size_t i = 0; i < numbers.size(); ++i)
            batch_.emplace_back(numbers[i], std::move((*encoded)[i]));
        found = batch_.begin();
    }
    return mp4::decode_index(found->second);
}

}  // namespace sluice::clip
