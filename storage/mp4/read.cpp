#include "storage/mp4/read.hpp"

#include "storage/mp4/detail/bytes_in.hpp"
#include "storage/mp4/detail/fragment_layout.hpp"
#include "storage/mp4/detail/head.hpp"
#include "storage/mp4/detail/ntp.hpp"
#include "storage/mp4/write.hpp"

#include <algorithm>
#include <cerrno>
#include <optional>
#include <string_view>

#include <sys/stat.h>
#include <unistd.h>

namespace sluice::mp4 {
namespace {

using detail::ByteReader;

constexpr std::uint64_t kMaxFtypBytes = 4096;
constexpr std::uint64_t kMaxMoovBytes = std::uint64_t{4} << 20U;
constexpr std::uint32_t kMaxFragmentSamples = 1U << 16U;
constexpr std::size_t kMaxFileSamples = std::size_t{1} << 20U;  // 11 hours at 25 frames a second
constexpr std::size_t kProbeBytes = 2048;                       // holds the head of a fragment of 120 samples

/// The part of a file that may be looked at.
class BoundedFile {
public:
    BoundedFile(int fd, std::uint64_t size) : fd_(fd), size_(size) {}

    [[nodiscard]] std::uint64_t size() const noexcept { return size_; }
    /// Up to `count` bytes from `offset` on; fewer at the end. Error: operator_acts.
    [[nodiscard]] Result<Bytes> read(std::uint64_t offset, std::uint64_t count) const {
        Bytes bytes(offset >= size_ ? 0 : std::min(count, size_ - offset));
        std::size_t have = 0;
        while (have < bytes.size()) {
            const ssize_t got =
                ::pread(fd_, bytes.data() + have, bytes.size() - have, static_cast<off_t>(offset + have));
            if (got < 0 && errno == EINTR) continue;
            if (got < 0) return errno_error(Remedy::operator_acts, "cannot read segment file");
            if (got == 0) break;  // cut while we look
            have += static_cast<std::size_t>(got);
        }
        bytes.resize(have);
        return bytes;
    }

private:
    int fd_;
    std::uint64_t size_;
};

struct FoundFragment {
    Fragment fragment;
    std::vector<Sample> samples;
    std::uint64_t end = 0;
};

/// Content of the box at `offset`, which must be of this type, whole and not too large; moves `offset` behind
/// it.
Result<Bytes>
read_box(const BoundedFile& file, std::uint64_t& offset, std::string_view type, std::uint64_t most) {
    const auto head = file.read(offset, detail::kBoxHeadBytes);
    if (!head) return std::unexpected(head.error());
    ByteReader in{*head};
    const std::uint64_t size = in.u32();
    const bool is_wanted = as_text(in.take(4)) == type;
    if (!is_wanted || size < detail::kBoxHeadBytes || size > most || size > file.size() - offset) {
        return failure(Remedy::abandon_file, "no whole " + std::string{type} + " box");
    }
    auto body = file.read(offset + detail::kBoxHeadBytes, size - detail::kBoxHeadBytes);
    if (body && body->size() != size - detail::kBoxHeadBytes) {
        return failure(Remedy::abandon_file, "the file was cut while it was read");
    }
    offset += size;
    return body;
}

std::uint64_t number_at(ByteView bytes, std::size_t place, unsigned count) {
    ByteReader in{bytes.subspan(place)};
    return in.number(count);
}

std::vector<Sample> read_run(ByteView entries, std::uint32_t count) {
    ByteReader in{entries};
    std::vector<Sample> samples(count);
    for (Sample& sample : samples) {
        sample.duration = in.u32();
        sample.size_bytes = in.u32();
        sample.is_key = in.u32() == detail::kKeyFlags;
        sample.composition_offset = static_cast<std::int32_t>(in.u32());
    }
    return samples;
}

/// Takes the facts out of their fixed places, then asks the writer for the head it would have written for
/// them: only if both agree in every byte is it a fragment of ours.
std::optional<FoundFragment> parse_fragment(ByteView head, std::uint64_t offset, std::uint32_t count) {
    FoundFragment found;
    found.samples = read_run(head.subspan(detail::kRunEntriesAt), count);
    std::uint64_t data_bytes = 0;
    for (const Sample& sample : found.samples)
        data_bytes += sample.size_bytes;
    if (data_bytes > detail::kMaxDataBytes) return std::nullopt;
    Fragment& fragment = found.fragment;
    fragment.offset = offset;
    fragment.data_offset = offset + head.size();
    fragment.base_decode_time = number_at(head, detail::kDecodeTimeAt, 8);
    fragment.wall = detail::from_ntp(number_at(head, detail::kNtpAt, 8));
    fragment.sample_count = count;
    found.end = fragment.data_offset + data_bytes;
    const auto sequence = static_cast<std::uint32_t>(number_at(head, detail::kSequenceAt, 4));
    const Bytes expected =
        make_fragment_head(sequence, fragment.base_decode_time, fragment.wall, found.samples);
    if (!std::ranges::equal(head, expected)) return std::nullopt;
    return found;
}

/// The fragment at `offset`; nullopt when there is no whole one.
Result<std::optional<FoundFragment>> read_fragment(const BoundedFile& file, std::uint64_t offset) {
    auto head = file.read(offset, kProbeBytes);
    if (!head) return std::unexpected(head.error());
    if (head->size() < detail::kFragmentFixedBytes) return std::nullopt;
    const auto count = static_cast<std::uint32_t>(number_at(*head, detail::kSampleCountAt, 4));
    if (count == 0 || count > kMaxFragmentSamples) return std::nullopt;
    const std::size_t head_bytes = fragment_head_bytes(count);
    if (head_bytes > file.size() - offset) return std::nullopt;
    if (head_bytes > head->size()) head = file.read(offset, head_bytes);
    if (!head) return std::unexpected(head.error());
    if (head->size() < head_bytes) return std::nullopt;
    auto found = parse_fragment(ByteView{*head}.first(head_bytes), offset, count);
    if (found && found->end > file.size()) return std::nullopt;
    return found;
}

/// Appends what stands behind `index.end_bytes`.
Status read_fragments(const BoundedFile& file, SegmentIndex& index) {
    for (;;) {
        auto found = read_fragment(file, index.end_bytes);
        if (!found) return std::unexpected(found.error());
        if (!*found || index.samples.size() + (*found)->samples.size() > kMaxFileSamples) return {};
        FoundFragment& next = **found;
        next.fragment.first_sample = static_cast<std::uint32_t>(index.samples.size());
        index.fragments.push_back(next.fragment);
        index.samples.insert(index.samples.end(), next.samples.begin(), next.samples.end());
        index.end_bytes = next.end;
    }
}

Result<BoundedFile> bounded(int fd, std::uint64_t limit_bytes) {
    struct stat status{};
    if (::fstat(fd, &status) != 0) return errno_error(Remedy::operator_acts, "cannot stat segment file");
    return BoundedFile{fd, std::min(limit_bytes, static_cast<std::uint64_t>(status.st_size))};
}

}  // namespace

Result<SegmentFile> read_segment(int fd, std::uint64_t limit_bytes) {
    const auto file = bounded(fd, limit_bytes);
    if (!file) return std::unexpected(file.error());
    std::uint64_t offset = 0;
    const auto ftyp = read_box(*file, offset, "ftyp", kMaxFtypBytes);
    if (!ftyp) return std::unexpected(ftyp.error());
    const auto moov = read_box(*file, offset, "moov", kMaxMoovBytes);
    if (!moov) return std::unexpected(moov.error());
    auto head = detail::parse_moov(*moov);
    if (!head) return std::unexpected(head.error());
    SegmentIndex index{.fragments = {}, .samples = {}, .end_bytes = offset};
    if (auto read = read_fragments(*file, index); !read) return std::unexpected(read.error());
    const std::uint64_t tail = file->size() - index.end_bytes;
    return SegmentFile{std::move(head->info), std::move(head->format), std::move(index), tail};
}

Result<std::size_t> extend_index(int fd, SegmentIndex& index) {
    const auto file = bounded(fd, UINT64_MAX);
    if (!file) return std::unexpected(file.error());
    const std::size_t known = index.fragments.size();
    if (auto read = read_fragments(*file, index); !read) return std::unexpected(read.error());
    return index.fragments.size() - known;
}

}  // namespace sluice::mp4
