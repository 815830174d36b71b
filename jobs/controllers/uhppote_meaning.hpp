#pragma once

#include "jobs/controllers/sender.hpp"
#include "jobs/controllers/uhppote_message.hpp"
#include "storage/access/event.hpp"

#include <optional>
#include <string>
#include <string_view>

/// What a board's events mean here. Pure.
namespace sluice::controllers::uhppote {

/// Our word for a type and a reason. "access.unknown" for what nobody has described, and for what has no word
/// of ours: such an event is kept as it came.
[[nodiscard]] std::string_view code_of(const Record& record) noexcept;

/// Names an event of the board for good: its index may begin anew, so its time belongs to it.
[[nodiscard]] std::string id_of(const Record& record);

/// As it is kept; the card is sealed, and its number stands nowhere. Pre: the record is there.
[[nodiscard]] access::Event to_event(const Record& record, const Sender& sender, UtcTime received);

/// Running numbers that the board can't give any more.
struct Hole {
    std::uint32_t from = 0;
    std::uint32_t to = 0;  ///< the last of them
    bool is_overwritten = false;
};
/// `next` is the id of what comes behind it, or empty.
[[nodiscard]] access::Event
to_event(const Hole& hole, const std::string& next, const Sender& sender, UtcTime received);
/// The board counts from the beginning again: how much it had told nobody by then is not known.
[[nodiscard]] access::Event
begun_anew(std::uint64_t last_index, const std::string& last_id, const Sender& sender, UtcTime received);

}  // namespace sluice::controllers::uhppote
