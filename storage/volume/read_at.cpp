#include "storage/volume/read_at.hpp"

#include "storage/volume/durable_files.hpp"

#include <cerrno>

#include <unistd.h>

namespace sluice::volume {

Result<std::size_t> read_at(int fd, std::uint64_t offset, std::span<std::uint8_t> into) {
    std::size_t filled = 0;
    while (filled < into.size()) {
        const auto rest = into.subspan(filled);
        const ssize_t got = ::pread(fd, rest.data(), rest.size(), static_cast<off_t>(offset + filled));
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return errno_error(Remedy::operator_acts, "cannot read " + path_of(fd));
        if (got == 0) break;
        filled += static_cast<std::size_t>(got);
    }
    return filled;
}

}  // namespace sluice::volume
