#pragma once

#include "storage/access/card.hpp"
#include "storage/access/event.hpp"
#include "storage/access/inventory.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// Door controllers in their own protocols: their bytes become events, and go the way of all others.
namespace sluice::controllers {

/// What bytes don't say themselves: every protocol makes events from bytes and one of these. A value.
struct Sender {
    std::string source;  ///< of all its events
    std::string
        serial;  ///< as the configuration writes it; door N is "SERIAL/N" until the inventory knows it
    access::ControllerClock clock = access::ControllerClock::taipei;  ///< what its times mean
    access::CardKey key;
};

/// A time of the day and its day, as a controller's clock shows them. nullopt: there is no such time.
[[nodiscard]] std::optional<std::chrono::local_seconds>
to_local(int year, unsigned month, unsigned day, unsigned hour, unsigned minute, unsigned second);
[[nodiscard]] UtcTime to_utc(std::chrono::local_seconds shown, access::ControllerClock clock);

/// The name that a controller's door has before the inventory gives it one. Empty: no door.
[[nodiscard]] std::string door_label(const std::string& serial, unsigned door);

}  // namespace sluice::controllers
