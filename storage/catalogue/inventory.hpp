#pragma once

#include "config/config.hpp"
#include "storage/catalogue/recorder_repository.hpp"
#include "storage/volume/installation.hpp"

namespace sluice::catalogue {

/// What the configuration names and the recorder has given an id (I19); what has none yet was never recorded
/// and is left out. Volumes are not in it. Pure.
[[nodiscard]] Inventory
make_inventory(const volume::Installation& installation, const config::Config& config);

}  // namespace sluice::catalogue
