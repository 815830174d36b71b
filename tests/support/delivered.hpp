#pragma once

#include "config/base/bytes.hpp"
#include "config/base/time.hpp"

#include <cstdint>
#include <vector>

/// What somebody really got, told from the bytes alone and by a reading of its own.
namespace sluice::test {

struct DeliveredSample {
    UtcTime shown;  ///< its fragment's prft, plus what precedes it, plus its composition offset
    UtcTime shown_to;
    std::uint64_t decode_tick = 0;
    std::uint32_t size_bytes = 0;
    bool is_key = false;
};

/// The samples of fragments (prft, moof, mdat) as HLS sends them, init segments among them passed over.
/// Throws std::runtime_error when the bytes are anything else.
[[nodiscard]] std::vector<DeliveredSample> delivered_samples(ByteView bytes);

}  // namespace sluice::test
