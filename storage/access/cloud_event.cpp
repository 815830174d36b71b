#include "storage/access/cloud_event.hpp"

#include "storage/access/detail/scrub.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

#include <nlohmann/json.hpp>

namespace sluice::access {
namespace {

using nlohmann::json;

constexpr std::size_t kDeepest = 16;
constexpr std::size_t kMostExtensions = 16;

struct TopicCode {
    std::string_view topic;
    std::string_view state;  ///< empty: any
    std::string_view code;
};
// The Access Control and Door Control service specifications of ONVIF.
constexpr std::array kTopics{
    TopicCode{"AccessControl/AccessGranted/Anonymous", "", "access.granted_anonymous"},
    TopicCode{"AccessControl/AccessGranted/Credential", "", "access.granted"},
    TopicCode{"AccessControl/Denied/CredentialNotFound", "", "access.denied.unknown_credential"},
    TopicCode{
        "AccessControl/Denied/Credential",
        "NotPermittedAtThisTime",
        "access.denied.not_permitted_time"
    },
    TopicCode{"AccessControl/Denied/Credential", "Unauthorized", "access.denied.unauthorized"},
    TopicCode{"AccessControl/Denied/Credential", "CredentialExpired", "access.denied.expired"},
    TopicCode{"AccessControl/Denied/Credential", "CredentialNotEnabled", "access.denied.disabled"},
    TopicCode{"AccessControl/Denied/Credential", "CredentialNotActive", "access.denied.disabled"},
    TopicCode{"AccessControl/Denied/Credential", "InvalidPIN", "access.denied.pin"},
    TopicCode{"AccessControl/Denied/Credential", "AntipassbackViolation", "access.denied.antipassback"},
    TopicCode{"AccessControl/Duress", "", "access.duress"},
    TopicCode{"Door/State/DoorMode", "LockedDown", "door.lockdown"},
    TopicCode{"Door/State/DoorMode", "", "door.mode_changed"},
    TopicCode{"Door/State/DoorPhysicalState", "Open", "door.opened"},
    TopicCode{"Door/State/DoorPhysicalState", "Closed", "door.closed"},
    TopicCode{"Door/State/LockPhysicalState", "Fault", "door.lock_fault"},
    TopicCode{"Door/State/LockPhysicalState", "", "door.lock_state"},
    TopicCode{"Door/State/DoorAlarm", "DoorForcedOpen", "door.forced_open"},
    TopicCode{"Door/State/DoorAlarm", "DoorOpenTooLong", "door.held_open"},
    TopicCode{"Door/State/DoorTamper", "TamperDetected", "door.tamper"},
    TopicCode{"Door/State/DoorFault", "FaultDetected", "door.lock_fault"},
};

std::unexpected<EventFault> fault(std::string code, std::string field, std::string cure) {
    return std::unexpected(EventFault{std::move(code), std::move(field), std::move(cure)});
}

/// Depth of brackets outside of strings: what is printed or thrown away again recurses as deep.
bool is_shallow(std::string_view text) {
    std::size_t depth = 0;
    bool is_string = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char letter = text[i];
        if (is_string) {
            if (letter == '\\') ++i;
            if (letter == '"') is_string = false;
        } else if (letter == '"') {
            is_string = true;
        } else if (letter == '[' || letter == '{') {
            if (++depth > kDeepest) return false;
        } else if ((letter == ']' || letter == '}') && depth > 0) {
            --depth;
        }
    }
    return true;
}

bool has_control(std::string_view text) {
    return std::ranges::any_of(text, [](char letter) {
        const auto byte = static_cast<unsigned char>(letter);
        return byte < 0x20 || byte == 0x7F;
    });
}

/// One event's members, taken out one after the other; the first fault stays.
class Members {
public:
    Members(json& object, std::string prefix) : object_(object), prefix_(std::move(prefix)) {}

