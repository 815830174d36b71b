#pragma once

#include "config/base/error.hpp"
#include "storage/ledger/note.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

/// Whether a sealed package is what it was, told from the package alone: no database, no network.
namespace sluice::release {

enum class PackageFault {
    changed,    ///< a file is not the one that was sealed
    missing,    ///< a file that was sealed is not there
    extra,      ///< a file that was never sealed
    signature,  ///< the list of files is not signed by the key
    key,        ///< the key is not the one that was expected
    proof,      ///< the audit log's record, its proof or its checkpoint don't hold
    malformed,  ///< what is there can't be read as it should
};
[[nodiscard]] std::string_view to_string(PackageFault fault) noexcept;

struct PackageFinding {
    PackageFault fault = PackageFault::changed;
    std::string file;  ///< empty: the package as a whole
    std::string what;
};

struct PackageReport {
    std::vector<PackageFinding> findings;
    std::uint64_t files = 0;
    std::uint64_t bytes = 0;
    std::string copy;  ///< id, as its manifest says
    std::string dossier;
    std::string fingerprint;  ///< of the key that signed
    std::string log_key;      ///< of the audit log
    [[nodiscard]] bool is_sound() const noexcept { return findings.empty(); }
};

struct PackageKeys {
    std::vector<ledger::VerifierKey> signing;  ///< any of them; empty: the package's own is believed
    std::optional<ledger::VerifierKey> log;    ///< nullopt: likewise
};

/// A tar file, or the folder into which it was unpacked. Memory is bounded, whatever is in it. Error: refuse,
/// when there is nothing that could be a package; operator_acts, when it can't be read.
[[nodiscard]] Result<PackageReport>
verify_package(const std::filesystem::path& package, const PackageKeys& keys);

/// Whether `sluice verify` takes the path for a package: a file, or a folder with a manifest in it.
[[nodiscard]] bool looks_like_package(const std::filesystem::path& path);

}  // namespace sluice::release
