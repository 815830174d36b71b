#pragma once

#include "config/base/bytes.hpp"
#include "config/base/error.hpp"
#include "config/base/time.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

/// The little of POSIX tar (ustar) that a sealed package needs: plain files at its top, no compression.
namespace sluice::release {

inline constexpr std::uint64_t kTarBlock = 512;

/// Letters, digits, '.', '-' and '_', at most 100, and not a dot first: what a member of a package may be
/// called.
[[nodiscard]] bool is_member_name(std::string_view name) noexcept;

/// Header of a file of mode 0444. A size over 8 GiB is written in binary, as GNU tar, bsdtar and Python read
/// it. Pre: is_member_name(name).
[[nodiscard]] Bytes tar_header(std::string_view name, std::uint64_t size_bytes, UtcTime modified);
/// Zeros behind a member's bytes.
[[nodiscard]] std::uint64_t tar_padding(std::uint64_t size_bytes) noexcept;
/// What ends an archive.
[[nodiscard]] Bytes tar_end();

struct TarMember {
    std::string name;
    std::uint64_t size_bytes = 0;
};
/// nullopt: the end. Error: refuse, for a block that is no header of a plain file.
[[nodiscard]] Result<std::optional<TarMember>> tar_member_from(ByteView block);

}  // namespace sluice::release