    [[nodiscard]] bool has(const char* name) const { return object_.contains(name); }
    /// Empty when it is missing or null.
    std::string text(const char* name, bool is_required = false) {
        const json value = take(name);
        if (value.is_null()) {
            if (is_required) note("MEMBER_MISSING", name, "say it");
            return {};
        }
        if (!value.is_string()) {
            note("MEMBER_INVALID", name, "must be a text");
            return {};
        }
        auto text = value.get<std::string>();
        if (text.size() > kLongestName)
            note("MEMBER_TOO_LONG", name, "must be of " + std::to_string(kLongestName) + " bytes at most");
        else if (has_control(text))
            note("MEMBER_INVALID", name, "must be without control characters");
        else if (is_required && text.empty())
            note("MEMBER_MISSING", name, "must not be empty");
        return text;
    }
    std::optional<UtcTime> time(const char* name) {
        const std::string text = this->text(name);
        if (text.empty()) return std::nullopt;
        const auto at = from_rfc3339(text);
        if (at) return *at;
        note("TIME_INVALID", name, "must be RFC 3339 with a zone, such as 2026-11-26T18:05:00+08:00");
        return std::nullopt;
    }
    /// A text of digits too: a 64-bit number is not whole in every sender's JSON.
    std::optional<std::uint64_t> number(const char* name) {
        const json value = take(name);
        if (value.is_null()) return std::nullopt;
        std::uint64_t number = 0;
        constexpr auto kMost = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
        if (value.is_number_unsigned()) {
            number = value.get<std::uint64_t>();
            if (number <= kMost) return number;
        } else if (value.is_string()) {
            const auto& text = value.get_ref<const std::string&>();
            const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
            if (code == std::errc{} && end == text.data() + text.size() && number <= kMost) return number;
        }
        note("MEMBER_INVALID", name, "must be a whole number from 0");
        return std::nullopt;
    }
    json take(const char* name) {
        const auto found = object_.find(name);
        if (found == object_.end()) return nullptr;
        json value = std::move(*found);
        object_.erase(found);
        return value;
    }
    void note(std::string code, std::string_view name, std::string cure) {
        if (!fault_) fault_ = EventFault{std::move(code), prefix_ + std::string{name}, std::move(cure)};
    }
    [[nodiscard]] const std::optional<EventFault>& fault() const { return fault_; }

private:
    json& object_;
    std::string prefix_;
    std::optional<EventFault> fault_;
};

/// A card number is a text, or a number that a sender did not put into quotation marks.
std::string number_text(const json& value) {
    if (value.is_string()) return value.get<std::string>();
    if (value.is_number_unsigned()) return std::to_string(value.get<std::uint64_t>());
    return {};
}

std::optional<EventFault> read_clip(json clip, Event& event) {
    if (clip.is_null()) return std::nullopt;
    if (!clip.is_object())
        return EventFault{"MEMBER_INVALID", "data.clip", "must be an object with camera, from and to"};
    Members members{clip, "data.clip."};
    ClipPointer pointer;
    pointer.camera = members.text("camera", true);
    const auto from = members.time("from");
    const auto to = members.time("to");
    if (members.fault()) return members.fault();
    if (!from || !to) return EventFault{"MEMBER_MISSING", from ? "data.clip.to" : "data.clip.from", "say it"};
    if (!(*from < *to))
        return EventFault{"INTERVAL_REVERSED", "data.clip.to", "must be after data.clip.from"};
    pointer.range = {*from, *to};
    event.clip = std::move(pointer);
    return std::nullopt;
}

/// `data` names members in our words or in ONVIF's. What is read is taken out; the rest stays as it is.
std::optional<EventFault> read_data(json& data, const CardKey& key, Event& event, std::string& number) {
    Members members{data, "data."};
    const auto either = [&](const char* ours, const char* onvif) {
        return members.text(members.has(ours) ? ours : onvif);
    };
    event.door = either("door", "DoorToken");
    event.reader = either("reader", "AccessPointToken");
    event.person_category = members.text("person_category");
    event.unit = members.text("unit");
    event.index = members.number("index");
    const std::string direction = members.text("direction");
    if (const auto known = direction_from(direction); known)
        event.direction = *known;
    else if (!direction.empty())
        members.note("MEMBER_INVALID", "direction", "must be in, out or unknown");
    const char* card = members.has("card_number") ? "card_number" : "CredentialToken";
    number = number_text(members.take(card));
    if (!number.empty()) event.card = key.seal(number);
    if (members.fault()) return members.fault();
    return read_clip(members.take("clip"), event);
}

/// Type and topic; what is neither stays in `data`, so that it can be told later what it was.
void read_code(const std::string& type, json& data, Event& event) {
    const auto text = [&](const char* name) {
        const auto found = data.find(name);
        return found != data.end() && found->is_string() ? found->get<std::string>() : std::string{};
    };
    const std::string state = text("State").empty() ? text("Reason") : text("State");
    const std::string_view of_topic = code_of_topic(text("topic"), state);
    if (is_code(type) && type != "access.unknown")
        event.code = type;
    else if (!of_topic.empty())
        event.code = of_topic;
    else if (const auto of_type = code_of_topic(type, state); !of_type.empty())
        event.code = of_type;
    if (event.code != type) data["type"] = type;
}

std::optional<EventFault> check_envelope(Members& envelope, json& data) {
    if (const std::string version = envelope.text("specversion", true); version != "1.0")
        envelope.note("VERSION_UNKNOWN", "specversion", "must be \"1.0\"");
    if (const std::string type = envelope.text("datacontenttype");
        !type.empty() && type != "application/json")
        envelope.note("DATA_NOT_JSON", "datacontenttype", "must be application/json, or left out");
    if (envelope.has("data_base64"))
        envelope.note("DATA_NOT_JSON", "data_base64", "send the content as the JSON object data");
    data = envelope.take("data");
    if (data.is_null()) data = json::object();
    if (!data.is_object()) envelope.note("DATA_NOT_JSON", "data", "must be a JSON object");
    return envelope.fault();
}

ParsedEvent parse_event(json object, const CardKey& key, UtcTime received) {
    if (!object.is_object()) return fault("EVENT_INVALID", "", "must be a JSON object");
    Members envelope{object, ""};
    json data;
    if (auto wrong = check_envelope(envelope, data)) return std::unexpected(std::move(*wrong));
    Event event;
    event.received = received;
    event.source = envelope.text("source", true);
    event.id = envelope.text("id", true);
    const std::string type = envelope.text("type", true);
    event.device_time = envelope.time("time");
    const std::string subject = envelope.text("subject");
    static_cast<void>(envelope.text("dataschema"));
    if (envelope.fault()) return std::unexpected(*envelope.fault());
    std::string number;
    if (auto wrong = read_data(data, key, event, number)) return std::unexpected(std::move(*wrong));
    read_code(type, data, event);
    if (!subject.empty()) data["subject"] = subject;
    if (object.size() > kMostExtensions)
        return fault("TOO_MANY_EXTENSIONS", "", "must have " + std::to_string(kMostExtensions) + " at most");
    if (!object.empty()) data["extensions"] = std::move(object);
    if (auto found = detail::scrub(data, number); !found.empty() && !event.card) event.card = key.seal(found);
    for (std::string* text : {&event.source, &event.reader, &event.door})
        *text = detail::without_number(*text, number);
    // An id must go on to be told from others.
    if (detail::without_number(event.id, number) != event.id) event.id = key.veil(event.id);
    event.data = data.dump(-1, ' ', false, json::error_handler_t::replace);
    if (event.data.size() > kMostDataBytes)
        return fault(
            "DATA_TOO_LONG", "data", "must be of " + std::to_string(kMostDataBytes) + " bytes at most"
        );
    return event;
}

}  // namespace

