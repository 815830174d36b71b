#pragma once

#include "storage/clip/clip.hpp"
#include "storage/clip/detail/parts.hpp"

#include <cstddef>
#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace sluice::clip {

/// A resolved clip as values: everything but the bytes.
struct Plan {
    Uuid stream_id;
    TimeRange range;
    std::vector<Part> parts;  ///< not empty; shapes counted
    std::vector<mp4::VideoFormat> formats;
    Presentation presentation;
    std::vector<catalogue::GapRow> gaps;
    std::vector<DamagedPart> damaged;
};

/// Hash of what makes the bytes; nothing of path, state or catalogue.
[[nodiscard]] std::string make_etag(const Plan& plan);

class Mp4Clip final : public Clip {
public:
    [[nodiscard]] static Result<std::unique_ptr<Clip>> make(Footage footage, Plan plan);

    [[nodiscard]] TimeRange range() const override { return plan_.range; }
    [[nodiscard]] std::uint64_t size_bytes() const override { return layout_.size_bytes; }
    [[nodiscard]] std::string etag() const override { return etag_; }
    [[nodiscard]] const std::vector<catalogue::GapRow>& gaps() const override { return plan_.gaps; }
    [[nodiscard]] const std::vector<DamagedPart>& damaged() const override { return plan_.damaged; }
    [[nodiscard]] std::uint64_t frames() const override;
    [[nodiscard]] Result<Piece> read(std::uint64_t offset, std::uint64_t limit) override;

private:
    using File = std::shared_ptr<const UniqueFd>;

    Mp4Clip(Footage footage, Plan plan, Layout layout);
    [[nodiscard]] Status
    append_head(Bytes& out, const Section& section, std::uint64_t offset, std::uint64_t limit);
    [[nodiscard]] Result<Bytes> part_entries(Table table, std::size_t number);
    [[nodiscard]] Result<Piece> read_data(std::uint64_t offset, std::uint64_t limit);
    [[nodiscard]] Result<File> open_part(std::size_t number);
    /// The part whose entries of the table hold this byte (counted from the first entry).
    [[nodiscard]] std::size_t find_part(Table table, std::uint64_t entries_offset) const;

    Footage footage_;
    Plan plan_;
    Layout layout_;
    std::string etag_;
    PartIndexes indexes_;  // refers to footage_ and plan_: the object never moves
    std::deque<std::pair<std::size_t, File>> files_;
};

}  // namespace sluice::clip
