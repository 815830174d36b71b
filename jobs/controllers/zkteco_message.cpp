#include "jobs/controllers/zkteco_message.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <optional>
#include <string>

#include <nlohmann/json.hpp>

namespace sluice::controllers::zkteco {
namespace {

using nlohmann::json;

constexpr std::string_view kUnknown = "access.unknown";
constexpr std::size_t kLongestLine = 4096;

struct Word {
    std::string_view number;
    std::string_view code;
};
// In the order of the numbers.
constexpr auto kWords = std::to_array<Word>({
    {"0", "access.granted"},
    {"1", "access.granted"},
    {"2", "access.granted"},
    {"3", "access.granted"},
    {"4", "access.granted_anonymous"},
    {"5", "door.mode_changed"},
    {"8", "door.remote_open"},
    {"10", "door.mode_changed"},
    {"11", "door.mode_changed"},
    {"20", "access.denied.unauthorized"},
    {"21", "access.denied.not_permitted_time"},
    {"22", "access.denied.not_permitted_time"},
    {"23", "access.denied.unauthorized"},
    {"24", "access.denied.antipassback"},
    {"25", "access.denied.interlock"},
    {"26", "access.denied.multi"},
    {"27", "access.denied.unknown_credential"},
    {"28", "door.held_open"},
    {"29", "access.denied.expired"},
    {"38", "access.denied.disabled"},
    {"39", "access.denied.disabled"},
    {"41", "access.denied.unauthorized"},
    {"42", "access.denied.unknown_credential"},
    {"44", "access.denied.unauthorized"},
    {"45", "access.denied.unauthorized"},
    {"48", "access.denied.multi"},
    {"100", "door.tamper"},
    {"101", "access.duress"},
    {"102", "door.forced_open"},
    {"200", "door.opened"},
    {"201", "door.closed"},
    {"202", "door.rex"},
    {"204", "door.mode_changed"},
    {"205", "door.mode_changed"},
    {"206", "acs.controller_restart"},
    {"208", "access.granted"},
    {"214", "acs.controller_online"},
});
// Auxiliary inputs and outputs: `eventaddr` is theirs, and no door's.
constexpr auto kAuxiliary = std::to_array<std::string_view>({"12", "13", "220", "221"});
// What is kept of a line besides: nothing in it says who it was.
constexpr auto kPlain =
    std::to_array<std::string_view>({"event", "eventaddr", "inoutstatus", "verifytype", "status"});
constexpr unsigned kLargestPlain = 9999;  // a larger one is a person's or a card's in the wrong place

/// A line's values by their names, as the line has them.
using Fields = std::map<std::string, std::string_view, std::less<>>;

std::string_view trimmed(std::string_view text) {
    const auto begin = text.find_first_not_of(" \t\r");
    if (begin == std::string_view::npos) return {};
    return text.substr(begin, text.find_last_not_of(" \t\r") - begin + 1);
}

std::vector<std::string_view> split(std::string_view text, char separator) {
    std::vector<std::string_view> parts;
    while (true) {
        const auto end = text.find(separator);
        parts.push_back(text.substr(0, end));
        if (end == std::string_view::npos) return parts;
        text.remove_prefix(end + 1);
    }
}

std::string lower(std::string_view text) {
    std::string out{text};
    for (char& letter : out)
        if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter - 'A' + 'a');
    return out;
}

Fields fields_of(std::string_view line) {
    Fields fields;
    const auto parts = split(line, '\t');
    if (parts.front().find('=') != std::string_view::npos) {
        for (const std::string_view part : parts)
            if (const auto equals = part.find('='); equals != std::string_view::npos)
                fields.try_emplace(lower(trimmed(part.substr(0, equals))), trimmed(part.substr(equals + 1)));
        return fields;
    }
    constexpr std::array<const char*, 4> names{"pin", "time", "status", "verifytype"};
    for (std::size_t i = 0; i < names.size() && i < parts.size(); ++i)
        fields.try_emplace(names.at(i), trimmed(parts[i]));
    return fields;
}

std::string_view field(const Fields& fields, std::string_view name) {
    const auto found = fields.find(name);
    return found == fields.end() ? std::string_view{} : found->second;
}

std::optional<unsigned> number_from(std::string_view text) {
    unsigned number = 0;
    const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (text.empty() || code != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return number;
}

std::optional<unsigned> plain_number_from(std::string_view text) {
    const auto number = number_from(text);
    return number && *number <= kLargestPlain ? number : std::nullopt;
}

/// "2026-11-26 18:05:09".
std::optional<std::chrono::local_seconds> time_from(std::string_view text) {
    constexpr std::string_view form = "dddd-dd-dd dd:dd:dd";
    if (text.size() != form.size()) return std::nullopt;
    for (std::size_t i = 0; i < form.size(); ++i)
        if (form[i] == 'd' ? text[i] < '0' || text[i] > '9' : text[i] != form[i]) return std::nullopt;
    const auto part = [&](std::size_t at, std::size_t size) { return *number_from(text.substr(at, size)); };
    return to_local(
        static_cast<int>(part(0, 4)), part(5, 2), part(8, 2), part(11, 2), part(14, 2), part(17, 2)
    );
}

bool is_a_number(std::string_view text) {
    return text.find_first_not_of('0') != std::string_view::npos;
}

/// Also of the line of somebody who has a name in it: what is kept is chosen, nothing is left as it came.
json data_of(const Fields& fields, const Sender& sender) {
    json data{{"protocol", "zkteco_push"}};
    for (const std::string_view name : kPlain)
        if (const auto value = plain_number_from(field(fields, name))) data[std::string{name}] = *value;
    if (const auto index = number_from(field(fields, "index"))) data["index"] = *index;
    if (const auto pin = field(fields, "pin"); is_a_number(pin))
        data["person"] = sender.key.veil("person " + std::string{pin});
    return data;
}

void set_place(const Fields& fields, const Sender& sender, access::Event& event) {
    const bool is_auxiliary = std::ranges::find(kAuxiliary, field(fields, "event")) != kAuxiliary.end();
    const auto address = plain_number_from(field(fields, "eventaddr"));
    // A device that counts attendance has one place, which has no number.
    if (!fields.contains("eventaddr")) event.door = sender.serial;
    if (address && !is_auxiliary) event.door = door_label(sender.serial, *address);
    if (!event.code.starts_with("access.")) return;
    const auto way = field(fields, fields.contains("inoutstatus") ? "inoutstatus" : "status");
    if (way == "0") event.direction = access::Direction::in;
    if (way == "1") event.direction = access::Direction::out;
}

/// false: it has no time, or is no such line at all.
bool read_line(std::string_view line, const Sender& sender, access::Event& event) {
    const Fields fields = line.size() > kLongestLine ? Fields{} : fields_of(line);
    const auto time = time_from(field(fields, "time"));
    json data = data_of(fields, sender);
    if (time) {
        event.device_time = to_utc(*time, sender.clock);
        // Whoever counts attendance tells of those whom it has recognised.
        event.code = fields.contains("event")    ? code_of(field(fields, "event"))
                     : fields.contains("status") ? "access.granted"
                                                 : kUnknown;
        set_place(fields, sender, event);
    } else {
        data["unreadable"] = true;
    }
    if (const auto card = field(fields, "cardno"); is_a_number(card)) event.card = sender.key.seal(card);
    event.data = data.dump(-1, ' ', false, json::error_handler_t::replace);
    return time.has_value();
}

}  // namespace

std::string_view code_of(std::string_view number) noexcept {
    const auto* const found = std::ranges::find(kWords, number, &Word::number);
    return found == kWords.end() ? kUnknown : found->code;
}

bool has_events(std::string_view table) {
    return lower(table) == "rtlog" || lower(table) == "attlog";
}

Rows read_rows(std::string_view body, const Sender& sender, UtcTime received) {
    Rows rows;
    std::map<std::string, unsigned> seen;
    for (std::string_view line : split(body, '\n')) {
        if (line.ends_with('\r')) line.remove_suffix(1);
        if (trimmed(line).empty()) continue;
        if (rows.events.size() == kMostRows) return {.events = {}, .unreadable = 0, .is_too_long = true};
        access::Event event;
        event.source = sender.source;
        event.received = received;
        event.id = "row/" + sender.key.veil(line).substr(std::string_view{"hmac:"}.size());
        if (const unsigned before = seen[event.id]++; before > 0)
            event.id += "/" + std::to_string(before + 1);
        if (!read_line(line, sender, event)) ++rows.unreadable;
        rows.events.push_back(std::move(event));
    }
    return rows;
}

}  // namespace sluice::controllers::zkteco
