#include "storage/ledger/tile.hpp"

#include "storage/ledger/detail/text.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace sluice::ledger {
namespace {

constexpr std::uint32_t kHighestLevel = 7;  // 256^8 leaves are more than a tree can have
constexpr std::size_t kEntryBytes = 2 + sizeof(Sha256Digest);

std::unexpected<Error> no_tile(std::string_view path) {
    return failure(Remedy::refuse, "'" + std::string{path.substr(0, 60)} + "' is no tile");
}

std::string to_elements(std::uint64_t number) {
    std::string path = fmt::format("{:03}", number % 1000);
    for (number /= 1000; number > 0; number /= 1000)
        path = fmt::format("x{:03}/", number % 1000) + path;
    return path;
}

/// Any digits; that they are the one spelling is seen by writing the whole path again.
std::optional<std::uint64_t> from_elements(std::string_view path) {
    std::uint64_t number = 0;
    while (!path.empty()) {
        std::string_view element = detail::take_until(path, '/');
        if (!path.empty() && element.starts_with('x')) element.remove_prefix(1);
        if (element.size() != 3 || number > kLargestTree / 1000) return std::nullopt;
        for (const char digit : element) {
            if (digit < '0' || digit > '9') return std::nullopt;
            number = number * 10 + static_cast<std::uint64_t>(digit - '0');
        }
    }
    return number;
}

}  // namespace

std::string to_path(const TilePath& tile) {
    std::string path = tile.level ? fmt::format("tile/{}/", *tile.level) : "tile/entries/";
    path += to_elements(tile.number);
    if (tile.width != kTileWidth) path += fmt::format(".p/{}", tile.width);
    return path;
}

Result<TilePath> tile_path_from(std::string_view path) {
    std::string_view rest = path;
    TilePath tile;
    const std::string_view first = detail::take_until(rest, '/');
    if (first != "entries") {
        const auto level = detail::from_decimal(first, kHighestLevel);
        if (!level) return no_tile(path);
        tile.level = static_cast<std::uint32_t>(*level);
    }
    if (const std::size_t mark = rest.find(".p/"); mark != std::string_view::npos) {
        const auto width = detail::from_decimal(rest.substr(mark + 3), kTileWidth - 1);
        if (!width || *width == 0) return no_tile(path);
        tile.width = *width;
        rest = rest.substr(0, mark);
    }
    const auto number = from_elements(rest);
    if (!number) return no_tile(path);
    tile.number = *number;
    if (to_path(tile).substr(std::string_view{"tile/"}.size()) != path) return no_tile(path);
    return tile;
}

std::string to_tile(const std::vector<Hash>& hashes) {
    std::string bytes;
    bytes.reserve(hashes.size() * sizeof(Hash));
    for (const Hash& hash : hashes)
        bytes += as_text(hash);
    return bytes;
}

Result<std::vector<Hash>> tile_from(std::string_view bytes, std::uint64_t width) {
    if (width > kTileWidth || bytes.size() != width * sizeof(Hash))
        return failure(Remedy::refuse, fmt::format("tile: {} bytes are not {} hashes", bytes.size(), width));
    std::vector<Hash> hashes(static_cast<std::size_t>(width));
    for (Hash& hash : hashes) {
        std::ranges::copy(as_bytes(bytes.substr(0, hash.size())), hash.begin());
        bytes.remove_prefix(hash.size());
    }
    return hashes;
}

std::string to_bundle(const std::vector<Sha256Digest>& leaves) {
    std::string bytes;
    bytes.reserve(leaves.size() * kEntryBytes);
    for (const Sha256Digest& leaf : leaves) {
        bytes += '\0';
        bytes += static_cast<char>(leaf.size());
        bytes += as_text(leaf);
    }
    return bytes;
}

Result<std::vector<Sha256Digest>> bundle_from(std::string_view bytes, std::uint64_t width) {
    if (width > kTileWidth || bytes.size() != width * kEntryBytes)
        return failure(
            Remedy::refuse, fmt::format("entries: {} bytes are not {} of 32", bytes.size(), width)
        );
    std::vector<Sha256Digest> leaves(static_cast<std::size_t>(width));
    for (Sha256Digest& leaf : leaves) {
        if (bytes[0] != '\0' || bytes[1] != static_cast<char>(leaf.size()))
            return failure(Remedy::refuse, "entries: one is not 32 bytes long");
        std::ranges::copy(as_bytes(bytes.substr(2, leaf.size())), leaf.begin());
        bytes.remove_prefix(kEntryBytes);
    }
    return leaves;
}

std::vector<TilePath> tiles_between(std::uint64_t old_size, std::uint64_t size) {
    std::vector<TilePath> tiles;
    const auto add_level = [&](std::optional<std::uint32_t> level, std::uint64_t before, std::uint64_t now) {
        if (before == now) return;
        for (std::uint64_t number = before / kTileWidth; number * kTileWidth < now; ++number)
            tiles.push_back(
                {.level = level, .number = number, .width = std::min(kTileWidth, now - number * kTileWidth)}
            );
    };
    add_level(std::nullopt, old_size, size);
    for (std::uint32_t level = 0; level <= kHighestLevel && size > 0; ++level) {
        add_level(level, old_size, size);
        old_size /= kTileWidth;
        size /= kTileWidth;
    }
    return tiles;
}

}  // namespace sluice::ledger
