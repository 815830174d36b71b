#pragma once

#include "storage/clip/units.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

/// What of the footage a grant opens. An interval is resolved to frames **inward**: from the first key frame
/// at or after its begin up to, and without, the first access unit in decode order shown at its end or later.
/// So nothing that was recorded outside the interval is ever part of it, on no clock by which a frame's time
/// may be told. Outward, from the key frame at or before the begin, only where a decision says so.
namespace sluice::release {

enum class Direction { inward, outward };
[[nodiscard]] std::string_view to_string(Direction direction) noexcept;

/// Samples [first, end) of a segment.
struct Span {
    Uuid segment_id;
    UtcTime segment_from;  ///< of the row: finds its partition
    std::uint32_t first = 0;
    std::uint32_t end = 0;
    bool is_damaged = false;
    friend bool operator==(const Span&, const Span&) = default;
};

/// Footage without a break: of one run, no gap inside, begins with a key frame. Resolving `range` once more
/// gives the same piece.
struct Piece {
    Uuid run_id;
    TimeRange range;  ///< earliest begin of a presentation to the end of the last, `to` at most
    std::vector<Span> spans;
    std::uint64_t frames = 0;
    friend bool operator==(const Piece&, const Piece&) = default;
};

/// Cuts a stream of access units, given run after run and each run in decode order. Pure; a time is never
/// taken from anywhere but the units.
class PieceCutter {
public:
    PieceCutter(TimeRange asked, Direction direction) : asked_(asked), direction_(direction) {}

    struct Segment {
        Uuid id;
        Uuid run_id;
        UtcTime from;
        bool is_damaged = false;
    };
    void take(const Segment& segment, std::span<const clip::AccessUnit> units);
    /// By begin. The cutter is empty afterwards.
    [[nodiscard]] std::vector<Piece> finish();

private:
    void take_unit(const Segment& segment, std::uint32_t sample, const clip::AccessUnit& unit);
    [[nodiscard]] bool begins_here(const clip::AccessUnit& unit) const noexcept;
    void extend(const Segment& segment, std::uint32_t sample, const clip::AccessUnit& unit);
    void close();

    TimeRange asked_;
    Direction direction_;
    std::optional<Uuid> run_id_;
    bool is_run_over_ = false;  ///< a unit at the end or later was seen
    std::optional<Piece> open_;
    std::vector<Piece> pieces_;
};

struct Resolution {
    std::vector<Piece> pieces;            ///< inward; none: no frame lies inside with its key frame
    std::vector<Piece> outward;           ///< what the outward times would open instead
    std::vector<catalogue::GapRow> gaps;  ///< that overlap the interval, with cause
};

/// Both directions at once, from the catalogue's indexes (an open segment's from its file). No footage at all
/// gives no pieces. Blocking. Refuses: NOT_YET_DURABLE. Error: retry, abandon_file.
[[nodiscard]] Result<std::variant<Resolution, clip::Refusal>> resolve_interval(
    catalogue::Pool& pool,
    const clip::VolumePaths& volumes,
    const Uuid& stream_id,
    TimeRange asked
);

/// The same of a camera's stream, with the volumes as the catalogue knows them. A camera without that stream
/// has no pieces.
[[nodiscard]] Result<std::variant<Resolution, clip::Refusal>>
resolve_inward(catalogue::Pool& pool, const Uuid& camera_id, StreamKind stream, TimeRange asked);

}  // namespace sluice::release
