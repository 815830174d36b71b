#pragma once

#include "config/base/error.hpp"
#include "storage/catalogue/contractor_clip_repository.hpp"
#include "storage/volume/durable_files.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// The paper beside a received file: when it came into custody, what was said of it, and what was made of it.
/// With it floor, ceiling and hashes come back when the catalogue is lost. It holds no footage and no
/// secret, and goes when its file goes.
namespace sluice::receipt {

/// A segment that was made of the file; on the same volume.
struct MadeSegment {
    Uuid id;
    std::filesystem::path path;
    TimeRange range;
    Sha256Digest sha256{};
    friend bool operator==(const MadeSegment&, const MadeSegment&) = default;
};

struct Receipt {
    catalogue::ClipOrigin origin;    ///< who gave it, and under which camera's announcement
    catalogue::ContractorClip clip;  ///< as it is in the catalogue once it is imported
    catalogue::ImportTarget camera;  ///< as the recorder knows it
    std::vector<catalogue::ImportedRun> runs;
    std::vector<MadeSegment> segments;
};

/// "imported/2026-11-23/gate/original/20261123T101500Z_0192….original"; its receipt has ".receipt" instead.
[[nodiscard]] std::filesystem::path original_path(const catalogue::ContractorClip& clip);
[[nodiscard]] std::filesystem::path receipt_path(const std::filesystem::path& original);

/// One line with the SHA-256 of all that follows, in hex; then a JSON object, format 1.
[[nodiscard]] std::string to_text(const Receipt& receipt);
/// Error: refuse: its bytes have changed, or which member is missing or wrong. Any bytes may be given.
[[nodiscard]] Result<Receipt> from_text(std::string_view text);

/// Pre: the folder is there. .part, synced, renamed over what an earlier attempt has left, folder synced.
/// Error: abandon_file, stop_volume.
[[nodiscard]] Status write(
    volume::DurableFiles& files,
    const std::filesystem::path& root,
    const std::filesystem::path& path,
    const Receipt& receipt
);
/// Error: operator_acts, when it can't be read; refuse, when it is none.
[[nodiscard]] Result<Receipt> read(const std::filesystem::path& file);

}  // namespace sluice::receipt
