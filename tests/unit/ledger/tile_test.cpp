#include "storage/ledger/tile.hpp"

#include <set>

#include <catch2/catch.hpp>

namespace sluice::ledger {
namespace {

TilePath at(std::optional<std::uint32_t> level, std::uint64_t number, std::uint64_t width = kTileWidth) {
    return {.level = level, .number = number, .width = width};
}

TEST_CASE("tile paths are those of the specification", "[ledger]") {
    CHECK(to_path(at(0, 1'234'067)) == "tile/0/x001/x234/067");
    CHECK(to_path(at(1, 0, 17)) == "tile/1/000.p/17");
    CHECK(to_path(at(std::nullopt, 1000)) == "tile/entries/x001/000");
    for (const TilePath& tile :
         {at(0, 0), at(7, 999), at(std::nullopt, 1'000'000, 1), at(2, 255, 255), at(0, kLargestTree / 256)}) {
        CAPTURE(to_path(tile));
        CHECK(tile_path_from(to_path(tile).substr(5)).value() == tile);
    }
}

TEST_CASE("another spelling of a tile's path is refused", "[ledger]") {
    for (const char* path :
         {"",
          "0",
          "0/",
          "00/000",
          "8/000",
          "-1/000",
          "0/0",
          "0/0000",
          "0/x001",
          "0/001/000",
          "0/x000/001",
          "0/000.p/0",
          "0/000.p/256",
          "0/000.p/01",
          "0/000.p/",
          "0/000.p/1/2",
          "0/../000",
          "entries",
          "entrie/000",
          "0/000/",
          "0//000",
          "0/x999/x999/x999/x999/x999/x999/x999/999"}) {
        CAPTURE(path);
        CHECK_FALSE(tile_path_from(path));
    }
}

TEST_CASE(
    "tiles and bundles keep their content, and nothing of another length is taken for one",
    "[ledger]"
) {
    std::vector<Hash> hashes(3);
    hashes[1][0] = 1;
    hashes[2][31] = 2;
    CHECK(to_tile(hashes).size() == 96);
    CHECK(tile_from(to_tile(hashes), 3).value() == hashes);
    CHECK_FALSE(tile_from(to_tile(hashes), 2));
    CHECK_FALSE(tile_from(to_tile(hashes) + "x", 3));
    const std::string bundle = to_bundle(hashes);
    CHECK(bundle.size() == 102);
    CHECK(bundle.substr(0, 2) == std::string("\0\x20", 2));
    CHECK(bundle_from(bundle, 3).value() == hashes);
    CHECK_FALSE(bundle_from(bundle, 4));
    std::string wrong = bundle;
    wrong[34] = 1;
    CHECK_FALSE(bundle_from(wrong, 3));
    CHECK_FALSE(tile_from(std::string(257 * 32, 'x'), 257));
}

TEST_CASE("the tiles of a tree are those of the specification's example, and growing adds up", "[ledger]") {
    const auto count = [](std::optional<std::uint32_t> level, bool is_whole) {
        const auto tiles = tiles_between(0, 70'000);
        return std::ranges::count_if(tiles, [&](const TilePath& tile) {
            return tile.level == level && (tile.width == kTileWidth) == is_whole;
        });
    };
    CHECK(count(0, true) == 273);
    CHECK(count(0, false) == 1);
    CHECK(count(std::nullopt, true) == 273);
    CHECK(count(1, true) == 1);
    CHECK(count(1, false) == 1);
    CHECK(count(2, false) == 1);
    CHECK(count(2, true) + count(3, true) + count(3, false) == 0);
    CHECK(tiles_between(0, 0).empty());
    CHECK(tiles_between(5, 5).empty());
    CHECK(tiles_between(0, 256).size() == 3);

    std::set<std::string> grown;
    for (std::uint64_t size = 0; size < 70'000; size += 321)
        for (const TilePath& tile : tiles_between(size, std::min<std::uint64_t>(size + 321, 70'000)))
            grown.insert(to_path(tile));
    for (const TilePath& tile : tiles_between(0, 70'000))
        CHECK(grown.contains(to_path(tile)));
}

}  // namespace
}  // namespace sluice::ledger
