#pragma once

#include "config/base/error.hpp"

#include <filesystem>
#include <string>

/// `sluice ledger …` and `sluice verify`. As in commands.hpp.
namespace sluice::cli {

struct KeygenOptions {
    std::filesystem::path file;
    std::string name;  ///< empty: one that no other key has
    bool is_witness = false;
};
struct CopiesKeyOptions {
    std::filesystem::path config;
    bool is_replacing = false;
};
/// The key that signs sealed copies; prints the verifier key alone on the last line.
[[nodiscard]] Status make_copies_key(const CopiesKeyOptions& options);

/// Makes a key file of mode 0600 and prints the verifier key alone on the last line.
[[nodiscard]] Status make_ledger_key(const KeygenOptions& options);

struct VerifyOptions {
    std::filesystem::path config;  ///< of the log in the database; or
    std::filesystem::path folder;  ///< an export
    std::filesystem::path since;   ///< file with an earlier checkpoint; empty: none
    std::string key;               ///< the log's verifier key; empty: the one that lies beside the log
    std::string witness;           ///< a witness's verifier key; empty: none
    bool is_json = false;
};
/// The whole log against its checkpoint. Error: operator_acts, when there is a finding.
[[nodiscard]] Status verify_ledger(const VerifyOptions& options);

struct VerifyPackageOptions {
    std::filesystem::path package;  ///< tar file or folder
    std::string key;                ///< signing key as it was given to whoever checks; empty: the package's
    std::filesystem::path keys;     ///< a file of several, of which one has signed; empty: none
    std::string log_key;            ///< of the audit log; likewise
    bool is_json = false;
};
[[nodiscard]] bool is_sealed_copy(const std::filesystem::path& path);
/// A sealed copy, without database or network. Error: operator_acts, when there is a finding.
[[nodiscard]] Status verify_copy(const VerifyPackageOptions& options);

/// Recorded, and after the checkpoint that covers that record. Error: as it says.
[[nodiscard]] Status export_ledger(const std::filesystem::path& config, const std::filesystem::path& folder);

struct WitnessOptions {
    std::string url;
    std::filesystem::path state;
    std::filesystem::path key;          ///< of the witness
    std::string log_key;                ///< the log's verifier key
    std::filesystem::path token;        ///< file; empty: none
    std::filesystem::path authorities;  ///< PEM; empty: the system's
};
/// One round of a witness. Error: refuse, when the log is inconsistent.
[[nodiscard]] Status witness_ledger(const WitnessOptions& options);

/// Takes a record's text away; `reason` becomes a record of its own.
[[nodiscard]] Status
erase_record(const std::filesystem::path& config, const std::string& record, const std::string& reason);

}  // namespace sluice::cli
