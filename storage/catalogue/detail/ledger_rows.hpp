#pragma once

#include "storage/catalogue/sequencing_repository.hpp"

#include <pqxx/pqxx>

namespace sluice::catalogue::detail {

/// The tree's only row. Throws as libpqxx does.
[[nodiscard]] TreeRow load_tree(pqxx::transaction_base& transaction);
/// Hashes of a level as ledger::HashSource::load means them; level 0 is made from the leaf data.
[[nodiscard]] std::vector<ledger::Hash> load_hashes(
    pqxx::transaction_base& transaction,
    std::uint32_t level,
    std::uint64_t first,
    std::uint64_t count
);
/// Leaf data in order; fewer where the tree ends.
[[nodiscard]] std::vector<Sha256Digest>
load_leaves(pqxx::transaction_base& transaction, std::uint64_t first, std::uint64_t count);
[[nodiscard]] Sha256Digest to_hash(const pqxx::field& field);

}  // namespace sluice::catalogue::detail
