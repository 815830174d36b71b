#pragma once

#include "config/base/error.hpp"

#include <cstddef>
#include <cstdint>
#include <span>

namespace sluice::volume {

/// Fills `into` from `offset` on; fewer bytes only at the file's end. Error: operator_acts, naming the file.
[[nodiscard]] Result<std::size_t> read_at(int fd, std::uint64_t offset, std::span<std::uint8_t> into);

}  // namespace sluice::volume
