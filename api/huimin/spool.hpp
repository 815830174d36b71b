#pragma once

#include "config/base/error.hpp"
#include "config/base/unique_fd.hpp"
#include "config/base/uuid.hpp"

#include <cstdint>
#include <filesystem>
#include <string_view>

/// The service's own folder for clips that are being received: "<data>/spool/clips", a file a clip, named by
/// id.
namespace sluice::api::huimin {

/// A clip's file, held: two parts of one clip exclude each other, in any thread.
class ClipFile {
public:
    /// Makes it when it is not there. Error: refuse with label "UPLOAD_BUSY", when another part is being
    /// written; operator_acts, with label "disk_full" for no room.
    [[nodiscard]] static Result<ClipFile> hold(const std::filesystem::path& data, const Uuid& clip_id);

    /// Cuts off what stands behind `offset` (a part that was never acknowledged), writes, syncs, and with the
    /// first part the folder. On return all of it is durable. Pre: asked under the hold, the catalogue says
    /// that `offset` bytes were received. Error: operator_acts, with label "disk_full" for no room.
    [[nodiscard]] Status write(std::uint64_t offset, std::string_view bytes) const;

private:
    ClipFile(std::filesystem::path path, UniqueFd fd) : path_(std::move(path)), fd_(std::move(fd)) {}

    std::filesystem::path path_;
    UniqueFd fd_;  // its end is the end of the lock
};

/// Gone on return, durably. Not there is success. Error: operator_acts.
[[nodiscard]] Status remove_clip(const std::filesystem::path& data, const Uuid& clip_id);

}  // namespace sluice::api::huimin
