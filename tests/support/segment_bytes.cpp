#include "tests/support/segment_bytes.hpp"

#include <cmath>
#include <stdexcept>

#include <sys/mman.h>
#include <unistd.h>

namespace sluice::test {
namespace {

Uuid numbered_id(std::uint8_t number) {
    Uuid id;
    id.bytes.fill(number);
    return id;
}

/// One past the last sample of the fragment that begins at `first`.
std::size_t find_end(const std::vector<mp4::SampleData>& samples, std::size_t first) {
    std::uint64_t ticks = 0;
    std::size_t end = first;
    do {
        ticks += samples[end].sample.duration;
        ++end;
    } while (end < samples.size() && !samples[end].sample.is_key && ticks < mp4::kTimescale);
    return end;
}

}  // namespace

mp4::SegmentInfo example_info(UtcTime run_started) {
    mp4::SegmentInfo info;
    info.segment_id = numbered_id(1);
    info.installation_id = numbered_id(2);
    info.recorder_id = numbered_id(3);
    info.camera_id = numbered_id(4);
    info.stream_id = numbered_id(5);
    info.run_id = numbered_id(6);
    info.camera_slug = "drive-left";
    info.camera_name = "迎賓車道左側";
    info.stream = StreamKind::main;
    info.codec_string = "avc1.42c00d";
    info.run_started = run_started;
    info.gap_before = mp4::GapBefore{
        run_started - std::chrono::seconds{90}, GapCause::camera_unreachable, "連線逾時 (timed out)"
    };
    return info;
}

SegmentBytes build_segment(
    const mp4::VideoFormat& format,
    const mp4::SegmentInfo& info,
    const std::vector<mp4::SampleData>& samples,
    UtcTime wall,
    std::uint64_t base_decode_time,
    double wall_per_tick
) {
    SegmentBytes built{mp4::make_segment_head(format, info), {}};
    std::uint64_t ticks = 0;
    for (std::size_t first = 0; first < samples.size();) {
        const std::size_t end = find_end(samples, first);
        mp4::Fragment fragment;
        fragment.offset = built.bytes.size();
        fragment.data_offset = fragment.offset + mp4::fragment_head_bytes(end - first);
        fragment.base_decode_time = base_decode_time + ticks;
        const double us = static_cast<double>(ticks) * wall_per_tick * 1e6 / mp4::kTimescale;
        fragment.wall = wall + Microseconds{std::llround(us)};
        fragment.first_sample = static_cast<std::uint32_t>(first);
        fragment.sample_count = static_cast<std::uint32_t>(end - first);
        for (std::size_t i = first; i < end; ++i) {
            built.index.samples.push_back(samples[i].sample);
            ticks += samples[i].sample.duration;
        }
        const auto sequence = static_cast<std::uint32_t>(built.index.fragments.size() + 1);
        const Bytes head = mp4::make_fragment_head(
            sequence, fragment.base_decode_time, fragment.wall, std::span{built.index.samples}.subspan(first)
        );
        built.bytes.insert(built.bytes.end(), head.begin(), head.end());
        for (std::size_t i = first; i < end; ++i) {
            built.bytes.insert(built.bytes.end(), samples[i].bytes.begin(), samples[i].bytes.end());
        }
        built.index.fragments.push_back(fragment);
        first = end;
    }
    built.index.end_bytes = built.bytes.size();
    return built;
}

UniqueFd in_memory_file(ByteView bytes) {
    UniqueFd file{::memfd_create("sluice-test", MFD_CLOEXEC)};
    if (!file.is_open()) throw std::runtime_error("no memfd");
    for (std::size_t done = 0; done < bytes.size();) {
        const ssize_t written =
            ::pwrite(file.get(), bytes.data() + done, bytes.size() - done, static_cast<off_t>(done));
        if (written <= 0) throw std::runtime_error("cannot write to memfd");
        done += static_cast<std::size_t>(written);
    }
    return file;
}

}  // namespace sluice::test
