#pragma once

#include "storage/catalogue/ledger_repository.hpp"
#include "storage/ledger/verification.hpp"

namespace sluice::catalogue {

/// The audit log in the database, read through a pool that outlives it. Roles as ledger_repository.hpp.
class LogReader final : public ledger::LogReader {
public:
    /// Records from leaf `first` on.
    explicit LogReader(Pool& pool, std::uint64_t first = 0) : pool_(pool), hashes_(pool), next_(first) {}
    [[nodiscard]] Result<std::vector<ledger::Hash>>
    load(std::uint32_t level, std::uint64_t first, std::uint64_t count) override {
        return hashes_.load(level, first, count);
    }
    [[nodiscard]] Result<std::vector<Sha256Digest>> load_leaves(std::uint64_t first, std::uint64_t count)
        override;
    [[nodiscard]] Result<std::vector<ledger::Entry>> next_entries(std::size_t limit) override;

private:
    Pool& pool_;
    PoolHashes hashes_;
    std::uint64_t next_;
};

[[nodiscard]] ledger::Entry to_entry(RecordRow row);

}  // namespace sluice::catalogue
