#pragma once

#include "config/base/bytes.hpp"
#include "config/base/error.hpp"

#include <cstdint>
#include <span>

namespace sluice::segment::detail {

/// Fills `into` from `offset` on; fewer bytes only at the file's end. Error: operator_acts.
[[nodiscard]] Result<std::size_t> read_at(int fd, std::uint64_t offset, std::span<std::uint8_t> into);

/// SHA-256 of the first `size_bytes`. Error: operator_acts, also when the file is shorter.
[[nodiscard]] Result<Sha256Digest> hash_file(int fd, std::uint64_t size_bytes);

}  // namespace sluice::segment::detail
