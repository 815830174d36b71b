#pragma once

#include "storage/release/grant.hpp"

#include <variant>

/// Which picture of granted footage stands for a moment.
namespace sluice::release {

struct Still {
    UtcTime at;       ///< of its key frame, as pictures are looked up
    TimeRange shown;  ///< inside what was granted
};

/// The last key frame at or before `at` among the granted frames. `granted`: one resolved interval; pre: it
/// holds `at`. Blocking. Refuses: NO_FOOTAGE, NOT_YET_DURABLE. Error: retry, abandon_file.
[[nodiscard]] Result<std::variant<Still, clip::Refusal>> find_still(
    catalogue::Pool& pool,
    const clip::VolumePaths& volumes,
    const Uuid& stream_id,
    TimeRange granted,
    UtcTime at
);

}  // namespace sluice::release
