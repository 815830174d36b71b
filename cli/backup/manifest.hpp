#pragma once

#include "config/base/bytes.hpp"
#include "config/base/time.hpp"
#include "storage/catalogue/backup_repository.hpp"

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::backup {

inline constexpr const char* kManifestFile = "manifest.json";
inline constexpr const char* kDumpFile = "catalogue.dump";
inline constexpr const char* kStateFile = "state.json";
inline constexpr const char* kLedgerFolder = "ledger";
inline constexpr const char* kPapersFolder = "uploads";  ///< papers of requests, sealed as they lie

struct FileEntry {
    std::string name;  ///< below the backup's folder
    std::uint64_t bytes = 0;
    Sha256Digest sha256{};
    friend bool operator==(const FileEntry&, const FileEntry&) = default;
};
/// What a backup is: every file by name and hash, and how many rows the dump holds.
struct Manifest {
    UtcTime made;
    std::string program;
    int schema = 0;
    std::uint64_t ledger_size = 0;  ///< records in the export; 0: none was signed
    catalogue::RowCounts rows;
    std::vector<FileEntry> files;
    friend bool operator==(const Manifest&, const Manifest&) = default;
};

[[nodiscard]] std::string to_json(const Manifest& manifest);
/// Bounded at 64 MiB. Error: refuse.
[[nodiscard]] Result<Manifest> manifest_from(std::string_view json);

/// Hashes every regular file below `folder`, by name. Error: operator_acts.
[[nodiscard]] Result<std::vector<FileEntry>> list_files(const std::filesystem::path& folder);
/// The first difference between what lies in the folder and what the manifest says. Error: refuse, naming the
/// file.
[[nodiscard]] Status check_files(const std::filesystem::path& folder, const Manifest& manifest);
[[nodiscard]] Result<Manifest> load_manifest(const std::filesystem::path& folder);

}  // namespace sluice::backup
