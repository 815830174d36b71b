#pragma once

#include "config/base/words.hpp"
#include "tests/support/process.hpp"

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace sluice::test {

/// A moving test picture, encoded once per set of values and kept in the temporary folder.
struct Clip {
    Codec codec = Codec::h264;
    unsigned width = 320;
    unsigned height = 180;
    unsigned fps = 25;
    unsigned gop = 25;  ///< pictures from key to key
    unsigned b_frames = 0;
    unsigned seconds = 4;
    unsigned bitrate_kbps = 0;      ///< 0: what the encoder likes
    std::string encoder_options{};  ///< more x264-params or x265-params
};
/// The file. Throws std::runtime_error when ffmpeg can't make it.
[[nodiscard]] std::filesystem::path make_clip(const Clip& clip);

struct FarmCamera {
    std::string name;  ///< rtsp://ADDRESS:PORT/NAME
    std::filesystem::path file;
};

/// Where a farm runs: on this machine's loopback, or in another network namespace.
struct FarmPlace {
    std::string address = "127.0.0.1";
    std::vector<std::string> inside{};  ///< words in front of the command, as `Cable::inside` gives them
};

/// rtsp-farm as a child of this test (tests/support/farm). Throws std::runtime_error when it can't be
/// started.
class Farm {
public:
    Farm(
        std::filesystem::path folder,
        const std::vector<FarmCamera>& cameras,
        const std::vector<std::string>& commands = {},
        FarmPlace place = {}
    );

    /// Carries out a command (`rtsp-farm --help` lists them); the answer's JSON. Throws when it is refused.
    std::string command(const std::string& line) const;
    [[nodiscard]] std::string url(const std::string& name) const;
    [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
    [[nodiscard]] std::filesystem::path log(const std::string& name) const;
    [[nodiscard]] Process& process() noexcept { return process_; }

private:
    std::filesystem::path folder_;
    std::string address_;
    Process process_;
    std::uint16_t port_ = 0;
};

}  // namespace sluice::test
