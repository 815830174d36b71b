#pragma once

#include "storage/ledger/tree.hpp"

#include <map>
#include <string>
#include <vector>

/// Trees in memory, for tests.
namespace sluice::test {

using ledger::Hash;

/// Grows as the sequencer's does, and answers as its database does.
class Forest final : public ledger::HashSource {
public:
    Result<std::vector<Hash>> load(std::uint32_t level, std::uint64_t first, std::uint64_t count) override {
        ++loads;
        const auto& row = rows_[level];
        if (first + count > row.size()) return failure(Remedy::operator_acts, "no such hashes");
        const auto begin = row.begin() + static_cast<std::ptrdiff_t>(first);
        return std::vector<Hash>{begin, begin + static_cast<std::ptrdiff_t>(count)};
    }
    void add(ByteView data) {
        const Hash leaf = ledger::leaf_hash(data);
        rows_[0].push_back(leaf);
        std::vector<ledger::Node> made;
        frontier.add(leaf, made);
        for (const ledger::Node& node : made) {
            is_in_order = is_in_order && node.number == rows_[node.level].size();
            rows_[node.level].push_back(node.hash);
        }
    }
    [[nodiscard]] std::uint64_t size() const { return frontier.size(); }

    ledger::Frontier frontier;
    std::size_t loads = 0;
    bool is_in_order = true;  ///< no stored hash came twice or left a hole

private:
    std::map<std::uint32_t, std::vector<Hash>> rows_;
};

inline Forest grow(std::uint64_t size) {
    Forest forest;
    for (std::uint64_t i = 0; i < size; ++i)
        forest.add(as_bytes("leaf " + std::to_string(i)));
    return forest;
}

}  // namespace sluice::test
