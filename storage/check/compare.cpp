#include "storage/check/compare.hpp"

#include "storage/check/detail/about.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include <fmt/format.h>

namespace sluice::check {
namespace {

using catalogue::SegmentRow;
using catalogue::SegmentState;
using detail::about;
using detail::is_idle;

constexpr std::size_t kUuidLength = 36;
constexpr std::size_t kTimeLength = 16;  // "20261123T101500Z"

struct Suffix {
    std::string_view text;
    FileKind kind;
};
// The longer ones first: each ends in what follows ".mp4".
constexpr std::array<Suffix, 8> kSuffixes{{
    {".mp4.part", FileKind::part},
    {".mp4.suspect", FileKind::suspect},
    {".mp4.empty", FileKind::empty},
    {".mp4", FileKind::finished},
    {".original.part", FileKind::part},
    {".original", FileKind::original},
    {".receipt.part", FileKind::part},
    {".receipt", FileKind::receipt},
}};

/// "20261123T101500Z" as a time.
std::optional<UtcTime> time_from(std::string_view text) {
    if (text.size() != kTimeLength) return std::nullopt;
    const auto part = [text](std::size_t at, std::size_t count) {
        return std::string{text.substr(at, count)};
    };
    const auto parsed = from_rfc3339(
        part(0, 4) + "-" + part(4, 2) + "-" + part(6, 2) + "T" + part(9, 2) + ":" + part(11, 2) + ":" +
        part(13, 2) + "Z"
    );
    if (!parsed || to_compact_utc(*parsed) != text) return std::nullopt;
    return *parsed;
}

Finding about(FindingKind kind, const SegmentRow& row, std::string detail = {}) {
    Finding finding;
    finding.kind = kind;
    finding.path = row.path.string();
    finding.segment_id = row.id;
    finding.from = row.range.from;
    finding.to = row.range.to;
    finding.detail = std::move(detail);
    return finding;
}

/// What a file without a row means.
std::optional<Finding> judge_alone(const FileEntry& file, UtcTime now) {
    switch (file.kind) {
        case FileKind::finished:
            return about(FindingKind::file_without_row, file);
        case FileKind::part:
            if (!is_idle(file, now)) return std::nullopt;
            return about(
                FindingKind::left_over_part, file, "no row, and nobody has written to it for a while"
            );
        case FileKind::suspect:
            return about(FindingKind::left_over_suspect, file, "no row");
        case FileKind::empty:
            return std::nullopt;  // holds no footage
        case FileKind::original:
        case FileKind::receipt:
        case FileKind::unknown:
            return about(FindingKind::unknown_file, file);
    }
    return std::nullopt;
}

bool agrees(FileKind kind, SegmentState state) {
    switch (state) {
        case SegmentState::open:
            return kind == FileKind::part;
        case SegmentState::finished:
            return kind == FileKind::finished;
        case SegmentState::suspect:
            return kind == FileKind::suspect;
    }
    return false;
}

std::string_view word_of(FileKind kind) {
    switch (kind) {
        case FileKind::finished:
            return "finished";
        case FileKind::part:
            return "a .part";
        case FileKind::suspect:
            return "a .suspect";
        case FileKind::empty:
            return "an .empty";
        case FileKind::original:
            return "a received one";
        case FileKind::receipt:
            return "a receipt";
        case FileKind::unknown:
            return "unknown";
    }
    return "unknown";
}

/// What a file and its row say of each other.
void judge_pair(
    const FileEntry& file,
    const SegmentRow& row,
    Depth depth,
    UtcTime now,
    std::vector<Finding>& findings
) {
    if (!agrees(file.kind, row.state)) {
        if (file.kind == FileKind::part && !is_idle(file, now)) return;  // begun a moment ago
        findings.push_back(about(
            FindingKind::state_differs,
            row,
            fmt::format("the file is {}, the row says {}", word_of(file.kind), to_string(row.state))
        ));
        return;
    }
    if (file.path != row.path) {
        findings.push_back(
            about(FindingKind::state_differs, row, "the row names this path, the file lies at " + file.path)
        );
        return;
    }
    if (file.kind == FileKind::part && is_idle(file, now))
        findings.push_back(about(FindingKind::left_over_part, row, "nobody has written to it for a while"));
    if (file.kind == FileKind::suspect) findings.push_back(about(FindingKind::left_over_suspect, row));
    if (row.is_damaged) findings.push_back(about(FindingKind::marked_damaged, row));
    const bool has_size = depth != Depth::names && row.state == SegmentState::finished && file.bytes;
    if (!has_size || *file.bytes == row.bytes) return;
    Finding differs = about(
        FindingKind::size_differs,
        row,
        fmt::format("the file has {} bytes, the row says {}", *file.bytes, row.bytes)
    );
    if (*file.bytes < row.bytes)
        differs.damage.push_back({.from = *file.bytes, .to = row.bytes, .kind = catalogue::DamageKind::lost});
    findings.push_back(std::move(differs));
}

}  // namespace

FileEntry to_entry(const std::string& path) {
    FileEntry entry;
    entry.path = path;
    std::string_view stem = path;
    if (const auto slash = stem.rfind('/'); slash != std::string_view::npos) stem.remove_prefix(slash + 1);
    const auto* const suffix =
        std::ranges::find_if(kSuffixes, [stem](const Suffix& one) { return stem.ends_with(one.text); });
    if (suffix == kSuffixes.end()) return entry;
    stem.remove_suffix(suffix->text.size());
    if (stem.size() != kTimeLength + 1 + kUuidLength || stem[kTimeLength] != '_') return entry;
    const auto id = uuid_from_string(stem.substr(kTimeLength + 1));
    const auto began = time_from(stem.substr(0, kTimeLength));
    if (!id || id->is_nil() || !began) return entry;
    entry.kind = suffix->kind;
    entry.segment_id = *id;
    entry.began = began;
    return entry;
}

std::vector<Finding>
compare_folder(std::span<const FileEntry> files, std::span<const SegmentRow> rows, Depth depth, UtcTime now) {
    std::map<Uuid, const SegmentRow*> unmatched;
    for (const SegmentRow& row : rows)
        unmatched.emplace(row.id, &row);
    std::vector<Finding> findings;
    for (const FileEntry& file : files) {
        const auto row = unmatched.find(file.segment_id);
        if (row == unmatched.end()) {
            if (auto alone = judge_alone(file, now)) findings.push_back(std::move(*alone));
            continue;
        }
        judge_pair(file, *row->second, depth, now, findings);
        unmatched.erase(row);
    }
    for (const auto& [id, row] : unmatched)
        findings.push_back(about(FindingKind::row_without_file, *row));
    std::ranges::sort(findings, {}, [](const Finding& finding) {
        return std::pair{std::string_view{finding.path}, finding.kind};
    });
    return findings;
}

}  // namespace sluice::check
