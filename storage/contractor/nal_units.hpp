#pragma once

#include "storage/mp4/nal.hpp"

#include <optional>
#include <span>
#include <vector>

/// Pictures of foreign files as our own files hold them. Pure; any bytes may come.
namespace sluice::contractor {

/// The NAL units of one picture: with lengths of so many bytes, or (0) with start codes. nullopt: a length
/// that reaches over the end.
[[nodiscard]] std::optional<std::vector<ByteView>> cut_into_units(ByteView picture, unsigned length_bytes);

struct Joined {
    Bytes bytes;  ///< with 4-byte lengths; empty when there is no picture among the units
    bool is_key = false;
    bool has_sets = false;  ///< a complete group of parameter sets is among them
};
/// Parameter sets are absorbed into `sets` on the way.
[[nodiscard]] Joined join_units(Codec codec, std::span<const ByteView> units, mp4::ParameterSets& sets);

}  // namespace sluice::contractor
