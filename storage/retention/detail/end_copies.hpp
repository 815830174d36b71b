#pragma once

#include "storage/retention/second_copy.hpp"

namespace sluice::retention::detail {

/// Destroys the copies of one hold that are over: record in the signed audit log, unlinked, folders synced,
/// rows, certificate.
[[nodiscard]] Status end_copies(
    const Site& site,
    const policy::History& history,
    const Uuid& hold_id,
    const std::function<bool()>& go_on,
    SecondCopies& report
);

}  // namespace sluice::retention::detail
