#include "storage/check/examine.hpp"

#include "storage/mp4/index.hpp"
#include "storage/mp4/read.hpp"
#include "storage/mp4/write.hpp"
#include "storage/volume/read_at.hpp"

#include <algorithm>
#include <span>
#include <utility>

#include <sys/stat.h>

#include <fmt/format.h>

namespace sluice::check {
namespace {

using catalogue::Damage;
using catalogue::DamageKind;

constexpr std::size_t kPiece = 1U << 20U;

/// Heads of fragments as they were written, made from an index.
struct MadeHead {
    std::uint64_t offset = 0;
    Bytes bytes;
};

std::vector<MadeHead> make_heads(const mp4::SegmentIndex& index) {
    std::vector<MadeHead> heads;
    for (std::size_t i = 0; i < index.fragments.size(); ++i) {
        const mp4::Fragment& fragment = index.fragments[i];
        const auto samples = std::span{index.samples}.subspan(fragment.first_sample, fragment.sample_count);
        heads.push_back({
            .offset = fragment.offset,
            .bytes = mp4::make_fragment_head(
                static_cast<std::uint32_t>(i + 1), fragment.base_decode_time, fragment.wall, samples
            ),
        });
    }
    return heads;
}

/// Two hashes of one pass: the bytes as they are, and with the fragments' heads as they were written.
class TwoHashes {
public:
    explicit TwoHashes(std::vector<MadeHead> heads) : heads_(std::move(heads)) {}

    /// `piece` stands at `offset`; pieces come in order.
    void take(std::uint64_t offset, ByteView piece) {
        as_is_.update(piece);
        if (heads_.empty()) return;
        mended_piece_.assign(piece.begin(), piece.end());
        const std::uint64_t end = offset + piece.size();
        for (std::size_t i = next_; i < heads_.size() && heads_[i].offset < end; ++i) {
            const MadeHead& head = heads_[i];
            const std::uint64_t head_end = head.offset + head.bytes.size();
            if (head_end <= offset) {
                next_ = i + 1;
                continue;
            }
            const std::uint64_t from = std::max(head.offset, offset);
            const std::uint64_t to = std::min(head_end, end);
            const auto made = ByteView{head.bytes}.subspan(from - head.offset, to - from);
            const auto found = piece.subspan(from - offset, to - from);
            if (const auto differs = find_difference(found, made, from)) note(*differs);
            std::ranges::copy(made, mended_piece_.begin() + static_cast<std::ptrdiff_t>(from - offset));
        }
        mended_.update(mended_piece_);
    }

    [[nodiscard]] Sha256Digest as_is() const { return as_is_.digest(); }
    /// Differs from as_is only when some head does.
    [[nodiscard]] std::optional<Sha256Digest> mended() const {
        if (heads_.empty()) return std::nullopt;
        return mended_.digest();
    }
    [[nodiscard]] const std::vector<Damage>& damaged_heads() const noexcept { return damaged_; }

private:
    void note(const Damage& damage) {
        // A head that lies across two pieces is one damage.
        if (!damaged_.empty() && damaged_.back().to == damage.from)
            damaged_.back().to = damage.to;
        else
            damaged_.push_back(damage);
    }

