#include "storage/catalogue/log_reader.hpp"

#include <string>
#include <utility>

namespace sluice::catalogue {

ledger::Entry to_entry(RecordRow row) {
    return {
        .index = row.index.value_or(0),
        .id = row.id,
        .text = std::move(row.text),
        .salt = row.salt,
        .erased_by = row.erased_by,
    };
}

Result<std::vector<Sha256Digest>> LogReader::load_leaves(std::uint64_t first, std::uint64_t count) {
    auto leaves = catalogue::load_leaves(pool_, first, count);
    if (leaves && leaves->size() != count)
        return failure(
            Remedy::operator_acts,
            "ledger: of the leaves " + std::to_string(first) + " to " + std::to_string(first + count - 1) +
                " only " + std::to_string(leaves->size()) + " are in the database"
        );
    return leaves;
}

Result<std::vector<ledger::Entry>> LogReader::next_entries(std::size_t limit) {
    auto rows = load_records(pool_, next_, limit);
    if (!rows) return std::unexpected(rows.error());
    std::vector<ledger::Entry> entries;
    for (RecordRow& row : *rows)
        entries.push_back(to_entry(std::move(row)));
    if (!entries.empty()) next_ = entries.back().index + 1;
    return entries;
}

}  // namespace sluice::catalogue
