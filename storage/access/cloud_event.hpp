#pragma once

#include "storage/access/card.hpp"
#include "storage/access/event.hpp"

#include <cstddef>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::access {

constexpr std::size_t kMostEvents = 1000;            ///< in one body
constexpr std::size_t kMostEventBytes = 4UL << 20U;  ///< of one body

/// Why one event is not taken, and what to do. `code` is for machines and never changes.
struct EventFault {
    std::string code;
    std::string field;  ///< "data.clip.from"
    std::string cure;
    friend bool operator==(const EventFault&, const EventFault&) = default;
};
using ParsedEvent = std::expected<Event, EventFault>;

enum class EventForm {
    structured,  ///< application/cloudevents+json: one event
    batch,       ///< application/cloudevents-batch+json: a list of them
};

/// CloudEvents 1.0 as JSON; docs/design/access.md says what is read of `data`. Card numbers are sealed here
/// and stand nowhere in the result. One bad event does not spoil the others. Error: refuse; the body as a
/// whole is no JSON, too deep, too long, empty or too many.
[[nodiscard]] Result<std::vector<ParsedEvent>>
parse_cloud_events(std::string_view body, EventForm form, const CardKey& key, UtcTime received);

/// The code that an ONVIF topic and its state stand for ("tns1:Door/State/DoorPhysicalState", "Open"); empty:
/// none. The prefix may be another one or missing.
[[nodiscard]] std::string_view code_of_topic(std::string_view topic, std::string_view state) noexcept;

}  // namespace sluice::access
