#include "storage/check/detail/originals.hpp"

#include "config/base/unique_fd.hpp"
#include "storage/catalogue/recorder_repository.hpp"
#include "storage/receipt/receipt.hpp"
#include "storage/volume/read_at.hpp"
#include "storage/volume/volume.hpp"

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

#include <fcntl.h>

namespace sluice::check::detail {
namespace {

namespace fs = std::filesystem;
using catalogue::DamageKind;
using catalogue::OriginalRow;

constexpr std::size_t kPiece = 1U << 20U;

Finding about(FindingKind kind, const OriginalRow& row, std::string detail) {
    Finding finding;
    finding.kind = kind;
    finding.path = row.path.string();
    finding.segment_id = row.clip_id;
    finding.from = row.range.from;
    finding.to = row.range.to;
    finding.detail = std::move(detail);
    return finding;
}

struct HashedFile {
    Sha256Digest sha256{};
    std::uint64_t bytes = 0;
};
Result<HashedFile> hash_whole(int fd, const MayGoOn& may_go_on) {
    Bytes piece(kPiece);
    Sha256 hash;
    HashedFile found;
    for (;;) {
        const auto got = volume::read_at(fd, found.bytes, piece);
        if (!got) return std::unexpected(got.error());
        if (*got == 0) break;
        hash.update(ByteView{piece}.first(*got));
        found.bytes += *got;
        if (!may_go_on(*got)) return failure(Remedy::cancelled, "the check was stopped", "stopped");
    }
    found.sha256 = hash.digest();
    return found;
}

/// What a rebuild would read is what the catalogue says.
std::optional<Finding> compare_receipt(const fs::path& root, const OriginalRow& row) {
    const fs::path path = receipt::receipt_path(row.path);
    const auto found = receipt::read(root / path);
    Finding finding = about(FindingKind::state_differs, row, {});
    finding.path = path.string();
    if (!found) {
        if (!find_facts(root / path)) return std::nullopt;  // that it is not there is told by its name
        finding.kind = FindingKind::unreadable_file;
        finding.detail = found.error().describe();
        return finding;
    }
    const catalogue::ContractorClip& clip = found->clip;
    const bool is_same = clip.id == row.clip_id && clip.sha256 == row.sha256 && clip.bytes == row.bytes &&
                         clip.range == row.range && clip.received == row.received;
    finding.detail = "the receipt says other things of its file than the row";
    return is_same ? std::nullopt : std::optional{finding};
}

}  // namespace

Result<std::optional<Finding>> OriginalsJudge::settle(Finding finding) {
    finding.volume = volume_.root;
    switch (finding.kind) {
        case FindingKind::file_without_row:
        case FindingKind::left_over_part:
            return settle_file(std::move(finding));
        case FindingKind::row_without_file:
        case FindingKind::state_differs:
        case FindingKind::size_differs:
            return settle_row(std::move(finding));
        default:
            return finding;
    }
}

Result<std::optional<Finding>> OriginalsJudge::settle_file(Finding finding) {
    // Asked before the row: an import that ends in between has its row then.
    const auto is_coming = is_being_imported(pool_, finding);
    if (!is_coming) return std::unexpected(is_coming.error());
    if (*is_coming || !find_facts(volume_.root / finding.path)) return std::nullopt;
    const Uuid id = finding.segment_id.value_or(Uuid{});
    const auto row = catalogue::find_original(pool_, id);
    if (!row) return std::unexpected(row.error());
    if (*row && finding.kind == FindingKind::file_without_row) {
        const bool is_its_own = (*row)->volume_id == volume_.id;
        if (is_its_own) return std::nullopt;
        finding.kind = FindingKind::state_differs;
        finding.detail = "the row of this received file names another volume";
        return finding;
    }
    const auto known = catalogue::find_known_segments(pool_, std::span{&id, 1});
    if (!known) return std::unexpected(known.error());
    if (!known->tombstoned.empty()) finding.kind = FindingKind::destroyed_file;
    return finding;
}

Result<std::optional<Finding>> OriginalsJudge::settle_row(Finding finding) {
    const auto row = catalogue::find_original(pool_, finding.segment_id.value_or(Uuid{}));
    if (!row) return std::unexpected(row.error());
    if (!*row) return std::nullopt;  // destroyed meanwhile
    if (finding.kind != FindingKind::row_without_file) return finding;
    if (find_facts(volume_.root / finding.path)) return std::nullopt;
    // A volume that went away meanwhile has taken all names with it.
    const auto identity = volume::read_identity(volume_.root);
    if (!identity || !*identity || (*identity)->volume_id != volume_.id)
        return failure(
            Remedy::retry, volume_.root.string() + " went away during the check", "volume_missing"
        );
    if (finding.path == (*row)->path)
        finding.damage = {{.from = 0, .to = (*row)->bytes, .kind = DamageKind::lost}};
    return finding;
}

Status OriginalsJudge::mark(const Finding& finding) {
    if (!settings_.marks_damage || finding.damage.empty() || !finding.segment_id) return {};
    return catalogue::mark_original(pool_, *finding.segment_id, finding.damage.front().kind, clock_.now());
}

Result<std::vector<Finding>> OriginalsJudge::examine(const OriginalRow& row, const MayGoOn& may_go_on) {
    std::vector<Finding> findings;
    const auto tell = [&](Finding finding) {
        finding.volume = volume_.root;
        findings.push_back(std::move(finding));
    };
    const fs::path file = volume_.root / row.path;
    const UniqueFd fd{::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW)};
    const int opening = fd.is_open() ? 0 : errno;
    if (!fd.is_open() && opening == ENOENT) {
        auto settled = settle(about(FindingKind::row_without_file, row, {}));
        if (!settled) return std::unexpected(settled.error());
        if (*settled) tell(std::move(**settled));
        return findings;
    }
    if (!fd.is_open()) {
        tell(about(FindingKind::unreadable_file, row, std::generic_category().message(opening)));
        return findings;
    }
    // As with segments: read once, and not to push others' pages out of memory.
    ::posix_fadvise(fd.get(), 0, 0, POSIX_FADV_SEQUENTIAL);
    const auto found = hash_whole(fd.get(), may_go_on);
    ::posix_fadvise(fd.get(), 0, 0, POSIX_FADV_DONTNEED);
    if (!found && found.error().remedy() == Remedy::cancelled) return std::unexpected(found.error());
    if (!found) {
        tell(about(FindingKind::unreadable_file, row, found.error().describe()));
    } else if (found->sha256 != row.sha256) {
        Finding differs =
            about(FindingKind::hash_differs, row, "the received file's hash is not that of its receipt");
        differs.damage = {{.from = 0, .to = std::max(found->bytes, row.bytes), .kind = DamageKind::content}};
        tell(std::move(differs));
    }
    if (auto differs = compare_receipt(volume_.root, row)) tell(std::move(*differs));
    return findings;
}

Result<bool> is_being_imported(catalogue::Pool& pool, const Finding& finding) {
    const fs::path path{finding.path};
    if (!finding.from || segment::place_of(path) != Place::imported) return false;
    auto part = path.begin();
    for (int level = 0; level < 2 && part != path.end(); ++level)
        ++part;  // imported/DAY/CAMERA/…
    if (part == path.end()) return false;
    return catalogue::is_import_under_way(pool, part->string(), *finding.from);
}

}  // namespace sluice::check::detail
