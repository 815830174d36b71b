#pragma once

#include "storage/clip/clip.hpp"

namespace sluice::clip {

struct Snapshot {
    Bytes jpeg;
    UtcTime at;  ///< wall time of the key frame shown
};
/// The key frame at or before `at`, decoded and encoded again as JPEG. Refusal as in clip.hpp. Blocking.
[[nodiscard]] Result<std::variant<Snapshot, Refusal>>
take_snapshot(catalogue::Pool& pool, const VolumePaths& volumes, const Uuid& stream_id, UtcTime at);

}  // namespace sluice::clip
