#pragma once

#include "config/base/time.hpp"
#include "config/base/uuid.hpp"

#include <cstdint>
#include <string>
#include <vector>

/// What the register says of a session. Pure.
namespace sluice::catalogue::detail {

struct DeliveredPart {
    std::string camera;  ///< slug
    std::string stream;
    TimeRange range;
    std::uint64_t bytes = 0;
    std::string kind = "piece";  ///< or "clip", "snapshot"
};

struct SessionFacts {
    Uuid session_id;
    std::string kind;
    std::string escort;
    std::string viewer;
    std::string reason;
    TimeRange time;                        ///< from when both were there
    std::vector<DeliveredPart> delivered;  ///< by camera, stream and begin
};

/// A JSON object: per camera and stream the intervals delivered, touching ones as one, how many of each kind
/// and how many bytes.
[[nodiscard]] std::string to_json(const SessionFacts& facts);

}  // namespace sluice::catalogue::detail
