#pragma once

#include "cli/witness/http_client.hpp"
#include "config/base/time.hpp"
#include "storage/ledger/checkpoint.hpp"

#include <filesystem>
#include <string>

namespace sluice::witness {

/// A log as a server shows it: its tiles, over HTTP.
class HttpHashes final : public ledger::HashSource {
public:
    /// `size` of the tree whose tiles are asked for.
    HttpHashes(HttpClient& client, std::uint64_t size) : client_(client), size_(size) {}
    [[nodiscard]] Result<std::vector<ledger::Hash>>
    load(std::uint32_t level, std::uint64_t first, std::uint64_t count) override;

private:
    HttpClient& client_;
    std::uint64_t size_;
};

/// Whether `head` continues `seen`; both were opened with the log's key. Error: refuse, label `inconsistent`,
/// when it does not: whoever is responsible must be told. Otherwise why the log could not be read.
[[nodiscard]] Status
check_continues(const ledger::Checkpoint& seen, const ledger::Checkpoint& head, ledger::HashSource& hashes);

struct Round {
    std::filesystem::path state_file;  ///< the last checkpoint that was seen; made at the first round
    ledger::VerifierKey log_key;
};
/// Fetches the newest checkpoint, checks that it continues the one seen last, remembers it durably, and only
/// then co-signs it and posts that back. What was co-signed.
[[nodiscard]] Result<ledger::Checkpoint>
witness_once(HttpClient& client, const Round& round, const ledger::SigningKey& key, UtcTime now);

}  // namespace sluice::witness
