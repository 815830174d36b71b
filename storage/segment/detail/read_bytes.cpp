#include "storage/segment/detail/read_bytes.hpp"

#include "storage/volume/durable_files.hpp"

#include <algorithm>

namespace sluice::segment::detail {

Result<Sha256Digest> hash_file(int fd, std::uint64_t size_bytes) {
    constexpr std::uint64_t at_once = 1U << 20U;
    Bytes piece(static_cast<std::size_t>(std::min(size_bytes, at_once)));
    Sha256 hash;
    for (std::uint64_t offset = 0; offset < size_bytes;) {
        const auto wanted =
            static_cast<std::size_t>(std::min<std::uint64_t>(piece.size(), size_bytes - offset));
        const auto got = read_at(fd, offset, std::span{piece}.first(wanted));
        if (!got) return std::unexpected(got.error());
        if (*got < wanted) return failure(Remedy::operator_acts, volume::path_of(fd) + " became shorter");
        hash.update(std::span{piece}.first(wanted));
        offset += wanted;
    }
    return hash.digest();
}

}  // namespace sluice::segment::detail
