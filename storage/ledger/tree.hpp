#pragma once

#include "config/base/bytes.hpp"
#include "config/base/error.hpp"

#include <cstdint>
#include <map>
#include <utility>
#include <vector>

/// The Merkle tree of RFC 6962, section 2.1, over SHA-256, read and written as tiles of height 8 (C2SP
/// tlog-tiles): level 0 are the leaf hashes, level l + 1 the roots over each 256 hashes of level l.
namespace sluice::ledger {

using Hash = Sha256Digest;

/// Larger trees are refused: a size fits into a signed 64-bit number everywhere.
inline constexpr std::uint64_t kLargestTree = std::uint64_t{1} << 62U;
inline constexpr std::uint64_t kTileWidth = 256;

[[nodiscard]] Hash leaf_hash(ByteView data);
[[nodiscard]] Hash node_hash(const Hash& left, const Hash& right);
/// Of the tree without leaves: SHA-256 of nothing.
[[nodiscard]] Hash empty_root();

/// Where a stored hash lies: number `number` of its level, not of its tile.
struct Node {
    std::uint32_t level = 0;  ///< from 1: the leaves are not repeated
    std::uint64_t number = 0;
    Hash hash{};

    friend bool operator==(const Node&, const Node&) = default;
};

/// Reads stored hashes: a database, a folder, a server, memory.
class HashSource {
public:
    virtual ~HashSource() = default;
    /// Hashes `first` … `first + count - 1` of a level, all within one tile. A source that has fewer gives an
    /// error that names the place.
    [[nodiscard]] virtual Result<std::vector<Hash>>
    load(std::uint32_t level, std::uint64_t first, std::uint64_t count) = 0;
};

/// A tree of `size` leaves in a source. Remembers one tile a level, so that what lies side by side is read
/// once. Thread: one at a time; the source outlives it.
class Tree {
public:
    Tree(HashSource& source, std::uint64_t size) : source_(source), size_(size) {}

    [[nodiscard]] std::uint64_t size() const noexcept { return size_; }
    /// MTH(D[begin:end]). Pre: begin < end <= size.
    [[nodiscard]] Result<Hash> range_hash(std::uint64_t begin, std::uint64_t end);
    /// Of the first `size` leaves, at most this tree's.
    [[nodiscard]] Result<Hash> root(std::uint64_t size);
    /// RFC 6962 2.1.1: from the leaf upwards. Error: refuse, unless index < size <= the tree's.
    [[nodiscard]] Result<std::vector<Hash>> inclusion_proof(std::uint64_t index, std::uint64_t size);
    /// RFC 6962 2.1.2; empty for old_size 0 or old_size == size. Error: refuse, unless old_size <= size.
    [[nodiscard]] Result<std::vector<Hash>> consistency_proof(std::uint64_t old_size, std::uint64_t size);

private:
    struct Tile {
        std::uint64_t number = 0;
        std::vector<Hash> hashes;
    };
    [[nodiscard]] Result<Hash> aligned_hash(std::uint64_t begin, unsigned height);
    [[nodiscard]] Result<const Tile*> tile(std::uint32_t level, std::uint64_t number);
    [[nodiscard]] Status append_range(std::vector<Hash>& proof, std::uint64_t begin, std::uint64_t end);

    HashSource& source_;
    std::uint64_t size_;
    std::map<std::uint32_t, Tile> tiles_;
};

/// Whether the leaf with this hash is number `index` of the tree of `size` leaves with `root`.
[[nodiscard]] bool verify_inclusion(
    const Hash& leaf,
    std::uint64_t index,
    std::uint64_t size,
    const std::vector<Hash>& proof,
    const Hash& root
);
/// Whether the tree of `old_size` leaves with `old_root` is the beginning of the other.
[[nodiscard]] bool verify_consistency(
    std::uint64_t old_size,
    const Hash& old_root,
    std::uint64_t size,
    const Hash& root,
    const std::vector<Hash>& proof
);

/// The right edge of a growing tree: the hashes of its whole subtrees, the largest first. A value.
class Frontier {
public:
    Frontier() = default;
    /// Of the first `size` leaves of a tree.
    [[nodiscard]] static Result<Frontier> load(Tree& tree, std::uint64_t size);

    /// Adds a leaf; the stored hashes that it completes are appended to `made`.
    void add(const Hash& leaf, std::vector<Node>& made);
    [[nodiscard]] std::uint64_t size() const noexcept { return size_; }
    [[nodiscard]] Hash root() const;

private:
    std::uint64_t size_ = 0;
    std::vector<Hash> subtrees_;
};

}  // namespace sluice::ledger
