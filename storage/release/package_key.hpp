#pragma once

#include "storage/catalogue/pool.hpp"
#include "storage/ledger/act.hpp"
#include "storage/ledger/note.hpp"

#include <filesystem>
#include <optional>
#include <vector>

/// The key that signs sealed copies: the worker's own, beside the audit log's. It may be replaced; what an
/// earlier one has signed is verified by the list of all.
namespace sluice::release {

[[nodiscard]] std::filesystem::path package_key_file(const std::filesystem::path& data);
/// Verifier keys of all keys that have signed here, the newest first, one a line: for whoever verifies.
[[nodiscard]] std::filesystem::path package_keys_file(const std::filesystem::path& data);

/// The key, made at its first use and never again once a package was signed with one. Error: operator_acts.
[[nodiscard]] Result<ledger::SigningKey>
load_package_key(catalogue::Pool& pool, const std::filesystem::path& data, UtcTime now);

struct MadePackageKey {
    ledger::VerifierKey key;
    std::optional<ledger::VerifierKey> former;  ///< that it replaces
};
/// A new key instead of the present one, whose private half is gone afterwards; recorded before it signs
/// anything. Whoever is cut off asks again. Error: refuse, when there is one and it is not to be replaced;
/// operator_acts. Role: sluice_worker.
[[nodiscard]] Result<MadePackageKey> make_package_key(
    catalogue::Pool& pool,
    const std::filesystem::path& data,
    bool replaces,
    const ledger::Actor& actor,
    UtcTime now
);

/// A file of verifier keys, one a line. Error: operator_acts; refuse, naming the line.
[[nodiscard]] Result<std::vector<ledger::VerifierKey>> load_package_keys(const std::filesystem::path& file);

}  // namespace sluice::release
