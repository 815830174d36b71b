#pragma once

#include "storage/ledger/tile.hpp"
#include "storage/ledger/verification.hpp"

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

/// The log as a folder that needs no program of ours to be understood: `checkpoint` and `tile/…` as C2SP
/// tlog-tiles has them, `log.vkey`, `witnessed` (the newest checkpoint that a witness has co-signed, if any),
/// and `records.jsonl`: one object a line with index, id, record (RFC 8785, as text), salt (hex), erased_by.
namespace sluice::ledger {

[[nodiscard]] std::string to_json_line(const Entry& entry);
/// Error: refuse.
[[nodiscard]] Result<Entry> entry_from(std::string_view json_line);

struct ExportHead {
    std::string checkpoint;  ///< signed note
    std::string witnessed;   ///< likewise, with co-signatures; empty: none
    VerifierKey key;
};
/// Error: refuse, unless an export may go there: missing or empty.
[[nodiscard]] Status check_export_folder(const std::filesystem::path& folder);
/// Writes the whole log as the reader has it, up to the checkpoint's size, into a folder that is missing or
/// empty. Error: operator_acts; refuse when something is in the folder.
[[nodiscard]] Status write_export(
    LogReader& reader,
    const Checkpoint& head,
    const ExportHead& notes,
    const std::filesystem::path& folder
);

[[nodiscard]] Result<ExportHead> load_export_head(const std::filesystem::path& folder);

/// Reads an export. Files are read tile by tile.
class ExportReader final : public LogReader {
public:
    ExportReader(std::filesystem::path folder, std::uint64_t size)
        : folder_(std::move(folder)),
          size_(size) {}
    [[nodiscard]] Result<std::vector<Hash>>
    load(std::uint32_t level, std::uint64_t first, std::uint64_t count) override;
    [[nodiscard]] Result<std::vector<Sha256Digest>> load_leaves(std::uint64_t first, std::uint64_t count)
        override;
    [[nodiscard]] Result<std::vector<Entry>> next_entries(std::size_t limit) override;

private:
    [[nodiscard]] TilePath tile_at(std::optional<std::uint32_t> level, std::uint64_t first) const;

    std::filesystem::path folder_;
    std::uint64_t size_;
    std::ifstream records_;
    std::uint64_t line_ = 0;
    TilePath known_path_{.level = {}, .number = ~std::uint64_t{0}};
    std::vector<Hash> known_;
};

}  // namespace sluice::ledger
