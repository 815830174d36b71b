#pragma once

#include "storage/mp4/types.hpp"

#include <string>

/// SegmentInfo as it stands in the `uuid` box: one version byte, then compact UTF-8 JSON.
namespace sluice::mp4::detail {

inline constexpr std::uint8_t kInfoVersion = 1;

[[nodiscard]] std::string info_to_json(const SegmentInfo& info);
/// Members that are not known are passed over; a missing or malformed one is an error (abandon_file).
[[nodiscard]] Result<SegmentInfo> info_from_json(ByteView json);

}  // namespace sluice::mp4::detail
