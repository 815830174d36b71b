#pragma once

#include <string_view>

namespace sluice::volume {

/// Whether the mount table (the text of /proc/self/mountinfo) says of the device that its file system has
/// shut itself for writing after an error. Linux 6.15 and later leave the mount's flags at "writable" then,
/// so that neither statvfs nor access shows it.
[[nodiscard]] bool has_shut_itself(std::string_view table, unsigned major, unsigned minor);

}  // namespace sluice::volume
