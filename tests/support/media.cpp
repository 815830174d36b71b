#include "tests/support/media.hpp"

#include "config/base/files.hpp"
#include "tests/support/process.hpp"

#include <algorithm>
#include <limits>
#include <sstream>
#include <stdexcept>
#include <utility>

#include <unistd.h>

#include <fmt/format.h>

namespace sluice::test {
namespace {

constexpr std::chrono::seconds kLimit{120};
constexpr std::size_t kMaxFileBytes = std::size_t{256} << 20U;

std::string run_or_throw(const std::vector<std::string>& command) {
    auto finished = run_to_end(command, kLimit);
    if (!finished) throw std::runtime_error(finished.error().describe());
    if (finished->status != ExitStatus{}) throw std::runtime_error(command.front() + ": " + finished->errors);
    return std::move(finished->output);
}

/// Everything that changes the bytes is in the name.
std::filesystem::path cached_path(const MediaParameters& parameters) {
    const auto folder =
        std::filesystem::temp_directory_path() / fmt::format("sluice-test-media-{}", ::getuid());
    std::filesystem::create_directories(folder);
    const std::string name = fmt::format(
        "v1_{}_{}x{}_{}fps_gop{}_b{}_{}s_{}_{:x}.mp4",
        to_string(parameters.codec),
        parameters.width,
        parameters.height,
        parameters.fps,
        parameters.gop,
        parameters.b_frames,
        parameters.seconds,
        parameters.profile,
        std::hash<std::string>{}(parameters.encoder_options)
    );
    return folder / name;
}

void encode(const MediaParameters& parameters, const std::filesystem::path& path) {
    const bool is_h264 = parameters.codec == Codec::h264;
    std::string options = fmt::format(
        "keyint={0}:min-keyint={0}:scenecut=0:bframes={1}:b-adapt=0:open-gop=0:",
        parameters.gop,
        parameters.b_frames
    );
    // One thread: the same bytes on every machine.
    options += is_h264 ? "threads=1" : "log-level=error:pools=1:frame-threads=1";
    if (!parameters.encoder_options.empty()) options += ":" + parameters.encoder_options;
    const std::string picture =
        fmt::format("testsrc2=size={}x{}:rate={}", parameters.width, parameters.height, parameters.fps);
    std::vector<std::string> command{"ffmpeg", "-v", "error", "-nostdin", "-y", "-f", "lavfi", "-i", picture};
    const auto add = [&](std::initializer_list<std::string> more) { command.insert(command.end(), more); };
    add({"-t", std::to_string(parameters.seconds), "-pix_fmt", "yuv420p", "-preset", "ultrafast"});
    add({"-c:v", is_h264 ? "libx264" : "libx265", is_h264 ? "-x264-params" : "-x265-params", options});
    if (!parameters.profile.empty()) add({"-profile:v", parameters.profile});
    add({"-tag:v", is_h264 ? "avc1" : "hvc1", "-video_track_timescale", "90000", "-f", "mp4", path.string()});
    run_or_throw(command);
}

/// Another program may be doing the same at the same time: the last rename wins, and both are right.
std::filesystem::path encode_once(const MediaParameters& parameters) {
    const auto path = cached_path(parameters);
    if (std::filesystem::exists(path)) return path;
    const std::filesystem::path temporary = path.string() + fmt::format(".{}", ::getpid());
    encode(parameters, temporary);
    std::filesystem::rename(temporary, path);
    return path;
}

/// The decoder configuration out of the one box of this type in an ffmpeg file.
ByteView find_record(ByteView file, std::string_view type) {
    const std::string_view text = as_text(file);
    const std::size_t place = text.rfind(type);
    if (place == std::string_view::npos || place < 4) throw std::runtime_error("no decoder configuration");
    std::size_t size = 0;
    for (std::size_t i = place - 4; i < place; ++i)
        size = size << 8U | file[i];
    return file.subspan(place + 4, size - 8);
}

struct Packet {
    std::int64_t pts = 0;
    std::int64_t dts = 0;
    std::size_t size = 0;
    std::size_t position = 0;
    bool is_key = false;
};

std::vector<Packet> list_packets(const std::filesystem::path& path) {
    const std::string lines = run_or_throw({
        "ffprobe",
        "-v",
        "error",
        "-select_streams",
        "v",
        "-show_entries",
        "packet=pts,dts,size,pos,flags",
        "-of",
        "csv=p=0",
        path.string(),
    });
    std::vector<Packet> packets;
    std::istringstream in{lines};
    for (std::string line; std::getline(in, line);) {
        std::ranges::replace(line, ',', ' ');
        std::istringstream fields{line};
        Packet packet;
        std::string flags;
        if (!(fields >> packet.pts >> packet.dts >> packet.size >> packet.position >> flags)) {
            throw std::runtime_error("ffprobe said: " + line);
        }
        packet.is_key = flags.front() == 'K';
        packets.push_back(packet);
    }
    if (packets.empty()) throw std::runtime_error("no packets in " + path.string());
    return packets;
}

AccessUnitBytes cut_unit(const Media& media, ByteView file, const Packet& packet, std::int64_t first_dts) {
    AccessUnitBytes unit{{}, packet.pts - first_dts, packet.dts - first_dts, packet.is_key};
    if (packet.is_key && media.parameters.has_sets_in_band) unit.bytes = mp4::to_length_prefixed(media.sets);
    const ByteView bytes = file.subspan(packet.position, packet.size);
    unit.bytes.insert(unit.bytes.end(), bytes.begin(), bytes.end());
    return unit;
}

/// Lines of pts, dts and duration in seconds: order of dts, and from the first picture to the end of the
/// last.
void weigh_packets(const std::string& lines, Verdict& verdict) {
    double last_dts = -std::numeric_limits<double>::infinity();
    double first_pts = std::numeric_limits<double>::infinity();
    double end = -first_pts;
    verdict.has_monotone_dts = true;
    std::istringstream in{lines};
    for (std::string line; std::getline(in, line);) {
        std::ranges::replace(line, ',', ' ');
        std::istringstream fields{line};
        double pts = 0;
        double dts = 0;
        double duration = 0;
        if (!(fields >> pts >> dts >> duration)) continue;
        if (dts <= last_dts) verdict.has_monotone_dts = false;
        last_dts = dts;
        first_pts = std::min(first_pts, pts);
        end = std::max(end, pts + duration);
    }
    verdict.duration_seconds = end - first_pts;
}

}  // namespace

Media make_media(const MediaParameters& parameters) {
    const auto path = encode_once(parameters);
    const auto text = read_text_file(path, kMaxFileBytes);
    if (!text) throw std::runtime_error(text.error().describe());
    const ByteView file = as_bytes(*text);
    Media media;
    media.parameters = parameters;
    const ByteView record = find_record(file, parameters.codec == Codec::h264 ? "avcC" : "hvcC");
    auto sets = mp4::sets_from_decoder_config(parameters.codec, record);
    if (!sets) throw std::runtime_error(sets.error().describe());
    media.original_decoder_config.assign(record.begin(), record.end());
    media.sets = std::move(*sets);
    auto format = mp4::make_format(parameters.codec, media.sets);
    if (!format) throw std::runtime_error(format.error().describe());
    media.format = std::move(*format);
    const std::vector<Packet> packets = list_packets(path);
    for (const Packet& packet : packets) {
        media.units.push_back(cut_unit(media, file, packet, packets.front().dts));
    }
    return media;
}

Bytes to_annex_b(ByteView length_prefixed) {
    Bytes out;
    while (length_prefixed.size() >= 4) {
        std::size_t size = 0;
        for (const std::uint8_t byte : length_prefixed.first(4))
            size = size << 8U | byte;
        length_prefixed = length_prefixed.subspan(4);
        const ByteView nal = length_prefixed.first(std::min(size, length_prefixed.size()));
        out.insert(out.end(), {0, 0, 0, 1});
        out.insert(out.end(), nal.begin(), nal.end());
        length_prefixed = length_prefixed.subspan(nal.size());
    }
    return out;
}

std::vector<mp4::SampleData> to_samples(const Media& media) {
    std::vector<mp4::SampleData> samples;
    for (std::size_t i = 0; i < media.units.size(); ++i) {
        const AccessUnitBytes& unit = media.units[i];
        const std::int64_t tick = mp4::kTimescale / media.parameters.fps;
        const std::int64_t duration = i + 1 < media.units.size() ? media.units[i + 1].dts - unit.dts : tick;
        samples.push_back({
            {static_cast<std::uint32_t>(unit.bytes.size()),
             static_cast<std::uint32_t>(duration),
             static_cast<std::int32_t>(unit.pts - unit.dts),
             unit.is_key},
            unit.bytes,
        });
    }
    return samples;
}

Verdict judge(const std::filesystem::path& file) {
    const auto packets = run_to_end(
        {"ffprobe",
         "-v",
         "warning",
         "-select_streams",
         "v",
         "-show_entries",
         "packet=dts_time,pts_time,duration_time",
         "-of",
         "csv=p=0",
         file.string()},
        kLimit
    );
    const auto decoded = run_to_end(
        {"ffmpeg",
         "-v",
         "warning",
         "-nostdin",
         "-xerror",
         "-i",
         file.string(),
         "-map",
         "0:v",
         "-fps_mode",
         "passthrough",
         "-f",
         "framemd5",
         "-"},
        kLimit
    );
    if (!packets || !decoded) throw std::runtime_error("ffprobe or ffmpeg can't be run");
    Verdict verdict;
    verdict.errors = packets->errors + decoded->errors;
    if (packets->status != ExitStatus{}) verdict.errors += "ffprobe failed\n";
    if (decoded->status != ExitStatus{}) verdict.errors += "ffmpeg -xerror failed\n";
    weigh_packets(packets->output, verdict);
    std::istringstream frames{decoded->output};
    for (std::string line; std::getline(frames, line);)
        verdict.frames += line.starts_with('#') ? 0 : 1;
    return verdict;
}

std::vector<std::string> picture_hashes(const std::filesystem::path& file) {
    const std::string lines = run_or_throw({
        "ffmpeg",
        "-v",
        "error",
        "-nostdin",
        "-i",
        file.string(),
        "-map",
        "0:v",
        "-fps_mode",
        "passthrough",
        "-f",
        "framemd5",
        "-",
    });
    std::vector<std::string> hashes;
    std::istringstream in{lines};
    for (std::string line; std::getline(in, line);) {
        if (!line.starts_with('#')) hashes.push_back(line.substr(line.rfind(' ') + 1));
    }
    return hashes;
}

}  // namespace sluice::test
