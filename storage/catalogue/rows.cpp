#include "storage/catalogue/rows.hpp"

#include <algorithm>
#include <utility>

namespace sluice::catalogue {

std::string_view to_string(SegmentState state) noexcept {
    switch (state) {
        case SegmentState::open:
            return "open";
        case SegmentState::finished:
            return "finished";
        case SegmentState::suspect:
            return "suspect";
    }
    std::unreachable();
}

Uuid format_id(const mp4::VideoFormat& format) {
    Sha256 hash;
    // Lengths are fixed by the separators: codec words and numbers hold no line break.
    hash.update(as_bytes(
        std::string{to_string(format.codec)} + '\n' + std::to_string(format.width) + '\n' +
        std::to_string(format.height) + '\n'
    ));
    hash.update(format.decoder_config);
    const Sha256Digest digest = hash.digest();
    Uuid id;
    std::copy_n(digest.begin(), id.bytes.size(), id.bytes.begin());
    return id;
}

}  // namespace sluice::catalogue
