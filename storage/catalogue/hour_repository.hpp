#pragma once

#include "storage/catalogue/pool.hpp"
#include "storage/catalogue/rows.hpp"
#include "storage/ledger/act.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

/// Hours of recording, each a record of the audit log that names its segments. Role: sluice_worker.
namespace sluice::catalogue {

/// The finished segments of a stream that begin in one hour.
struct RecordedHour {
    Uuid stream_id;
    UtcTime hour;
    std::uint64_t segments = 0;
};
/// From where on there may be hours without a record: two days before the latest that has one (files may be
/// adopted late), else the first footage. nullopt: there is none.
[[nodiscard]] Result<std::optional<UtcTime>> load_hours_begin(Pool& pool);
/// Hours in `window` with more finished segments than their record names, oldest first.
[[nodiscard]] Result<std::vector<RecordedHour>>
load_unrecorded_hours(Pool& pool, TimeRange window, std::size_t limit);

struct HourSegment {
    Uuid id;
    std::uint64_t bytes = 0;
    Sha256Digest sha256{};
};
struct HourManifest {
    std::string camera_slug;
    Uuid camera_id;
    StreamKind stream = StreamKind::main;
    std::vector<HourSegment> segments;  ///< by their beginning
};
[[nodiscard]] Result<HourManifest> load_manifest(Pool& pool, const RecordedHour& hour);
/// The record, and that the hour has it.
[[nodiscard]] Status save_hour(Pool& pool, const RecordedHour& hour, const ledger::Act& act, UtcTime now);

}  // namespace sluice::catalogue
