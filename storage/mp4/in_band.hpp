#pragma once

#include "storage/mp4/nal.hpp"

namespace sluice::mp4 {

/// The unit with its parameter sets in band (I7): after an access unit delimiter, which must stay first, else
/// in front. `unit` is NAL units with 4-byte lengths.
[[nodiscard]] Bytes with_sets(Codec codec, const ParameterSets& sets, Bytes unit);

}  // namespace sluice::mp4