std::string_view code_of_topic(std::string_view topic, std::string_view state) noexcept {
    if (const auto colon = topic.find(':'); colon != std::string_view::npos) topic.remove_prefix(colon + 1);
    for (const TopicCode& known : kTopics)
        if (known.topic == topic && (known.state.empty() || known.state == state)) return known.code;
    return {};
}

Result<std::vector<ParsedEvent>>
parse_cloud_events(std::string_view body, EventForm form, const CardKey& key, UtcTime received) {
    if (body.size() > kMostEventBytes)
        return failure(Remedy::refuse, "The body is longer than 4 MiB: send fewer events.", "BODY_TOO_LONG");
    if (!is_shallow(body))
        return failure(Remedy::refuse, "The JSON is nested deeper than 16.", "MALFORMED_JSON");
    json whole = json::parse(body, nullptr, false);
    if (form == EventForm::structured) {
        if (!whole.is_object())
            return failure(Remedy::refuse, "The body is no JSON object.", "MALFORMED_JSON");
        std::vector<ParsedEvent> one;
        one.push_back(parse_event(std::move(whole), key, received));
        return one;
    }
    if (!whole.is_array()) return failure(Remedy::refuse, "The body is no JSON list.", "MALFORMED_JSON");
    if (whole.empty()) return failure(Remedy::refuse, "The list is empty: send an event.", "NO_EVENTS");
    if (whole.size() > kMostEvents)
        return failure(
            Remedy::refuse, "The list has more than 1000 events: send them in parts.", "TOO_MANY_EVENTS"
        );
    std::vector<ParsedEvent> events;
    events.reserve(whole.size());
    for (json& object : whole)
        events.push_back(parse_event(std::move(object), key, received));
    return events;
}

}  // namespace sluice::access
