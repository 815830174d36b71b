#pragma once

#include "daemon/source.hpp"

#include <cstddef>

namespace sluice::daemon {

/// Makes access units of what an RTP depacketizer gives: pieces that begin with a start code (one NAL unit or
/// several, the last perhaps unfinished) or go on with the unit begun before. A new RTP time ends the unit.
///
/// After a loss the unit under assembly is given up, and the next one too unless it clearly begins at its
/// beginning: a picture with a hole would be stored as if it were whole.
class AccessUnitAssembler {
public:
    AccessUnitAssembler(Codec codec, mp4::ParameterSets sets);

    /// At most one unit is finished by a piece. `lost_before`: packets are missing right before this piece.
    [[nodiscard]] std::optional<AccessUnit>
    push(ByteView piece, std::int64_t pts, BootTime arrival, bool lost_before);
    /// The unit under assembly, when nothing more can be waited for.
    [[nodiscard]] std::optional<AccessUnit> flush();

    [[nodiscard]] bool is_assembling() const noexcept { return is_assembling_; }
    /// Units given up because a part of them is missing.
    [[nodiscard]] std::uint64_t given_up() const noexcept { return given_up_; }

private:
    void begin(std::int64_t pts, BootTime arrival);
    void append(ByteView piece);
    void open_nal(ByteView bytes);
    void close_nal();
    std::optional<AccessUnit> take(std::optional<std::int64_t> next_pts);

    Codec codec_;
    std::shared_ptr<const mp4::ParameterSets> sets_;
    AccessUnit unit_;
    bool is_assembling_ = false;
    bool is_damaged_ = false;
    bool has_picture_ = false;
    bool has_carried_ = false;  ///< unit_.bytes holds sets of an earlier time that wait for their picture
    bool has_vps_ = false, has_sps_ = false, has_pps_ = false;
    bool loss_pending_ = false;            ///< the next unit delivered comes after a hole
    std::optional<std::size_t> open_nal_;  ///< offset of the length of the NAL unit being filled
    std::uint64_t given_up_ = 0;
    std::size_t likely_bytes_ = 0;  ///< room for a unit like the last one
};

}  // namespace sluice::daemon
