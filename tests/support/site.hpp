#pragma once

#include "config/base/uuid.hpp"
#include "storage/catalogue/footage_repository.hpp"
#include "storage/status/recorder_status.hpp"
#include "tests/support/judge.hpp"
#include "tests/support/postgres.hpp"
#include "tests/support/process.hpp"
#include "tests/support/temp_folder.hpp"

#include <chrono>
#include <filesystem>
#include <functional>
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

struct SiteOptions {
    std::string segment = "5s";  ///< this and the next as in the configuration
    std::string durability_window = "500ms";
    std::string ring{};                            ///< empty: the default
    std::string reserve = "1MiB";                  ///< 0 percent beside it
    std::vector<std::filesystem::path> volumes{};  ///< empty: one folder of the site's own
    std::string database_options{};                ///< more words for the recorder's connection
    std::string recorder = "sluice-recorder";      ///< the program, in the folder of all programs
};

/// A whole small installation: data folder, volumes with identity, catalogue, configuration, and the real
/// recorder.
class Site {
public:
    explicit Site(SiteOptions options = {});
    explicit Site(std::string segment, std::string durability_window = "500ms");

    void write_config(const std::vector<SiteCamera>& cameras) const;
    /// Starts the recorder, with these changes to its environment, and waits until its status file is fresh.
    /// Throws when it does not come up.
    void start_recorder(const std::vector<std::string>& environment = {});
    [[nodiscard]] Process& recorder() noexcept { return recorder_; }
    /// SIGTERM; how long it took. Throws when the limit is over, the exit code is not 0, or the recorder
    /// could not say why footage was missing (a gap of the cause `unknown`), which no scenario may bring
    /// about.
    std::chrono::milliseconds stop_recorder(std::chrono::milliseconds limit);

    [[nodiscard]] std::optional<status::RecorderStatus> status() const;
    [[nodiscard]] std::optional<status::StreamStatus> stream_status(const std::string& slug) const;
    [[nodiscard]] std::uint64_t frames(const std::string& slug
    ) const;  ///< recorded since the recorder's start
    [[nodiscard]] const std::filesystem::path& folder() const noexcept { return folder_.path(); }
    /// The first one.
    [[nodiscard]] const std::filesystem::path& volume() const noexcept { return options_.volumes.front(); }
    [[nodiscard]] const std::vector<std::filesystem::path>& volumes() const noexcept {
        return options_.volumes;
    }
    [[nodiscard]] std::filesystem::path data() const { return folder_.path() / "data"; }
    [[nodiscard]] const Database& database() const noexcept { return database_; }
    /// Everything the recorder has logged in all its lives.
    [[nodiscard]] std::string recorder_log() const;

    /// "cause seconds" of each gap of the camera's main stream, oldest first; an open one ends at "open".
    [[nodiscard]] std::vector<std::string> gap_causes(const std::string& slug) const;
    [[nodiscard]] catalogue::Coverage coverage(const std::string& slug) const;
    /// Waits until the catalogue knows every file of the volumes as finished and no journal line waits.
    /// False: too late.
    [[nodiscard]] bool await_catalogue(std::chrono::milliseconds limit) const;

private:
    TempFolder folder_;
    Database database_;
    SiteOptions options_;
    Process recorder_;
};

/// Of a camera's main stream in the last hours, as the role behind `conninfo` sees it.
[[nodiscard]] catalogue::Coverage coverage_of(const std::string& conninfo, const std::string& slug);

/// Texts in one line, for a test's message.
[[nodiscard]] std::string joined(const std::vector<std::string>& texts);

/// For `Allowance::may_miss`: the picture was sent in a gap of that cause, give or take the slack.
[[nodiscard]] std::function<bool(const SentPicture&)>
in_gap_of(const catalogue::Coverage& coverage, GapCause cause, std::chrono::milliseconds slack);

/// I15: from the first footage on, coverage and gaps fill the time up to `until` without hole and without
/// overlap (`slack` for rounding), and no gap is of the cause `unknown`.
[[nodiscard]] std::vector<std::string>
check_no_hole(const catalogue::Coverage& coverage, UtcTime until, std::chrono::milliseconds slack);

}  // namespace sluice::test
