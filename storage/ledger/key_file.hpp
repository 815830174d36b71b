#pragma once

#include "storage/ledger/note.hpp"

#include <filesystem>

namespace sluice::ledger {

/// The log's place in the data folder: the worker's own, but what is in it may be read by everybody, except
/// for the key.
[[nodiscard]] std::filesystem::path ledger_folder(const std::filesystem::path& data);
/// The verifier key of the log, for whoever verifies.
[[nodiscard]] std::filesystem::path verifier_file(const std::filesystem::path& data);
/// The newest checkpoint that this machine has signed: what tells a database that was put back.
[[nodiscard]] std::filesystem::path checkpoint_file(const std::filesystem::path& data);
[[nodiscard]] std::filesystem::path default_key_file(const std::filesystem::path& data);

/// Error: operator_acts; not there (ENOENT as its code), no key, or readable by others than its owner.
[[nodiscard]] Result<SigningKey> load_key_file(const std::filesystem::path& path);
/// A file with a verifier key on its only line. Error: operator_acts or refuse.
[[nodiscard]] Result<VerifierKey> load_verifier_file(const std::filesystem::path& path);
/// A new file of mode 0600, durable on success. Error: operator_acts; also when something is there already: a
/// key is never replaced.
[[nodiscard]] Status save_new_key(const std::filesystem::path& path, const SigningKey& key);

}  // namespace sluice::ledger
