#include "config/base/unique_fd.hpp"
#include "storage/mp4/index.hpp"
#include "storage/mp4/read.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <limits>

#include <sys/mman.h>
#include <unistd.h>

using namespace sluice;

namespace {

void check(bool holds) {
    if (!holds) std::abort();
}

void check_index(const mp4::SegmentIndex& index, std::uint64_t limit) {
    std::uint64_t end = 0;
    std::size_t samples = 0;
    for (const mp4::Fragment& fragment : index.fragments) {
        check(fragment.offset >= end && fragment.first_sample == samples && fragment.sample_count > 0);
        end = fragment.data_offset;
        for (std::uint32_t i = 0; i < fragment.sample_count; ++i)
            end += index.samples.at(samples++).size_bytes;
    }
    check(samples == index.samples.size() && end <= index.end_bytes && index.end_bytes <= limit);
    const auto decoded = mp4::decode_index(mp4::encode_index(index));
    check(decoded && *decoded == index);
}

}  // namespace

/// The first byte says how much of the file may be looked at; the rest is the file.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const UniqueFd file{::memfd_create("fuzz", MFD_CLOEXEC)};
    if (size < 1) return 0;
    const std::size_t file_size = size - 1;
    check(::ftruncate(file.get(), 0) == 0);
    check(::pwrite(file.get(), data + 1, file_size, 0) == static_cast<ssize_t>(file_size));
    const std::uint64_t limit =
        data[0] == 0xFF ? std::numeric_limits<std::uint64_t>::max() : file_size * data[0] / 0xFE;
    const auto segment = mp4::read_segment(file.get(), limit);
    if (!segment) return 0;
    const std::uint64_t looked_at = limit < file_size ? limit : file_size;
    check_index(segment->index, looked_at);
    check(segment->index.end_bytes + segment->tail_bytes == looked_at);
    return 0;
}
