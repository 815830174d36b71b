#pragma once

#include "storage/mp4/types.hpp"

/// ftyp and moov of a segment file, read back.
namespace sluice::mp4::detail {

struct SegmentHead {
    SegmentInfo info;
    VideoFormat format;
};

/// Content of the moov box, without its size and type. Error: abandon_file.
[[nodiscard]] Result<SegmentHead> parse_moov(ByteView body);

}  // namespace sluice::mp4::detail
