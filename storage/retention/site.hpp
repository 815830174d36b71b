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

/// Waits until the record is in a signed checkpoint; at most three seconds, then LEDGER_UNAVAILABLE.
[[nodiscard]] Status wait_signed(catalogue::Pool& pool, const Uuid& record_id);

}  // namespace sluice::retention
