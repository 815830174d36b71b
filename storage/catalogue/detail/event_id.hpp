#pragma once

#include "config/base/uuid.hpp"
#include "storage/volume/journal.hpp"

namespace sluice::catalogue::detail {

/// Lines have no id of their own: the hash of volume and line is one, so that a repeated line is the same
/// event.
[[nodiscard]] Uuid event_id(const Uuid& volume_id, const volume::JournalLine& line);

}  // namespace sluice::catalogue::detail
