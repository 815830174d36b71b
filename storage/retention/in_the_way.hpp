#pragma once

#include "config/base/bytes.hpp"
#include "storage/retention/rules.hpp"

#include <map>
#include <string>
#include <utility>

/// Footage that stays although its disk is full, for the incident that says so.
namespace sluice::retention {

/// Names each segment that stands in the way, without writing down hundreds of thousands of ids on a disk
/// that is full: by camera and rule, from when to when, how many, and the SHA-256 of their ids in order of
/// time (36 characters and a newline each), which anybody with the catalogue can make again.
class InTheWay {
public:
    /// Segments come oldest first.
    void add(const SegmentFacts& segment, Rule rule);
    /// A JSON list, a camera's rules together; "[]": nothing.
    [[nodiscard]] std::string to_json() const;

private:
    struct Part {
        TimeRange range;
        std::uint64_t segments = 0;
        std::uint64_t bytes = 0;
        Sha256 ids;
    };
    std::map<std::pair<Uuid, Rule>, Part> parts_;
};

}  // namespace sluice::retention
