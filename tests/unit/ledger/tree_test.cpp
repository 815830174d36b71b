#include "storage/ledger/tree.hpp"

#include "tests/unit/ledger/forest.hpp"

#include <random>

#include <catch2/catch.hpp>

namespace sluice::ledger {
namespace {

using test::Forest;
using test::grow;

std::string hex_of(const Hash& hash) {
    return to_hex(hash);
}

/// Certificate Transparency's own example: eight entries, whose roots are in every implementation's tests.
const std::vector<std::string> kEntries{
    "",
    "00",
    "10",
    "2021",
    "3031",
    "40414243",
    "5051525354555657",
    "606162636465666768696a6b6c6d6e6f"
};
const std::vector<std::string> kRoots{
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"
};

TEST_CASE("the roots are those of Certificate Transparency's example", "[ledger]") {
    Forest forest;
    CHECK(
        hex_of(forest.frontier.root()) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    );
    for (std::size_t i = 0; i < kEntries.size(); ++i) {
        forest.add(*from_hex(kEntries[i]));
        CHECK(hex_of(forest.frontier.root()) == kRoots[i]);
        Tree tree{forest, forest.size()};
        for (std::size_t size = 1; size <= i + 1; ++size)
            CHECK(hex_of(tree.root(size).value()) == kRoots[size - 1]);
    }
}

TEST_CASE("a tree across tile borders has one root, however it is read", "[ledger]") {
    Forest forest;
    std::map<std::uint64_t, Hash> roots;
    for (std::uint64_t i = 0; i < 70'000; ++i) {
        if (i < 1030 || i % 4099 == 0 || (i > 65'530 && i < 65'540)) roots[i] = forest.frontier.root();
        forest.add(as_bytes(std::to_string(i)));
    }
    CHECK(forest.is_in_order);
    Tree tree{forest, forest.size()};
    for (const auto& [size, root] : roots) {
        CAPTURE(size);
        REQUIRE(tree.root(size).value() == root);
    }
    CHECK(tree.root(70'000).value() == forest.frontier.root());
    CHECK_FALSE(tree.root(70'001));
}

TEST_CASE("a tree goes on from any size as if it had never stopped", "[ledger]") {
    for (const std::uint64_t size : {0U, 1U, 2U, 7U, 255U, 256U, 257U, 511U, 512U, 600U}) {
        CAPTURE(size);
        Forest forest = grow(size);
        Tree tree{forest, size};
        forest.frontier = Frontier::load(tree, size).value();
        for (std::uint64_t i = size; i < 800; ++i)
            forest.add(as_bytes("leaf " + std::to_string(i)));
        CHECK(forest.frontier.root() == grow(800).frontier.root());
        CHECK(forest.is_in_order);
    }
}

TEST_CASE("every proof among random sizes holds, and holds for nothing else", "[ledger]") {
    std::mt19937 random{7};
    Forest forest = grow(1000);
    Tree tree{forest, 1000};
    const auto pick = [&](std::uint64_t below) { return random() % below; };
    for (int round = 0; round < 300; ++round) {
        const std::uint64_t size = 1 + pick(1000);
        const std::uint64_t index = pick(size);
        const std::uint64_t old_size = pick(size + 1);
        CAPTURE(size, index, old_size);
        const Hash root = tree.root(size).value();
        const Hash old_root = tree.root(old_size).value();
        const Hash leaf = leaf_hash(as_bytes("leaf " + std::to_string(index)));
        const Hash other = leaf_hash(as_bytes("other"));
        auto inclusion = tree.inclusion_proof(index, size).value();
        CHECK(verify_inclusion(leaf, index, size, inclusion, root));
        CHECK_FALSE(verify_inclusion(other, index, size, inclusion, root));
        CHECK_FALSE(verify_inclusion(leaf, index, size, inclusion, other));
        if (size > 1) CHECK_FALSE(verify_inclusion(leaf, (index + 1) % size, size, inclusion, root));
        inclusion.push_back(other);
        CHECK_FALSE(verify_inclusion(leaf, index, size, inclusion, root));
        auto consistency = tree.consistency_proof(old_size, size).value();
        CHECK(verify_consistency(old_size, old_root, size, root, consistency));
        CHECK_FALSE(verify_consistency(old_size, other, size, root, consistency));
        if (old_size != 0) CHECK_FALSE(verify_consistency(old_size, old_root, size, other, consistency));
        for (std::size_t i = 0; i < consistency.size(); ++i) {
            auto changed = consistency;
            changed[i] = other;
            CHECK_FALSE(verify_consistency(old_size, old_root, size, root, changed));
            changed = consistency;
            changed.erase(changed.begin() + static_cast<std::ptrdiff_t>(i));
            CHECK_FALSE(verify_consistency(old_size, old_root, size, root, changed));
        }
    }
}

TEST_CASE("a proof that can't be is refused", "[ledger]") {
    Forest forest = grow(10);
    Tree tree{forest, 10};
    CHECK_FALSE(tree.inclusion_proof(10, 10));
    CHECK_FALSE(tree.inclusion_proof(0, 11));
    CHECK_FALSE(tree.consistency_proof(3, 11));
    CHECK_FALSE(tree.consistency_proof(4, 3));
    CHECK_FALSE(verify_inclusion({}, 0, 0, {}, empty_root()));
    CHECK_FALSE(verify_consistency(3, {}, 2, {}, {}));
    Tree longer{forest, 20};  // more than there is: the source says so
    CHECK_FALSE(longer.root(20));
}

TEST_CASE("a proof in a large tree reads few tiles", "[ledger]") {
    Forest forest = grow(70'000);
    Tree tree{forest, 70'000};
    REQUIRE(tree.inclusion_proof(12'345, 70'000));
    CHECK(forest.loads <= 6);
}

}  // namespace
}  // namespace sluice::ledger
