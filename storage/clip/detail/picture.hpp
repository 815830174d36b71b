#pragma once

#include "config/base/bytes.hpp"
#include "config/base/error.hpp"
#include "storage/mp4/types.hpp"

namespace sluice::clip {

/// One key frame (NAL units with 4-byte lengths) as a JPEG of the same size. The only place of this folder
/// that knows FFmpeg. Error: abandon_file when it can't be decoded or is larger than 8192 × 8192.
[[nodiscard]] Result<Bytes> make_jpeg(const mp4::VideoFormat& format, ByteView key_frame);

}  // namespace sluice::clip
