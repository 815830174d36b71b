#include "jobs/controllers/uhppote_meaning.hpp"

#include <algorithm>
#include <array>

#include <fmt/core.h>
#include <nlohmann/json.hpp>

namespace sluice::controllers::uhppote {
namespace {

using nlohmann::json;

constexpr std::uint8_t kSwipe = 1;
constexpr std::uint8_t kDoorEvent = 2;
constexpr std::uint8_t kWarning = 3;
constexpr std::uint8_t kThreat = 34;
constexpr std::string_view kUnknown = "access.unknown";

struct Word {
    std::uint8_t reason;
    std::string_view code;
};
// In the order of the uhppoted project's list. Buttons that did nothing (31 to 33), the burglar alarm's zones
// (41, 42) and the call for help (43) have no word here.
constexpr auto kWords = std::to_array<Word>({
    {1, "access.granted"},
    {5, "access.denied.unauthorized"},
    {6, "access.denied.unauthorized"},
    {7, "access.denied.pin"},
    {8, "access.denied.antipassback"},
    {9, "access.denied.multi"},
    {10, "access.denied.door_mode"},
    {11, "access.denied.door_mode"},
    {12, "access.denied.interlock"},
    {13, "access.denied.unauthorized"},
    {15, "access.denied.not_permitted_time"},
    {18, "access.denied.unauthorized"},
    {20, "door.rex"},
    {23, "door.opened"},
    {24, "door.closed"},
    {25, "access.granted_anonymous"},
    {28, "acs.controller_restart"},
    {29, "acs.controller_restart"},
    {kThreat, "access.duress"},
    {37, "door.held_open"},
    {38, "door.forced_open"},
    {39, "door.fire_release"},
    {40, "door.lockdown"},
    {44, "door.remote_open"},
    {45, "door.remote_open"},
});

/// The bytes without the card's: of events without a card something else stands there, which may be a code
/// that somebody typed.
std::string masked_hex(const Record& record) {
    constexpr std::size_t card_at = 2 * 16;
    constexpr std::size_t card_letters = 2 * 4;
    std::string hex = to_hex(record.bytes);
    std::fill_n(hex.begin() + card_at, card_letters, '*');
    return hex;
}

access::Event gap_event(std::string id, json data, const Sender& sender, UtcTime received) {
    data["protocol"] = "uhppote";
    access::Event event;
    event.source = sender.source;
    event.id = std::move(id);
    event.code = "acs.gap";
    event.received = received;
    event.data = data.dump();
    return event;
}

}  // namespace

std::string_view code_of(const Record& record) noexcept {
    if (record.type != kSwipe && record.type != kDoorEvent && record.type != kWarning) return kUnknown;
    const auto* const found = std::ranges::find(kWords, record.reason, &Word::reason);
    if (found == kWords.end()) return kUnknown;
    // A board that says both is not understood.
    const bool is_grant = found->code == "access.granted";
    if (is_grant && !record.is_granted) return kUnknown;
    if (found->code.starts_with("access.denied.") && record.is_granted) return kUnknown;
    return found->code;
}

std::string id_of(const Record& record) {
    return fmt::format("{}/{}", record.index, to_hex(ByteView{record.bytes}.subspan(20, 7)));
}

access::Event to_event(const Record& record, const Sender& sender, UtcTime received) {
    access::Event event;
    event.source = sender.source;
    event.id = id_of(record);
    event.code = code_of(record);
    event.received = received;
    event.index = record.index;
    event.door = door_label(sender.serial, record.door);
    if (record.time) event.device_time = to_utc(*record.time, sender.clock);
    if (event.code.starts_with("access.")) {
        if (record.direction == 1) event.direction = access::Direction::in;
        if (record.direction == 2) event.direction = access::Direction::out;
    }
    if ((record.type == kSwipe || record.reason == kThreat) && record.card != 0)
        event.card = sender.key.seal(std::to_string(record.card));
    event.data =
        json{
            {"protocol", "uhppote"},
            {"type", record.type},
            {"reason", record.reason},
            {"granted", record.is_granted},
            {"door", record.door},
            {"raw", masked_hex(record)},
        }
            .dump();
    return event;
}

access::Event to_event(const Hole& hole, const std::string& next, const Sender& sender, UtcTime received) {
    return gap_event(
        fmt::format("gap/{}-{}/{}", hole.from, hole.to, next),
        json{
            {"from_index", hole.from},
            {"to_index", hole.to},
            {"cause", hole.is_overwritten ? "overwritten" : "absent"}
        },
        sender,
        received
    );
}

access::Event
begun_anew(std::uint64_t last_index, const std::string& last_id, const Sender& sender, UtcTime received) {
    return gap_event(
        "anew/" + last_id, json{{"after_index", last_index}, {"cause", "numbering_anew"}}, sender, received
    );
}

}  // namespace sluice::controllers::uhppote
