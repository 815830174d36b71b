#pragma once

#include "config/base/bytes.hpp"
#include "config/base/words.hpp"

#include <string>

namespace sluice::mp4::detail {

/// RFC 6381 string of a decoder configuration record; empty when the record is too short.
[[nodiscard]] std::string codec_string_of(Codec codec, ByteView record);

}  // namespace sluice::mp4::detail
