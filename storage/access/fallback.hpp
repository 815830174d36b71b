#pragma once

#include "storage/access/derive.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// What is done when a controller says nothing in controlled hours: each of its doors gets the mode `manual`,
/// until it speaks again. Pure.
namespace sluice::access {

/// An alarm `controller_silent`, as it was written down.
struct Silence {
    Uuid alarm;
    std::string source;
    std::optional<UtcTime> until;  ///< nullopt: it still is
    bool is_refuted = false;
};
/// An override that was placed for one.
struct Fallback {
    Uuid id;
    Uuid alarm;
    Uuid door;
    bool has_ended = false;  ///< with its alarm, or by hand: it is not placed again for this one
};

struct FallbackPlan {
    struct Placement {
        Uuid id;
        Uuid alarm;
        Uuid door;
        friend bool operator==(const Placement&, const Placement&) = default;
    };
    struct End {
        Uuid id;
        UtcTime at;
        std::string_view reason;
        friend bool operator==(const End&, const End&) = default;
    };
    std::vector<Placement> placements;  ///< by alarm
    std::vector<End> ends;
};
/// `silences`: all that last, and those that own what is `placed`; of the inventory no schedule is needed.
/// Carried out, the plan of what is there then is empty.
[[nodiscard]] FallbackPlan plan_fallback(
    const Situation& inventory,
    const std::vector<Silence>& silences,
    const std::vector<Fallback>& placed,
    UtcTime now
);

}  // namespace sluice::access
