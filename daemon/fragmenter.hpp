#pragma once

#include "config/base/time.hpp"
#include "storage/mp4/write.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace sluice::daemon {

/// A unit with its place in the run.
struct PlacedUnit {
    Bytes bytes;
    bool is_key = false;
    std::uint64_t dts = 0;
    std::int32_t composition_offset = 0;
    BootTime arrival;
    std::optional<std::uint64_t> next_dts;  ///< where the successor will be, when its first packet was seen
};

struct ClosedFragment {
    std::uint64_t base_decode_time = 0;
    BootTime arrival;       ///< of its first unit
    BootTime last_arrival;  ///< of its last one
    std::uint64_t end = 0;  ///< ticks: decode time plus duration of the last sample
    std::size_t bytes = 0;  ///< of the samples
    std::vector<mp4::SampleData> samples;
};

/// Groups units into fragments: closed before a key frame, at one second of media, or by the timer. The
/// newest unit's duration is its distance to the successor; when that is not to be known it gets the nominal
/// one. Pure: the caller brings the time.
class Fragmenter {
public:
    /// The fragment that `unit` closed, if any. `unit` begins or continues the open one.
    [[nodiscard]] std::optional<ClosedFragment> push(PlacedUnit unit);
    /// To be asked every 100 ms: closes a fragment 0.9 s after its first unit arrived, so that with the ticks
    /// it is never older than a second (I1).
    [[nodiscard]] std::optional<ClosedFragment> poll(BootTime now, std::uint64_t nominal_ticks);
    /// Everything there is; the newest unit gets its predicted or the nominal duration.
    [[nodiscard]] std::optional<ClosedFragment> close(std::uint64_t nominal_ticks);
    /// Forgets the open fragment and says how many bytes it held.
    std::size_t discard();

    [[nodiscard]] bool is_empty() const noexcept { return units_.empty(); }

private:
    [[nodiscard]] ClosedFragment cut(std::size_t count, std::uint64_t end);

    std::vector<PlacedUnit> units_;
};

}  // namespace sluice::daemon
