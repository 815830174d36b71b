#pragma once

#include "storage/mp4/nal.hpp"
#include "storage/segment/writer.hpp"
#include "storage/volume/durable_files.hpp"

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

/// Footage that is made, not recorded: 720p H.264 with ten frames a second whose bytes can be told from any
/// others.
namespace sluice::test::footage {

inline const UtcTime kRunStart{
    std::chrono::sys_days{std::chrono::year{2026} / 11 / 23} + std::chrono::hours{10}
};
inline constexpr unsigned kFramesPerFragment = 10;
inline constexpr std::uint32_t kFrameTicks = mp4::kTimescale / kFramesPerFragment;

inline Uuid make_id(std::uint8_t last) {
    Uuid id;
    id.bytes[6] = 0x70;
    id.bytes[15] = last;
    return id;
}

inline mp4::VideoFormat make_format() {
    const mp4::ParameterSets sets{
        .vps = {},
        .sps = {{0x67, 0x64, 0x00, 0x1f, 0xac, 0xd9, 0x40, 0x50, 0x05, 0xbb, 0x01, 0x10, 0x00,
                 0x00, 0x03, 0x00, 0x10, 0x00, 0x00, 0x03, 0x03, 0x20, 0xf1, 0x83, 0x19, 0x60}},
        .pps = {{0x68, 0xeb, 0xe3, 0xcb, 0x22, 0xc0}},
    };
    const auto format = mp4::make_format(Codec::h264, sets);
    REQUIRE(format);
    return *format;
}

inline mp4::SegmentInfo make_info(std::uint8_t segment = 1) {
    mp4::SegmentInfo info;
    info.segment_id = make_id(segment);
    info.installation_id = make_id(101);
    info.recorder_id = make_id(102);
    info.camera_id = make_id(103);
    info.stream_id = make_id(104);
    info.run_id = make_id(105);
    info.camera_slug = "drive-left";
    info.camera_name = "迎賓車道左側";
    info.codec_string = make_format().codec_string;
    info.run_started = kRunStart;
    return info;
}

/// One NAL unit with its length, of bytes that are never zero.
inline Bytes make_frame(unsigned number, bool is_key, std::size_t size) {
    Bytes bytes(size);
    const auto length = static_cast<std::uint32_t>(size - 4);
    for (unsigned i = 0; i < 4; ++i)
        bytes[i] = static_cast<std::uint8_t>(length >> (24U - 8U * i));
    bytes[4] = is_key ? 0x65 : 0x41;
    for (std::size_t i = 5; i < size; ++i)
        bytes[i] = static_cast<std::uint8_t>(1 + (i * 31 + number * 7) % 255);
    return bytes;
}

/// The `number`-th second of the run: a key frame and nine others.
inline segment::FragmentData make_fragment(unsigned number, std::size_t frame_bytes = 3000) {
    segment::FragmentData fragment{
        .base_decode_time = std::uint64_t{number} * mp4::kTimescale,
        .wall = kRunStart + std::chrono::seconds{number},
        .samples = {},
    };
    for (unsigned i = 0; i < kFramesPerFragment; ++i) {
        mp4::SampleData data;
        data.bytes =
            make_frame(number * kFramesPerFragment + i, i == 0, i == 0 ? 2 * frame_bytes : frame_bytes);
        data.sample = {
            .size_bytes = static_cast<std::uint32_t>(data.bytes.size()),
            .duration = kFrameTicks,
            .composition_offset = 0,
            .is_key = i == 0,
        };
        fragment.samples.push_back(std::move(data));
    }
    return fragment;
}

inline std::string file_content(const std::filesystem::path& path) {
    std::ifstream file{path, std::ios::binary};
    return {std::istreambuf_iterator<char>{file}, std::istreambuf_iterator<char>{}};
}

/// Whether the file's samples, as the index places them, are the bytes of fragments 0, 1, 2 … of
/// make_fragment.
inline bool holds_first_fragments(const std::string& content, const mp4::SegmentIndex& index) {
    for (std::size_t i = 0; i < index.fragments.size(); ++i) {
        const segment::FragmentData made = make_fragment(static_cast<unsigned>(i));
        const mp4::Fragment& found = index.fragments[i];
        if (found.sample_count != made.samples.size() || found.wall != made.wall) return false;
        std::string expected;
        for (const mp4::SampleData& sample : made.samples)
            expected += as_text(sample.bytes);
        if (content.compare(found.data_offset, expected.size(), expected) != 0) return false;
    }
    return true;
}

/// All plain files below `folder`, sorted, relative to it.
inline std::vector<std::string> files_below(const std::filesystem::path& folder) {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::recursive_directory_iterator{folder}) {
        if (entry.is_regular_file()) names.push_back(entry.path().lexically_relative(folder).string());
    }
    std::ranges::sort(names);
    return names;
}

}  // namespace sluice::test::footage
