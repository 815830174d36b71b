#include "tests/support/powercut/volatile_image.hpp"

#include <algorithm>
#include <cerrno>

#include <unistd.h>

namespace sluice::powercut {
namespace {

int read_whole(int fd, std::span<std::uint8_t> into, std::uint64_t offset) {
    std::size_t done = 0;
    while (done < into.size()) {
        const auto count =
            ::pread(fd, into.data() + done, into.size() - done, static_cast<off_t>(offset + done));
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return errno;
        if (count == 0) {  // a sparse file shorter than the disk reads as zeros
            std::fill(into.begin() + static_cast<std::ptrdiff_t>(done), into.end(), std::uint8_t{0});
            return 0;
        }
        done += static_cast<std::size_t>(count);
    }
    return 0;
}

}  // namespace

VolatileImage::VolatileImage(UniqueFd backing, std::uint64_t size_bytes, std::size_t sector_bytes)
    : backing_(std::move(backing)),
      size_(size_bytes),
      sector_(sector_bytes) {}

int VolatileImage::read(std::uint64_t offset, std::span<std::uint8_t> into) const {
    if (const int code = read_whole(backing_.get(), into, offset); code != 0) return code;
    const std::uint64_t end = offset + into.size();
    for (auto at = versions_.lower_bound(offset / sector_); at != versions_.end(); ++at) {
        const std::uint64_t begin = at->first * sector_;
        if (begin >= end) break;
        const std::uint64_t from = std::max(begin, offset);
        const std::uint64_t to = std::min(begin + sector_, end);
        std::copy_n(
            at->second.back().begin() + static_cast<std::ptrdiff_t>(from - begin),
            to - from,
            into.begin() + static_cast<std::ptrdiff_t>(from - offset)
        );
    }
    return 0;
}

int VolatileImage::write(std::uint64_t offset, ByteView from) {
    while (!from.empty()) {
        const std::uint64_t number = offset / sector_;
        const std::uint64_t within = offset % sector_;
        const std::size_t count = std::min<std::size_t>(sector_ - within, from.size());
        Sector sector(sector_);
        if (count < sector_) {
            if (const int code = read(number * sector_, sector); code != 0) return code;
        }
        std::copy_n(from.begin(), count, sector.begin() + static_cast<std::ptrdiff_t>(within));
        versions_[number].push_back(std::move(sector));
        offset += count;
        from = from.subspan(count);
    }
    return 0;
}

int VolatileImage::sync() {
    for (const auto& [number, versions] : versions_)
        if (const int code = store(number, versions.back()); code != 0) return code;
    versions_.clear();
    return 0;
}

int VolatileImage::store(std::uint64_t number, ByteView bytes) const {
    std::size_t done = 0;
    while (done < bytes.size()) {
        const auto count = ::pwrite(
            backing_.get(),
            bytes.data() + done,
            bytes.size() - done,
            static_cast<off_t>(number * sector_ + done)
        );
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return count < 0 ? errno : EIO;
        done += static_cast<std::size_t>(count);
    }
    return 0;
}

CutReport VolatileImage::cut(std::mt19937_64& random) {
    CutReport report;
    const double share = std::uniform_real_distribution<double>{0, 1}(random);
    std::bernoulli_distribution is_kept{share};
    for (const auto& [number, versions] : versions_) {
        ++report.unsynced_sectors;
        if (!is_kept(random)) continue;
        const auto which = std::uniform_int_distribution<std::size_t>{0, versions.size() - 1}(random);
        if (store(number, versions[which]) == 0) ++report.kept_sectors;
    }
    versions_.clear();
    return report;
}

}  // namespace sluice::powercut
