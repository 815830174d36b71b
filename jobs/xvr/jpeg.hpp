#pragma once

#include "config/base/error.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace sluice::xvr {

struct JpegFacts {
    std::uint32_t width = 0;
    std::uint32_t height = 0;
    std::size_t coded_bytes = 0;  ///< of the picture itself, without heads

    /// One colour and hardly more: the least that the usual tables need for a block without content, and room
    /// for a title and the time in it. A live input that shows nothing looks like this.
    [[nodiscard]] bool is_flat() const noexcept;
};

/// Of a whole JPEG file (ITU-T T.81). Only heads are read, nothing is decoded; any bytes may be given. Pure.
/// Error: refuse, in words for a list, labelled "no_picture" or "cut_off".
[[nodiscard]] Result<JpegFacts> read_jpeg(std::string_view bytes);

}  // namespace sluice::xvr
