#pragma once

#include "config/base/bytes.hpp"
#include "config/base/error.hpp"
#include "storage/ledger/tree.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Names and contents of the files in which a log is read (C2SP tlog-tiles).
namespace sluice::ledger {

struct TilePath {
    std::optional<std::uint32_t> level;  ///< nullopt: a bundle of entries
    std::uint64_t number = 0;
    std::uint64_t width = kTileWidth;  ///< fewer only at the right edge

    friend bool operator==(const TilePath&, const TilePath&) = default;
};
/// "tile/0/x001/x234/067", "tile/entries/000.p/12".
[[nodiscard]] std::string to_path(const TilePath& tile);
/// What follows "tile/"; exactly one spelling of each. Error: refuse.
[[nodiscard]] Result<TilePath> tile_path_from(std::string_view path);

[[nodiscard]] std::string to_tile(const std::vector<Hash>& hashes);
/// Error: refuse, unless there are exactly `width` hashes.
[[nodiscard]] Result<std::vector<Hash>> tile_from(std::string_view bytes, std::uint64_t width);

/// Leaf data is 32 bytes; in a bundle each has its length before it.
[[nodiscard]] std::string to_bundle(const std::vector<Sha256Digest>& leaves);
/// Error: refuse, unless there are exactly `width` entries of 32 bytes.
[[nodiscard]] Result<std::vector<Sha256Digest>> bundle_from(std::string_view bytes, std::uint64_t width);

/// The tiles of a tree of this size that a tree of `old_size` did not have in this width, entry bundles
/// included.
[[nodiscard]] std::vector<TilePath> tiles_between(std::uint64_t old_size, std::uint64_t size);

}  // namespace sluice::ledger
