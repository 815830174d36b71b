#include "storage/check/detail/judge.hpp"

#include "storage/catalogue/footage_repository.hpp"
#include "storage/catalogue/recorder_repository.hpp"
#include "storage/check/detail/originals.hpp"
#include "storage/mp4/index.hpp"
#include "storage/segment/copy.hpp"
#include "storage/volume/volume.hpp"

#include <chrono>
#include <utility>

#include <fcntl.h>

namespace sluice::check::detail {
namespace {

namespace fs = std::filesystem;
using catalogue::SegmentRow;
using catalogue::SegmentState;

/// A file's row comes within seconds of its rename; with the database away the feed is behind by as much.
constexpr std::chrono::minutes kYoung{2};
constexpr std::size_t kRunsRemembered = 1000;

bool is_there(const fs::path& file) {
    return find_facts(file).has_value();
}

}  // namespace

bool Judge::is_young(const std::string& path) const {
    const auto facts = find_facts(volume_.root / path);
    return facts && clock_.now() - facts->touched < kYoung;
}

Result<std::optional<Finding>> Judge::settle(Finding finding) {
    finding.volume = volume_.root;
    switch (finding.kind) {
        case FindingKind::file_without_row:
            return settle_file(std::move(finding));
        case FindingKind::left_over_part: {
            const auto is_coming = is_being_imported(pool_, finding);
            if (!is_coming) return std::unexpected(is_coming.error());
            return *is_coming ? std::nullopt : std::optional{std::move(finding)};
        }
        case FindingKind::row_without_file:
        case FindingKind::state_differs:
            return settle_row(std::move(finding));
        case FindingKind::left_over_suspect:
            return settle_suspect(std::move(finding));
        case FindingKind::marked_damaged: {
            auto damage = catalogue::load_damage(pool_, finding.segment_id.value_or(Uuid{}));
            if (!damage) return std::unexpected(damage.error());
            finding.damage = std::move(*damage);
            return finding;
        }
        default:
            return finding;
    }
}

Judge::Settled Judge::settle_file(Finding finding) {
    if (!is_there(volume_.root / finding.path) || is_young(finding.path)) return std::nullopt;
    // Asked before the row: an import that ends in between has its row then.
    const auto is_coming = is_being_imported(pool_, finding);
    if (!is_coming) return std::unexpected(is_coming.error());
    if (*is_coming) return std::nullopt;
    const Uuid id = finding.segment_id.value_or(Uuid{});
    const auto row = catalogue::find_segment(pool_, id);
    if (!row) return std::unexpected(row.error());
    if (*row) {
        const bool is_its_own = (*row)->volume_id == volume_.id && (*row)->path == finding.path;
        if (is_its_own && (*row)->state == SegmentState::finished) return std::nullopt;
        finding.kind = FindingKind::state_differs;
        finding.detail = "the row of this segment is " + std::string{to_string((*row)->state)} +
                         " and names " + (*row)->path.string();
        return finding;
    }
    const auto known = catalogue::find_known_segments(pool_, std::span{&id, 1});
    if (!known) return std::unexpected(known.error());
    if (!known->tombstoned.empty()) finding.kind = FindingKind::destroyed_file;
    return finding;
}

Judge::Settled Judge::settle_row(Finding finding) {
    const auto row = catalogue::find_segment(pool_, finding.segment_id.value_or(Uuid{}));
    if (!row) return std::unexpected(row.error());
    if (!*row) return std::nullopt;  // gone meanwhile
    const std::string path = (*row)->path.string();
    if ((*row)->volume_id == volume_.id && is_there(volume_.root / path)) {
        // In step again; or about to be, when the file was renamed a moment ago.
        if (finding.kind == FindingKind::row_without_file || path != finding.path) return std::nullopt;
        return is_young(path) ? std::nullopt : std::optional{finding};
    }
    const bool is_ours = (*row)->volume_id == volume_.id && (*row)->state == SegmentState::finished;
    if (finding.kind == FindingKind::row_without_file && is_ours && (*row)->bytes > 0) {
        // A volume that went away meanwhile has taken all names with it.
        const auto identity = volume::read_identity(volume_.root);
        if (!identity || !*identity || (*identity)->volume_id != volume_.id)
            return failure(
                Remedy::retry, volume_.root.string() + " went away during the check", "volume_missing"
            );
        finding.damage = {{.from = 0, .to = (*row)->bytes, .kind = catalogue::DamageKind::lost}};
    }
    if (finding.kind == FindingKind::state_differs) {
        // The row still names the .part of a file that is finished: its row is on its way.
        fs::path renamed = path;
        if ((*row)->state == SegmentState::open && renamed.extension() == ".part" &&
            is_young(renamed.replace_extension().string()))
            return std::nullopt;
    }
    return finding;
}

Judge::Settled Judge::settle_suspect(Finding finding) {
    const auto copy = catalogue::find_copy(pool_, finding.segment_id.value_or(Uuid{}));
    if (!copy) return std::unexpected(copy.error());
    if (!*copy) {
        finding.detail = finding.detail.empty() ? "not copied yet" : finding.detail;
        return finding;
    }
    if (!(*copy)->path.empty()) return settle_copy(std::move(finding), **copy);
    finding.detail = "nothing of it could be copied: " + (*copy)->problem;
    return finding;
}

/// A suspect file is settled once its copy is there and sound.
Judge::Settled Judge::settle_copy(Finding finding, const catalogue::SegmentCopy& copy) {
    finding.path = copy.path.string();
    const auto facts = find_facts(volume_.root / copy.path);
    if (!facts) {
        finding.kind = FindingKind::row_without_file;
        finding.detail = "the copy of a suspect file";
        return finding;
    }
    if (settings_.depth == Depth::names) return std::nullopt;
    if (facts->bytes != copy.bytes) {
        finding.kind = FindingKind::size_differs;
        finding.detail = "the copy of a suspect file";
        return finding;
    }
    if (settings_.depth == Depth::sizes) return std::nullopt;
    const auto whole = segment::read_whole(volume_.root, copy.path);
    if (whole && whole->sha256 == copy.sha256) return std::nullopt;
    finding.kind = whole ? FindingKind::hash_differs : FindingKind::unreadable_box;
    finding.detail = whole ? "the copy of a suspect file" : whole.error().describe();
    return finding;
}

Status Judge::mark(const Finding& finding) {
    if (!settings_.marks_damage || finding.damage.empty() || !finding.segment_id || !finding.from) return {};
    if (finding.kind == FindingKind::marked_damaged) return {};
    return catalogue::mark_damaged(pool_, *finding.segment_id, *finding.from, finding.damage);
}

Result<std::optional<Sha256Digest>> ByteReader::find_previous(const SegmentRow& row) {
    if (row.sequence == 0) return std::nullopt;
    const auto last = last_.find(row.run_id);
    if (last != last_.end() && last->second.sequence + 1 == row.sequence) return last->second.sha256;
    const auto before =
        catalogue::find_in_run(pool_, row.stream_id, row.run_id, row.sequence - 1, row.range.from);
    if (!before) return std::unexpected(before.error());
    if (!*before || (*before)->state != SegmentState::finished) return std::nullopt;
    return (*before)->sha256;
}

Result<Expected> ByteReader::load_expected(const SegmentRow& row) {
    Expected expected{.row = row, .index = std::nullopt, .previous = std::nullopt};
    auto previous = find_previous(row);
    if (!previous) return std::unexpected(previous.error());
    expected.previous = *previous;
    const auto encoded = catalogue::get_segment_index(pool_, row.id, row.range.from);
    if (!encoded && encoded.error().label() != "no_index") return std::unexpected(encoded.error());
    if (!encoded) return expected;
    if (auto index = mp4::decode_index(*encoded)) expected.index = std::move(*index);
    return expected;
}

Result<std::optional<Examined>> ByteReader::examine_row(const SegmentRow& row, const MayGoOn& may_go_on) {
    const fs::path file = volume_.root / row.path;
    const UniqueFd fd{::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW)};
    const int opening = fd.is_open() ? 0 : errno;
    const auto expected = load_expected(row);
    if (last_.size() > kRunsRemembered) last_.clear();
    last_[row.run_id] = {row.sequence, row.sha256};
    if (!expected) return std::unexpected(expected.error());
    Finding unreadable;
    unreadable.kind = FindingKind::unreadable_file;
    unreadable.path = row.path.string();
    unreadable.segment_id = row.id;
    unreadable.from = row.range.from;
    unreadable.to = row.range.to;
    if (!fd.is_open()) {
        if (opening == ENOENT) return std::nullopt;
        unreadable.detail = std::generic_category().message(opening);
        return Examined{.findings = {std::move(unreadable)}, .bytes = 0};
    }
    // Read once, and again only by whoever asks for a clip: it must not push others' pages out of memory.
    ::posix_fadvise(fd.get(), 0, 0, POSIX_FADV_SEQUENTIAL);
    auto examined = examine(fd.get(), *expected, may_go_on);
    ::posix_fadvise(fd.get(), 0, 0, POSIX_FADV_DONTNEED);
    if (examined) return std::move(*examined);
    if (examined.error().remedy() != Remedy::abandon_file) return std::unexpected(examined.error());
    unreadable.detail = examined.error().describe();
    return Examined{.findings = {std::move(unreadable)}, .bytes = 0};
}

}  // namespace sluice::check::detail
