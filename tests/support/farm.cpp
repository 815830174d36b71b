#include "tests/support/farm.hpp"

#include <cstdlib>
#include <cstring>
#include <stdexcept>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <fmt/format.h>

namespace sluice::test {
namespace {

using namespace std::chrono_literals;

constexpr auto kEncodeLimit = 120s;
constexpr auto kStartLimit = 20s;

std::string encoder_options(const Clip& clip) {
    std::string options = fmt::format(
        "keyint={0}:min-keyint={0}:scenecut=0:bframes={1}:b-adapt=0:open-gop=0", clip.gop, clip.b_frames
    );
    if (clip.codec == Codec::h265) options += ":log-level=error";
    if (clip.bitrate_kbps != 0)
        options += fmt::format(":bitrate={0}:vbv-maxrate={0}:vbv-bufsize={0}", clip.bitrate_kbps);
    return clip.encoder_options.empty() ? options : options + ":" + clip.encoder_options;
}

}  // namespace

std::filesystem::path make_clip(const Clip& clip) {
    const auto folder =
        std::filesystem::temp_directory_path() / fmt::format("sluice-farm-clips-{}", ::getuid());
    std::filesystem::create_directories(folder);
    const std::string options = encoder_options(clip);
    const auto path = folder / fmt::format(
                                   "{}-{}x{}-{}fps-{}s-{:016x}.mp4",
                                   to_string(clip.codec),
                                   clip.width,
                                   clip.height,
                                   clip.fps,
                                   clip.seconds,
                                   std::hash<std::string>{}(options)
                               );
    if (std::filesystem::exists(path)) return path;
    const bool is_h264 = clip.codec == Codec::h264;
    const auto unfinished = path.string() + fmt::format(".{}.tmp", ::getpid());
    const std::vector<std::string> command{
        "ffmpeg",
        "-v",
        "error",
        "-y",
        "-f",
        "lavfi",
        "-i",
        fmt::format("testsrc2=size={}x{}:rate={}", clip.width, clip.height, clip.fps),
        "-t",
        std::to_string(clip.seconds),
        "-pix_fmt",
        "yuv420p",
        "-c:v",
        is_h264 ? "libx264" : "libx265",
        "-preset",
        "ultrafast",
        is_h264 ? "-x264-params" : "-x265-params",
        options,
        "-f",
        "mp4",
        unfinished
    };
    const auto finished = run_to_end(command, kEncodeLimit);
    if (!finished) throw std::runtime_error(finished.error().describe());
    if (finished->status != ExitStatus{}) throw std::runtime_error("ffmpeg: " + finished->errors);
    std::filesystem::rename(unfinished, path);
    return path;
}

Farm::Farm(
    std::filesystem::path folder,
    const std::vector<FarmCamera>& cameras,
    const std::vector<std::string>& commands,
    FarmPlace place
)
    : folder_(std::move(folder)),
      address_(std::move(place.address)) {
    std::filesystem::create_directories(folder_);
    std::vector<std::string> line = std::move(place.inside);
    for (const std::string& word :
         {std::string{SLUICE_BIN_DIR "/rtsp-farm"},
          std::string{"--listen"},
          address_,
          std::string{"--log"},
          folder_.string(),
          std::string{"--control"},
          (folder_ / "control").string()})
        line.push_back(word);
    for (const FarmCamera& camera : cameras) {
        line.emplace_back("--camera");
        line.push_back(camera.name + "=" + camera.file.string());
    }
    for (const std::string& command : commands) {
        line.emplace_back("--command");
        line.push_back(command);
    }
    ProcessOptions options;
    options.log = folder_ / "farm.log";
    auto started = Process::start(line, options);
    if (!started) throw std::runtime_error(started.error().describe());
    process_ = std::move(*started);
    const auto ready = process_.wait_for_line("ready rtsp://", kStartLimit);
    if (!ready) throw std::runtime_error(ready.error().message());
    port_ = static_cast<std::uint16_t>(std::stoi(ready->substr(ready->rfind(':') + 1)));
}

std::string Farm::command(const std::string& line) const {
    const UniqueFd fd{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string path = (folder_ / "control").string();
    if (path.size() >= sizeof address.sun_path) throw std::runtime_error("path too long: " + path);
    std::memcpy(address.sun_path, path.c_str(), path.size());
    const timeval limit{20, 0};
    ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
        throw std::runtime_error("cannot reach the farm at " + path);
    const std::string text = line + "\n";
    if (::send(fd.get(), text.data(), text.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(text.size()))
        throw std::runtime_error("cannot send to the farm");
    std::string answer;
    for (char letter = 0; ::recv(fd.get(), &letter, 1, 0) == 1 && letter != '\n';)
        answer += letter;
    if (answer.find("\"ok\":true") == std::string::npos) throw std::runtime_error(line + ": " + answer);
    return answer;
}

std::string Farm::url(const std::string& name) const {
    return fmt::format("rtsp://{}:{}/{}", address_, port_, name);
}

std::filesystem::path Farm::log(const std::string& name) const {
    return folder_ / (name + ".jsonl");
}

}  // namespace sluice::test