    std::vector<MadeHead> heads_;
    std::size_t next_ = 0;
    Sha256 as_is_;
    Sha256 mended_;
    Bytes mended_piece_;
    std::vector<Damage> damaged_;
};

Finding
about(FindingKind kind, const catalogue::SegmentRow& row, std::string detail, std::vector<Damage> damage) {
    Finding finding;
    finding.kind = kind;
    finding.path = row.path.string();
    finding.segment_id = row.id;
    finding.from = row.range.from;
    finding.to = row.range.to;
    finding.damage = std::move(damage);
    finding.detail = std::move(detail);
    return finding;
}

/// Of a file whose hash is not the row's: what is known of where.
Finding
judge_damage(const Expected& expected, const TwoHashes& hashes, const Status& head, std::uint64_t size) {
    const catalogue::SegmentRow& row = expected.row;
    const std::vector<Damage>& heads = hashes.damaged_heads();
    if (!heads.empty() && hashes.mended() == row.sha256)
        return about(
            FindingKind::unreadable_box,
            row,
            fmt::format("{} heads of fragments differ; all other bytes are as written", heads.size()),
            heads
        );
    std::vector<Damage> damage = heads;
    damage.push_back({.from = 0, .to = std::max(size, row.bytes), .kind = DamageKind::content});
    std::string detail = "the file's hash is not the row's";
    if (!heads.empty())
        detail += fmt::format("; heads of fragments differ from byte {} on, and so does more", heads[0].from);
    if (!head) detail += "; its first boxes can't be read: " + head.error().message();
    const bool has_bad_box = !heads.empty() || !head;
    return about(
        has_bad_box ? FindingKind::unreadable_box : FindingKind::hash_differs, row, detail, std::move(damage)
    );
}

/// What a sound file says of itself, against the row.
std::string compare_facts(const mp4::SegmentFile& file, const catalogue::SegmentRow& row) {
    if (file.info.segment_id != row.id) return "the file is segment " + to_string(file.info.segment_id);
    if (file.info.stream_id != row.stream_id) return "the file is of another stream than its row";
    if (file.info.run_id != row.run_id) return "the file is of another run than its row";
    if (file.info.sequence != row.sequence) return "the file has another number in its run than its row";
    if (catalogue::format_id(file.format) != row.format_id) return "the row names another format";
    if (mp4::sum_up(file.index) != row.sums) return "the row's counts are not the file's";
    return {};
}

void compare_sound(const mp4::SegmentFile& file, const Expected& expected, std::vector<Finding>& findings) {
    const catalogue::SegmentRow& row = expected.row;
    const std::uint64_t end = std::max<std::uint64_t>(file.index.end_bytes, 1);
    if (const std::string differs = compare_facts(file, row); !differs.empty()) {
        findings.push_back(about(
            FindingKind::index_differs, row, differs, {{.from = 0, .to = end, .kind = DamageKind::index}}
        ));
    } else if (!expected.index) {
        findings.push_back(about(
            FindingKind::index_differs,
            row,
            "the catalogue's index is missing or can't be read",
            {{.from = 0, .to = end, .kind = DamageKind::index}}
        ));
    } else if (const auto damage = compare_indexes(file.index, *expected.index)) {
        findings.push_back(about(
            FindingKind::index_differs,
            row,
            "the catalogue's index says other things than the sound file",
            {*damage}
        ));
    }
    const auto& named = file.info.previous_sha256;
    if (named && expected.previous && *named != *expected.previous)
        findings.push_back(about(
            FindingKind::chain_broken,
            row,
            "the file names " + to_hex(*named) + " as the segment before it, whose row has " +
                to_hex(*expected.previous),
            {}
        ));
}

}  // namespace

std::optional<Damage> find_difference(ByteView found, ByteView made, std::uint64_t offset) {
    const auto [first, _] = std::ranges::mismatch(found, made);
    if (first == found.end()) return std::nullopt;
    std::size_t last = found.size();
    while (found[last - 1] == made[last - 1])
        --last;
    return Damage{
        .from = offset + static_cast<std::uint64_t>(first - found.begin()),
        .to = offset + last,
        .kind = DamageKind::box,
    };
}

std::optional<Damage>
compare_indexes(const mp4::SegmentIndex& of_file, const mp4::SegmentIndex& of_catalogue) {
    if (of_file == of_catalogue) return std::nullopt;
    // From the first fragment that is told differently on nothing can be found by the catalogue's index.
    const std::size_t both = std::min(of_file.fragments.size(), of_catalogue.fragments.size());
    for (std::size_t i = 0; i < of_file.fragments.size(); ++i) {
        const mp4::Fragment& own = of_file.fragments[i];
        const bool is_same = i < both && own == of_catalogue.fragments[i] &&
                             own.first_sample + own.sample_count <= of_catalogue.samples.size() &&
                             std::ranges::equal(
                                 std::span{of_file.samples}.subspan(own.first_sample, own.sample_count),
                                 std::span{of_catalogue.samples}.subspan(own.first_sample, own.sample_count)
                             );
        if (!is_same) return Damage{.from = own.offset, .to = of_file.end_bytes, .kind = DamageKind::index};
    }
    return Damage{.from = 0, .to = of_file.end_bytes, .kind = DamageKind::index};
}

Result<Examined> examine(int fd, const Expected& expected, const MayGoOn& may_go_on) {
    struct stat status{};
    if (::fstat(fd, &status) != 0) return errno_error(Remedy::abandon_file, "cannot examine a file");
    const auto size = static_cast<std::uint64_t>(status.st_size);
    TwoHashes hashes{expected.index ? make_heads(*expected.index) : std::vector<MadeHead>{}};
    Bytes piece(static_cast<std::size_t>(std::min<std::uint64_t>(size, kPiece)));
    Examined examined;
    while (examined.bytes < size) {
        const auto wanted = std::span{piece}.first(
            static_cast<std::size_t>(std::min<std::uint64_t>(piece.size(), size - examined.bytes))
        );
        const auto got = volume::read_at(fd, examined.bytes, wanted);
        if (!got) return failure(Remedy::abandon_file, got.error().describe());
        if (*got == 0) break;
        hashes.take(examined.bytes, wanted.first(*got));
        examined.bytes += *got;
        if (!may_go_on(*got)) return failure(Remedy::cancelled, "the check was stopped", "stopped");
    }
    const auto file = mp4::read_segment(fd, UINT64_MAX);
    const Status head = file ? Status{} : Status{std::unexpected(file.error())};
    if (!head && head.error().remedy() == Remedy::operator_acts)
        return failure(Remedy::abandon_file, head.error().describe());
    if (hashes.as_is() != expected.row.sha256)
        examined.findings.push_back(judge_damage(expected, hashes, head, examined.bytes));
    else if (!file)
        examined.findings.push_back(about(
            FindingKind::unreadable_box,
            expected.row,
            "its hash is right and it is no segment file: " + head.error().message(),
            {{.from = 0, .to = std::max<std::uint64_t>(size, 1), .kind = DamageKind::box}}
        ));
    else
        compare_sound(*file, expected, examined.findings);
    return examined;
}

}  // namespace sluice::check
