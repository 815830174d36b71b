#pragma once

#include "storage/status/recorder_status.hpp"
#include "storage/volume/installation.hpp"
#include "tests/support/farm.hpp"
#include "tests/support/process.hpp"
#include "tests/support/temp_folder.hpp"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace sluice::test {

/// A configuration with cameras of the farm, and `sluice up` on it: database, recorder, worker and API.
/// Everything throws std::runtime_error when it can't be done.
class UpSite {
public:
    UpSite() : UpSite({{.name = "hall", .file = make_clip({})}}) {}
    explicit UpSite(const std::vector<FarmCamera>& cameras);

    /// `sluice up`, once it has said that it records.
    [[nodiscard]] Process start() const;

    [[nodiscard]] std::filesystem::path config() const { return folder_.path() / "sluice.toml"; }
    [[nodiscard]] std::filesystem::path data() const { return folder_.path() / "data"; }
    [[nodiscard]] std::filesystem::path volume() const { return data() / "volume1"; }
    [[nodiscard]] std::filesystem::path log() const { return folder_.path() / "up.log"; }
    [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
    [[nodiscard]] const Farm& farm() const noexcept { return farm_; }
    [[nodiscard]] volume::Installation installation() const;
    [[nodiscard]] std::string operator_token() const;
    [[nodiscard]] std::optional<status::RecorderStatus> status() const;
    /// libpq's words for a connection to the embedded database.
    [[nodiscard]] std::string conninfo(const std::string& role) const;

private:
    TempFolder folder_;
    std::uint16_t port_ = 0;
    Farm farm_;
};

/// The pids that a service was started with, oldest first, as `sluice up` logs them.
[[nodiscard]] std::vector<pid_t> pids_of(const std::string& log, const std::string& service);

}  // namespace sluice::test
