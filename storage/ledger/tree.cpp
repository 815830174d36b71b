#include "storage/ledger/tree.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <span>
#include <string>

namespace sluice::ledger {
namespace {

constexpr unsigned kTileHeight = 8;

/// The largest power of two below `count`. Pre: count >= 2.
std::uint64_t split_of(std::uint64_t count) {
    return std::bit_floor(count - 1);
}

/// The root over all hashes of a whole subtree. Pre: a power of two of them.
Hash fold(std::vector<Hash> hashes) {
    for (std::size_t count = hashes.size(); count > 1; count /= 2)
        for (std::size_t i = 0; i < count / 2; ++i)
            hashes[i] = node_hash(hashes[2 * i], hashes[2 * i + 1]);
    return hashes.front();
}

}  // namespace

Hash leaf_hash(ByteView data) {
    constexpr std::array<std::uint8_t, 1> prefix{0};
    Sha256 hash;
    hash.update(prefix);
    hash.update(data);
    return hash.digest();
}

Hash node_hash(const Hash& left, const Hash& right) {
    std::array<std::uint8_t, 65> input{1};
    std::ranges::copy(left, input.begin() + 1);
    std::ranges::copy(right, input.begin() + 33);
    return sha256(input);
}

Hash empty_root() {
    return sha256({});
}

Result<const Tree::Tile*> Tree::tile(std::uint32_t level, std::uint64_t number) {
    Tile& known = tiles_[level];
    if (known.number == number && !known.hashes.empty()) return &known;
    const std::uint64_t stored = size_ >> (kTileHeight * level);
    const std::uint64_t width = std::min(kTileWidth, stored - number * kTileWidth);
    auto hashes = source_.load(level, number * kTileWidth, width);
    if (!hashes) return std::unexpected(hashes.error());
    if (hashes->size() != width)
        return failure(
            Remedy::operator_acts,
            "ledger: level " + std::to_string(level) + " has a hole in tile " + std::to_string(number)
        );
    known = {.number = number, .hashes = std::move(*hashes)};
    return &known;
}

/// Of the whole subtree of 2^height leaves that begins at `begin`.
Result<Hash> Tree::aligned_hash(std::uint64_t begin, unsigned height) {
    const std::uint32_t level = height / kTileHeight;
    const std::uint64_t first = begin >> (kTileHeight * level);
    const auto loaded = tile(level, first / kTileWidth);
    if (!loaded) return std::unexpected(loaded.error());
    const std::uint64_t count = std::uint64_t{1} << (height % kTileHeight);
    const std::span<const Hash> part =
        std::span{(*loaded)->hashes}.subspan(first % kTileWidth, static_cast<std::size_t>(count));
    return fold({part.begin(), part.end()});
}

// NOLINTNEXTLINE(misc-no-recursion): at most 62 levels
Result<Hash> Tree::range_hash(std::uint64_t begin, std::uint64_t end) {
    const std::uint64_t count = end - begin;
    if (std::has_single_bit(count) && begin % count == 0)
        return aligned_hash(begin, static_cast<unsigned>(std::countr_zero(count)));
    const std::uint64_t split = split_of(count);
    const auto left = range_hash(begin, begin + split);
    if (!left) return left;
    const auto right = range_hash(begin + split, end);
    if (!right) return right;
    return node_hash(*left, *right);
}

Result<Hash> Tree::root(std::uint64_t size) {
    if (size > size_)
        return failure(
            Remedy::refuse, "ledger: it has " + std::to_string(size_) + " leaves, not " + std::to_string(size)
        );
    if (size == 0) return empty_root();
    return range_hash(0, size);
}

Status Tree::append_range(std::vector<Hash>& proof, std::uint64_t begin, std::uint64_t end) {
    const auto hash = range_hash(begin, end);
    if (!hash) return std::unexpected(hash.error());
    proof.push_back(*hash);
    return {};
}

Result<std::vector<Hash>> Tree::inclusion_proof(std::uint64_t index, std::uint64_t size) {
    if (index >= size || size > size_)
        return failure(Remedy::refuse, "ledger: no such leaf in a tree of this size");
    std::vector<Hash> proof;
    std::uint64_t begin = 0;
    std::uint64_t end = size;
    while (end - begin > 1) {  // from the root downwards, turned round at the end
        const std::uint64_t middle = begin + split_of(end - begin);
        const bool is_left = index < middle;
        if (auto added = is_left ? append_range(proof, middle, end) : append_range(proof, begin, middle);
            !added)
            return std::unexpected(added.error());
        (is_left ? end : begin) = middle;
    }
    std::ranges::reverse(proof);
    return proof;
}

Result<std::vector<Hash>> Tree::consistency_proof(std::uint64_t old_size, std::uint64_t size) {
    if (old_size > size || size > size_)
        return failure(Remedy::refuse, "ledger: a tree of this size isn't there");
    std::vector<Hash> proof;
    if (old_size == 0 || old_size == size) return proof;
    std::uint64_t begin = 0;
    std::uint64_t end = size;
    while (end != old_size) {  // SUBPROOF of the RFC, likewise downwards
        const std::uint64_t middle = begin + split_of(end - begin);
        const bool is_left = old_size <= middle;
        if (auto added = is_left ? append_range(proof, middle, end) : append_range(proof, begin, middle);
            !added)
            return std::unexpected(added.error());
        (is_left ? end : begin) = middle;
    }
    // The old tree's own root is known to whoever asks; a part of it is not.
    if (begin != 0)
        if (auto added = append_range(proof, begin, end); !added) return std::unexpected(added.error());
    std::ranges::reverse(proof);
    return proof;
}

Result<Frontier> Frontier::load(Tree& tree, std::uint64_t size) {
    Frontier frontier;
    frontier.size_ = size;
    for (std::uint64_t begin = 0; begin < size;) {
        const std::uint64_t count = std::bit_floor(size - begin);
        const auto hash = tree.range_hash(begin, begin + count);
        if (!hash) return std::unexpected(hash.error());
        frontier.subtrees_.push_back(*hash);
        begin += count;
    }
    return frontier;
}

void Frontier::add(const Hash& leaf, std::vector<Node>& made) {
    Hash hash = leaf;
    unsigned height = 0;
    for (; (size_ >> height & 1U) != 0; ++height) {  // each set bit is a whole subtree that now has its twin
        hash = node_hash(subtrees_.back(), hash);
        subtrees_.pop_back();
        if ((height + 1) % kTileHeight == 0)
            made.push_back(
                {.level = (height + 1) / kTileHeight, .number = size_ >> (height + 1), .hash = hash}
            );
    }
    subtrees_.push_back(hash);
    ++size_;
}

Hash Frontier::root() const {
    if (subtrees_.empty()) return empty_root();
    Hash hash = subtrees_.back();
    for (auto left = subtrees_.rbegin() + 1; left != subtrees_.rend(); ++left)
        hash = node_hash(*left, hash);
    return hash;
}

}  // namespace sluice::ledger
