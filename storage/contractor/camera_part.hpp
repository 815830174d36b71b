#pragma once

#include "config/config.hpp"
#include "storage/catalogue/contractor_repository.hpp"

#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>

#include <sys/types.h>

/// What was accepted of the contractor's cameras, as a part of the recorder's configuration:
/// conf.d/huimin.toml (0600), rendered anew from the rows each time, with each camera's user and password in
/// files of their own below conf.d/huimin/ (0600).
namespace sluice::contractor {

struct PartCamera {
    std::string slug;
    catalogue::AcceptedCamera accepted;
    std::string username;  ///< empty: it has no credentials; else <slug>.password lies beside
};
/// Pure; `cameras` by slug.
[[nodiscard]] std::string render_part(std::span<const PartCamera> cameras);

[[nodiscard]] std::filesystem::path part_path(const std::filesystem::path& config_file);

struct PartOwner {
    uid_t uid = 0;
    gid_t gid = 0;
};
struct Configuring {
    catalogue::Pool& pool;  ///< may read and drop secrets: sluice_worker or the tool
    std::filesystem::path config_file;
    std::filesystem::path data;
    const Clock& clock;
    std::optional<PartOwner> owner{};  ///< given when root writes for the recorder's user
};
struct Configured {
    std::size_t cameras = 0;
    bool is_recorder_told = false;  ///< false: none runs; it reads the part when it starts
};
/// Writes the secrets that wait, then the part, each in one step; looks whether the whole configuration is
/// still good, and puts the old part back if it is not; drops the secrets from the catalogue; has the
/// recorder re-read it. Restartable. Error: refuse, with the first problem of the configuration;
/// operator_acts, when the folder can't be written; retry.
[[nodiscard]] Result<Configured> write_part(const Configuring& tools);

/// Until the recorder has named the camera to the catalogue. False: `go_on` said no, or the limit is over.
[[nodiscard]] Result<bool> await_camera(
    catalogue::Pool& pool,
    const std::string& slug,
    Deadline deadline,
    const std::function<bool()>& go_on
);

}  // namespace sluice::contractor
