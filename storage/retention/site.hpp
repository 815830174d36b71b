#pragma once

#include "config/config.hpp"
#include "storage/retention/run.hpp"

namespace sluice::retention {

/// The configured volumes that have an identity file, with the id that this installation knows them by: a
/// purge refuses when the file says another one. A path without identity is left out: what lies there stays.
[[nodiscard]] Result<Site> make_site(
    const config::Config& config,
    catalogue::Pool& pool,
    volume::DurableFiles& files,
    const Clock& clock
);

}  // namespace sluice::retention
