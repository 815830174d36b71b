// The other side of the proofs: whoever verifies has two numbers, two hashes and a list, and no tree.
#include "storage/ledger/tree.hpp"

#include <bit>

namespace sluice::ledger {

// RFC 9162 2.1.3.2: walks from the leaf up; `at` and `last` are the positions of the path and of the tree's
// last node in the row.
bool verify_inclusion(
    const Hash& leaf,
    std::uint64_t index,
    std::uint64_t size,
    const std::vector<Hash>& proof,
    const Hash& root
) {
    if (index >= size) return false;
    std::uint64_t at = index;
    std::uint64_t last = size - 1;
    Hash hash = leaf;
    for (const Hash& other : proof) {
        if (last == 0) return false;
        if ((at & 1U) != 0 || at == last) {
            hash = node_hash(other, hash);
            const auto skipped =
                static_cast<unsigned>(std::countr_zero(at));  // rows where the path had no twin
            at >>= skipped;
            last >>= skipped;
        } else {
            hash = node_hash(hash, other);
        }
        at >>= 1U;
        last >>= 1U;
    }
    return last == 0 && hash == root;
}

// RFC 9162 2.1.4.2: both roots are made again from one list.
bool verify_consistency(
    std::uint64_t old_size,
    const Hash& old_root,
    std::uint64_t size,
    const Hash& root,
    const std::vector<Hash>& proof
) {
    if (old_size > size) return false;
    if (old_size == size) return proof.empty() && old_root == root;
    if (old_size == 0) return proof.empty() && old_root == empty_root();
    const auto skipped = static_cast<unsigned>(std::countr_zero(old_size));
    std::uint64_t at = (old_size - 1) >> skipped;
    std::uint64_t last = (size - 1) >> skipped;
    // An old tree that is one whole subtree is its own beginning; else the list begins with one.
    auto next = proof.begin();
    Hash seed = old_root;
    if (!std::has_single_bit(old_size)) {
        if (next == proof.end()) return false;
        seed = *next++;
    }
    Hash old_hash = seed;
    Hash new_hash = seed;
    for (; next != proof.end(); ++next) {
        if (last == 0) return false;
        if ((at & 1U) != 0 || at == last) {
            old_hash = node_hash(*next, old_hash);
            new_hash = node_hash(*next, new_hash);
            const auto rows = static_cast<unsigned>(std::countr_zero(at));
            at >>= rows;
            last >>= rows;
        } else {
            new_hash = node_hash(new_hash, *next);
        }
        at >>= 1U;
        last >>= 1U;
    }
    return last == 0 && old_hash == old_root && new_hash == root;
}

}  // namespace sluice::ledger
