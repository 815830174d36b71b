#pragma once

#include "config/base/bytes.hpp"
#include "config/base/unique_fd.hpp"

#include <cstdint>
#include <map>
#include <random>
#include <span>
#include <vector>

namespace sluice::powercut {

struct CutReport {
    std::uint64_t unsynced_sectors = 0;  ///< written since the last sync
    std::uint64_t kept_sectors = 0;      ///< of these, in some version on the disk after the cut
};

/// A disk with a cache: what is written stands in memory, in every version, until a sync moves the newest one
/// to the backing file. Offsets and sizes of any alignment; what survives a cut does so by whole sectors.
/// Not safe for several threads.
class VolatileImage {
public:
    VolatileImage(UniqueFd backing, std::uint64_t size_bytes, std::size_t sector_bytes);

    [[nodiscard]] std::uint64_t size_bytes() const noexcept { return size_; }
    /// All of `into`, which must lie inside. 0, or an errno.
    [[nodiscard]] int read(std::uint64_t offset, std::span<std::uint8_t> into) const;
    [[nodiscard]] int write(std::uint64_t offset, ByteView from);
    /// 0: everything written so far survives a cut. Else an errno.
    [[nodiscard]] int sync();
    /// The power goes: of each unsynced sector the backing file keeps what was there before, or any version
    /// written since. How likely a sector is to be kept is drawn as well. Nothing may be called afterwards.
    [[nodiscard]] CutReport cut(std::mt19937_64& random);

private:
    using Sector = std::vector<std::uint8_t>;

    [[nodiscard]] int store(std::uint64_t number, ByteView bytes) const;

    UniqueFd backing_;
    std::uint64_t size_;
    std::size_t sector_;
    std::map<std::uint64_t, std::vector<Sector>> versions_;  ///< by sector, oldest first
};

}  // namespace sluice::powercut
