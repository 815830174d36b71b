#pragma once

#include "config/config.hpp"
#include "daemon/stream_worker.hpp"
#include "storage/volume/installation.hpp"

#include <vector>

namespace sluice::daemon {

/// Gives an id to every recorder, camera and stream that has none yet (I19). True when something was added.
bool assign_ids(volume::Installation& installation, const config::Config& config, UtcTime now);

/// One entry per configured stream, in the configuration's order. Pure; ids must be assigned.
[[nodiscard]] std::vector<StreamSettings>
make_stream_settings(const volume::Installation& installation, const config::Config& config);

/// Nothing of the stream has to be begun anew.
[[nodiscard]] bool is_same(const StreamSettings& before, const StreamSettings& after);

}  // namespace sluice::daemon
