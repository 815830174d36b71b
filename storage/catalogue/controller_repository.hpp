#pragma once

#include "storage/catalogue/pool.hpp"

#include <cstdint>
#include <optional>
#include <string>

/// How far a controller's events have come. Role: worker.
namespace sluice::catalogue {

/// The controller's event that was stored last.
struct ControllerMark {
    std::uint64_t index = 0;
    std::string event_id;
    friend bool operator==(const ControllerMark&, const ControllerMark&) = default;
};
struct ControllerState {
    std::optional<ControllerMark> mark;  ///< nullopt: nothing of it with a running number
    bool is_offline = false;             ///< its newest event says so
    friend bool operator==(const ControllerState&, const ControllerState&) = default;
};
/// Of `source`, whose batches came through an adapter called `actor`. By the order in which they were stored,
/// not by the controller's clock or its numbers, which may have begun anew.
[[nodiscard]] Result<ControllerState>
load_controller_state(Pool& pool, const std::string& source, const std::string& actor);

}  // namespace sluice::catalogue
