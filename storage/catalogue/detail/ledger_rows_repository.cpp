#include "storage/catalogue/detail/connection.hpp"
#include "storage/catalogue/detail/ledger_rows.hpp"
#include "storage/catalogue/detail/values.hpp"

#include <algorithm>

namespace sluice::catalogue::detail {

namespace {

constexpr const char* kTree = R"(
    SELECT size, root, coalesce(checkpoint, ''), to_us(signed_at), trouble, key FROM ledger_tree)";

constexpr const char* kLeaves = R"(
    SELECT leaf_data FROM ledger_records WHERE leaf_index >= $1::bigint AND leaf_index < $1::bigint + $2::bigint
    ORDER BY leaf_index)";

constexpr const char* kNodes = R"(
    SELECT hash FROM ledger_nodes
    WHERE level = $1::integer AND number >= $2::bigint AND number < $2::bigint + $3::bigint ORDER BY number)";

}  // namespace

Sha256Digest to_hash(const pqxx::field& field) {
    const Bytes bytes = to_bytes(field);
    Sha256Digest hash{};
    if (bytes.size() != hash.size()) throw pqxx::conversion_error{"a hash is not 32 bytes long"};
    std::ranges::copy(bytes, hash.begin());
    return hash;
}

TreeRow load_tree(pqxx::transaction_base& transaction) {
    const pqxx::result rows = transaction.exec(kTree);
    const auto& row = rows[0];
    return {
        .size = row[0].as<std::uint64_t>(),
        .root = to_hash(row[1]),
        .checkpoint = row[2].as<std::string>(),
        .signed_at = to_optional_time(row[3]),
        .trouble = row[4].as<std::string>(),
        .key = row[5].as<std::string>(),
    };
}

std::vector<Sha256Digest>
load_leaves(pqxx::transaction_base& transaction, std::uint64_t first, std::uint64_t count) {
    std::vector<Sha256Digest> leaves;
    for (const auto& row : run(transaction, kLeaves, first, count))
        leaves.push_back(to_hash(row[0]));
    return leaves;
}

std::vector<ledger::Hash> load_hashes(
    pqxx::transaction_base& transaction,
    std::uint32_t level,
    std::uint64_t first,
    std::uint64_t count
) {
    std::vector<ledger::Hash> hashes;
    if (level == 0) {
        for (const Sha256Digest& leaf : load_leaves(transaction, first, count))
            hashes.push_back(ledger::leaf_hash(leaf));
        return hashes;
    }
    for (const auto& row : run(transaction, kNodes, level, first, count))
        hashes.push_back(to_hash(row[0]));
    return hashes;
}

}  // namespace sluice::catalogue::detail
