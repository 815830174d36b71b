#pragma once

#include "config/base/uuid.hpp"
#include "storage/catalogue/footage_repository.hpp"
#include "storage/status/recorder_status.hpp"
#include "tests/support/postgres.hpp"
#include "tests/support/process.hpp"
#include "tests/support/temp_folder.hpp"

#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace sluice::test {

/// A camera as a test's configuration says it: a stand-alone one with an address.
struct SiteCamera {
    std::string slug;
    std::string url;
    bool is_udp = false;
    std::string username{};
    std::string password{};
};

/// A whole small installation: data folder, volume with identity, catalogue, configuration, and the real
/// recorder.
class Site {
public:
    /// `segment` and `durability_window` as in the configuration.
    explicit Site(std::string segment = "5s", std::string durability_window = "500ms");

    void write_config(const std::vector<SiteCamera>& cameras) const;
    /// Starts the recorder and waits until its status file is fresh. Throws when it does not come up.
    void start_recorder();
    [[nodiscard]] Process& recorder() noexcept { return recorder_; }
    /// SIGTERM; how long it took. Throws when the limit is over or the exit code is not 0.
    std::chrono::milliseconds stop_recorder(std::chrono::milliseconds limit);

    [[nodiscard]] std::optional<status::RecorderStatus> status() const;
    [[nodiscard]] std::optional<status::StreamStatus> stream_status(const std::string& slug) const;
    [[nodiscard]] std::uint64_t frames(const std::string& slug
    ) const;  ///< recorded since the recorder's start
    [[nodiscard]] const std::filesystem::path& folder() const noexcept { return folder_.path(); }
    [[nodiscard]] std::filesystem::path volume() const { return folder_.path() / "volume1"; }
    [[nodiscard]] std::filesystem::path data() const { return folder_.path() / "data"; }
    [[nodiscard]] const Database& database() const noexcept { return database_; }
    /// Everything the recorder has logged in all its lives.
    [[nodiscard]] std::string recorder_log() const;

    /// "cause seconds" of each gap of the camera's main stream, oldest first; an open one ends at "open".
    [[nodiscard]] std::vector<std::string> gap_causes(const std::string& slug) const;
    [[nodiscard]] catalogue::Coverage coverage(const std::string& slug) const;
    /// Waits until the catalogue knows every file of the volume as finished and no journal line waits. False:
    /// too late.
    [[nodiscard]] bool await_catalogue(std::chrono::milliseconds limit) const;

private:
    TempFolder folder_;
    Database database_;
    std::string segment_;
    std::string durability_window_;
    Process recorder_;
};

/// I15: from the first footage on, coverage and gaps fill the time up to `until` without hole and without
/// overlap
/// (`slack` for rounding).
[[nodiscard]] std::vector<std::string>
check_no_hole(const catalogue::Coverage& coverage, UtcTime until, std::chrono::milliseconds slack);

}  // namespace sluice::test
