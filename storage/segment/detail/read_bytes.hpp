#pragma once

#include "config/base/bytes.hpp"
#include "config/base/error.hpp"
#include "storage/volume/read_at.hpp"

#include <cstdint>

namespace sluice::segment::detail {

using volume::read_at;

/// SHA-256 of the first `size_bytes`. Error: operator_acts, also when the file is shorter.
[[nodiscard]] Result<Sha256Digest> hash_file(int fd, std::uint64_t size_bytes);

}  // namespace sluice::segment::detail
