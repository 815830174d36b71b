#pragma once

#include "config/base/bytes.hpp"
#include "config/base/error.hpp"
#include "config/base/words.hpp"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <vector>

namespace sluice::farm {

struct Picture {
    std::vector<ByteView> nals;        ///< without dressing; views into Media::data
    std::vector<Sha256Digest> hashes;  ///< of each
    std::int64_t dts = 0;              ///< 90 kHz, from 0
    std::int64_t pts = 0;
    bool is_key = false;
};

/// An encoded file in memory, shared by every camera that plays it. Never changed after loading.
struct Media {
    Codec codec = Codec::h264;
    std::vector<Bytes> data;
    std::vector<Bytes> sets;  ///< VPS, SPS, PPS as they stand in the file's head
    std::vector<Picture> pictures;
    std::int64_t duration = 0;  ///< 90 kHz
    double fps = 0;
};

/// Any container that libavformat reads, best MP4; its first video stream. Error: refuse.
[[nodiscard]] Result<std::shared_ptr<const Media>> load_media(const std::filesystem::path& path);

}  // namespace sluice::farm
