#pragma once

#include "tests/support/farm/auth.hpp"
#include "tests/support/farm/media.hpp"

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::farm {

using Steady = std::chrono::steady_clock;
using TimePoint = Steady::time_point;

/// Wall time in microseconds since 1970.
[[nodiscard]] std::int64_t wall_now_us();

enum class SetsChange { none, on_key, in_mid_gop };

/// What is wrong with a camera at the moment. Set by commands (control.cpp says how), consumed by its
/// sessions.
struct Faults {
    std::int64_t packets_to_drop = 0;
    double loss_percent = 0;
    int pictures_to_behead = 0;  ///< key pictures whose first packet, with sets and SEI, is not sent
    unsigned reorder_every = 0;  ///< every so many pictures two packets change places
    int pictures_to_corrupt = 0;
    int pictures_out_of_order = 0;  ///< with times that run backwards
    TimePoint stalled_until{};
    TimePoint refused_until{};
    bool starts_without_key = false;
    std::optional<std::uint32_t> rtp_start;
    std::int64_t clock_jump_ticks = 0;  ///< for the next picture
    double real_fps = 0;                ///< 0: as the file says
    bool has_true_times = true;         ///< RTP times follow real_fps; false: they go on as declared
    std::int64_t ntp_error_us = 0;
    SetsChange sets_change = SetsChange::none;
    std::map<std::string, std::string> answers;  ///< method → status code, "garbage" or "hang"
};

struct Habits {
    bool has_sets_in_band = true;
    bool has_aggregates = true;
    bool speaks_tcp = true;
    bool speaks_udp = true;
    int session_timeout_s = 60;
    bool enforces_timeout = false;
    bool is_behind_lossy_network = false;  ///< any picture may lose packets that we do not know of
};

/// One line of the log: a picture that was handed to the kernel as a whole.
struct PictureRecord {
    std::uint64_t number = 0;  ///< of the camera, over all sessions
    int session = 0;
    bool is_key = false;
    std::int64_t pts = 0;  ///< 90 kHz, not wrapped; of this session
    Sha256Digest hash{};
    Sha256Digest bare_hash{};  ///< without our SEI: what is left when only its packet is lost
    std::size_t bytes = 0;
    std::size_t packets = 0;
    std::size_t dropped = 0;
    std::string fault;  ///< what was done to it; empty: nothing
};

class Camera {
public:
    /// Error: the log can't be made.
    [[nodiscard]] static Result<std::unique_ptr<Camera>> make(
        std::string name,
        unsigned number,
        std::shared_ptr<const Media> media,
        const std::filesystem::path& log_folder
    );

    void log_picture(const PictureRecord& record, std::int64_t sent_us);
    /// `detail` is JSON members with a leading comma, or empty.
    void log_event(std::string_view event, std::string_view detail);

    [[nodiscard]] const std::string& name() const noexcept { return name_; }
    [[nodiscard]] unsigned number() const noexcept { return number_; }
    [[nodiscard]] std::uint64_t take_picture_number() noexcept { return pictures_++; }
    [[nodiscard]] std::uint64_t pictures() const noexcept { return pictures_; }
    [[nodiscard]] int take_session_number() noexcept { return ++sessions_; }
    [[nodiscard]] std::mt19937& random() noexcept { return random_; }

    std::shared_ptr<const Media> media;
    std::vector<Bytes> extra_sets;  ///< that changes have added; sent with every key picture
    Credentials credentials;
    Faults faults;
    Habits habits;

private:
    struct CloseFile {
        void operator()(std::FILE* file) const { std::fclose(file); }
    };
    Camera(std::string name, unsigned number, std::shared_ptr<const Media> its_media, std::FILE* log);

    std::string name_;
    unsigned number_;
    std::unique_ptr<std::FILE, CloseFile> log_;
    std::uint64_t pictures_ = 0;
    int sessions_ = 0;
    std::mt19937 random_;
};

using Cameras = std::map<std::string, std::unique_ptr<Camera>, std::less<>>;

}  // namespace sluice::farm
