#pragma once

#include "storage/catalogue/access_event_repository.hpp"

#include <string>

namespace sluice::catalogue {

/// What became of a file of events, as JSON: service and tool say the same. A dry run has no id and no time.
[[nodiscard]] std::string to_json(const ImportRow& row, bool is_dry_run);

}  // namespace sluice::catalogue
