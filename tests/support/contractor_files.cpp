#include "tests/support/contractor_files.hpp"

#include "tests/support/process.hpp"

#include <chrono>
#include <stdexcept>
#include <vector>

#include <unistd.h>

namespace sluice::test {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

void run_ffmpeg(std::vector<std::string> words, const fs::path& file) {
    words.insert(words.begin(), {"ffmpeg", "-nostdin", "-v", "error", "-y"});
    // Several test programs may make it at once: each under its own name, and the rename decides.
    const fs::path mine = file.parent_path() / (std::to_string(::getpid()) + "-" + file.filename().string());
    words.push_back(mine.string());
    const auto done = run_to_end(words, 120s);
    if (!done || done->status.code != 0)
        throw std::runtime_error{"ffmpeg: " + (done ? done->errors : done.error().describe())};
    fs::rename(mine, file);
}

}  // namespace

fs::path foreign_clip(const std::string& kind) {
    const fs::path folder = fs::temp_directory_path() / "sluice-foreign-1";
    fs::create_directories(folder);
    const fs::path file = folder / ("clip." + kind);
    if (fs::exists(file)) return file;
    const std::vector<std::string> picture{"-f", "lavfi", "-i", "testsrc2=size=320x180:rate=25:duration=3"};
    std::vector<std::string> words;
    if (kind == "mp4" || kind == "hevc.mp4" || kind == "mjpeg.avi") {
        words = picture;
        const std::string codec = kind == "mp4" ? "libx264" : kind == "hevc.mp4" ? "libx265" : "mjpeg";
        words.insert(words.end(), {"-c:v", codec, "-pix_fmt", kind == "mjpeg.avi" ? "yuvj420p" : "yuv420p"});
        if (kind == "mp4") words.insert(words.end(), {"-preset", "veryfast", "-g", "25", "-bf", "2"});
        if (kind == "hevc.mp4")
            words.insert(
                words.end(),
                {"-preset", "ultrafast", "-x265-params", "keyint=25:log-level=error", "-tag:v", "hvc1"}
            );
    } else {
        words = {"-i", foreign_clip("mp4").string(), "-c", "copy"};
        if (kind == "ts") words.insert(words.end(), {"-f", "mpegts"});
    }
    run_ffmpeg(std::move(words), file);
    return file;
}

}  // namespace sluice::test
