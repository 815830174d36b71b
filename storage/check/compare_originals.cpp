#include "storage/check/compare.hpp"
#include "storage/check/detail/about.hpp"
#include "storage/receipt/receipt.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include <fmt/format.h>

namespace sluice::check {
namespace {

using catalogue::OriginalRow;
using detail::about;

Finding about(FindingKind kind, const OriginalRow& row, std::string detail = {}) {
    Finding finding;
    finding.kind = kind;
    finding.path = row.path.string();
    finding.segment_id = row.clip_id;
    finding.from = row.range.from;
    finding.to = row.range.to;
    finding.detail = std::move(detail);
    return finding;
}

/// What lies there of one clip.
struct Pair {
    const FileEntry* original = nullptr;
    const FileEntry* receipt = nullptr;
};

std::optional<Finding> judge_stranger(const FileEntry& file, UtcTime now) {
    if (file.kind != FileKind::part) return about(FindingKind::unknown_file, file);
    if (!detail::is_idle(file, now)) return std::nullopt;
    return about(FindingKind::left_over_part, file, "nobody has written to it for a while");
}

void judge_file(const Pair& pair, const OriginalRow& row, Depth depth, std::vector<Finding>& findings) {
    const FileEntry& file = *pair.original;
    if (file.path != row.path) {
        findings.push_back(
            about(FindingKind::state_differs, row, "the row names this path, the file lies at " + file.path)
        );
        return;
    }
    if (depth == Depth::names || !file.bytes || *file.bytes == row.bytes) return;
    Finding differs = about(
        FindingKind::size_differs,
        row,
        fmt::format("the received file has {} bytes, the row says {}", *file.bytes, row.bytes)
    );
    const std::uint64_t most = std::max(*file.bytes, row.bytes);
    differs.damage.push_back({.from = 0, .to = most, .kind = catalogue::DamageKind::content});
    findings.push_back(std::move(differs));
}

void judge_row(const Pair& pair, const OriginalRow& row, Depth depth, std::vector<Finding>& findings) {
    if (pair.original != nullptr)
        judge_file(pair, row, depth, findings);
    else
        findings.push_back(about(FindingKind::row_without_file, row));
    if (row.damage) findings.push_back(about(FindingKind::marked_damaged, row, "the received file"));
    if (pair.receipt != nullptr) return;
    Finding missing = about(
        FindingKind::row_without_file, row, "the receipt of a received file: a rebuild could not take it in"
    );
    missing.path = receipt::receipt_path(row.path).string();
    findings.push_back(std::move(missing));
}

}  // namespace

std::vector<Finding> compare_originals(
    std::span<const FileEntry> files,
    std::span<const OriginalRow> rows,
    Depth depth,
    UtcTime now
) {
    std::vector<Finding> findings;
    std::map<Uuid, Pair> pairs;
    for (const FileEntry& file : files) {
        if (file.kind == FileKind::original)
            pairs[file.segment_id].original = &file;
        else if (file.kind == FileKind::receipt)
            pairs[file.segment_id].receipt = &file;
        else if (auto stranger = judge_stranger(file, now))
            findings.push_back(std::move(*stranger));
    }
    for (const OriginalRow& row : rows) {
        judge_row(pairs[row.clip_id], row, depth, findings);
        pairs.erase(row.clip_id);
    }
    for (const auto& [id, pair] : pairs)
        for (const FileEntry* file : {pair.original, pair.receipt})
            if (file != nullptr) findings.push_back(about(FindingKind::file_without_row, *file));
    std::ranges::sort(findings, {}, [](const Finding& finding) {
        return std::pair{std::string_view{finding.path}, finding.kind};
    });
    return findings;
}

}  // namespace sluice::check
