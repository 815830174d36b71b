#include "jobs/xvr/event.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <map>

#include <nlohmann/json.hpp>

namespace sluice::xvr {
namespace {

using nlohmann::json;

constexpr std::size_t kWordLimit = 64;
constexpr int kMostIndex = 1023;
constexpr std::size_t kTitleLimit = 256;
constexpr std::string_view kBlank = " \t\r\n";

std::string_view trim(std::string_view text) {
    const std::size_t begin = text.find_first_not_of(kBlank);
    if (begin == std::string_view::npos) return {};
    return text.substr(begin, text.find_last_not_of(kBlank) - begin + 1);
}

template <class Integer>
std::optional<Integer> integer_from(std::string_view text) {
    Integer value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

bool is_word(std::string_view text) {
    return !text.empty() && text.size() <= kWordLimit && std::ranges::all_of(text, [](char letter) {
        return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
               (letter >= '0' && letter <= '9') || letter == '_' || letter == '-' || letter == '.';
    });
}

std::string data_from(std::string_view text) {
    text = trim(text);
    if (text.empty()) return "{}";
    json object = json::parse(text, nullptr, false);
    if (!object.is_object()) object = json{{"text", std::string{text}}};
    return object.dump(-1, ' ', false, json::error_handler_t::replace);
}

void take_field(std::string_view field, RawEvent& event) {
    const std::size_t equals = field.find('=');
    if (equals == std::string_view::npos) return;
    const std::string_view name = trim(field.substr(0, equals));
    const std::string_view value = trim(field.substr(equals + 1));
    if (name == "Code") event.code = value;
    if (name == "action" && is_word(value)) event.action = value;
    if (name != "index") return;
    if (const auto index = integer_from<int>(value); index && *index >= 0 && *index <= kMostIndex)
        event.index = *index;
}

std::optional<RawEvent> read_event(std::string_view text) {
    RawEvent event;
    std::string_view head = text;
    std::string_view data;
    // At the beginning of a field, or the value of another one might hold it.
    if (const std::size_t found = text.find(";data="); found != std::string_view::npos) {
        head = text.substr(0, found);
        data = text.substr(found + 6);
    }
    while (!head.empty()) {
        const std::size_t end = std::min(head.find(';'), head.size());
        take_field(head.substr(0, end), event);
        head.remove_prefix(std::min(end + 1, head.size()));
    }
    if (!is_word(event.code)) return std::nullopt;
    event.data = data_from(data);
    return event;
}

bool is_heartbeat(std::string_view body) {
    return body == "Heartbeat" || body == "heartbeat" || body == "HeartBeat";
}

/// Where the next event begins: at a line's beginning, behind `from`.
std::size_t next_event(std::string_view text, std::size_t from) {
    const std::size_t found = text.find("\nCode=", from);
    return found == std::string_view::npos ? text.size() : found + 1;
}

/// A number of exactly `digits` digits off the front; nullopt: there is none.
std::optional<int> take_number(std::string_view& text, std::size_t least, std::size_t most) {
    std::size_t digits = 0;
    while (digits < text.size() && digits < most && text[digits] >= '0' && text[digits] <= '9')
        ++digits;
    if (digits < least) return std::nullopt;
    const auto value = integer_from<int>(text.substr(0, digits));
    text.remove_prefix(digits);
    return value;
}

bool take_letter(std::string_view& text, char letter) {
    if (!text.starts_with(letter)) return false;
    text.remove_prefix(1);
    return true;
}

std::optional<std::int64_t> local_seconds(std::string_view text) {
    using namespace std::chrono;
    const auto year = take_number(text, 4, 4);
    if (!year || !take_letter(text, '-')) return std::nullopt;
    const auto month = take_number(text, 1, 2);
    if (!month || !take_letter(text, '-')) return std::nullopt;
    const auto day = take_number(text, 1, 2);
    if (!day || !(take_letter(text, ' ') || take_letter(text, 'T'))) return std::nullopt;
    const auto hour = take_number(text, 1, 2);
    if (!hour || !take_letter(text, ':')) return std::nullopt;
    const auto minute = take_number(text, 1, 2);
    if (!minute || !take_letter(text, ':')) return std::nullopt;
    const auto second = take_number(text, 1, 2);
    if (!second || !text.empty()) return std::nullopt;
    const year_month_day date{
        std::chrono::year{*year},
        std::chrono::month{static_cast<unsigned>(*month)},
        std::chrono::day{static_cast<unsigned>(*day)}
    };
    if (!date.ok() || *year < 1970 || *hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
    return duration_cast<seconds>(local_days{date}.time_since_epoch()).count() + *hour * 3600LL +
           *minute * 60LL + *second;
}

/// "table.ChannelTitle[3].Name=一樓正門內側"
std::optional<ChannelTitle> read_title(std::string_view line) {
    constexpr std::string_view begin = "ChannelTitle[";
    constexpr std::string_view middle = "].Name=";
    const std::size_t found = line.find(begin);
    if (found == std::string_view::npos) return std::nullopt;
    line.remove_prefix(found + begin.size());
    const std::size_t close = line.find(middle);
    if (close == std::string_view::npos) return std::nullopt;
    const auto index = integer_from<int>(line.substr(0, close));
    if (!index || *index < 0 || *index > kMostIndex) return std::nullopt;
    const std::string_view name = trim(line.substr(close + middle.size()));
    if (name.size() > kTitleLimit) return std::nullopt;
    return ChannelTitle{.index = *index, .name = std::string{name}};
}

}  // namespace

Part read_part(std::string_view body) {
    Part part;
    body = trim(body);
    if (is_heartbeat(body)) return part;
    while (!body.empty()) {
        const std::size_t end = next_event(body, 0);
        if (auto event = read_event(trim(body.substr(0, end)))) {
            part.events.push_back(std::move(*event));
        } else {
            ++part.unreadable;
        }
        body.remove_prefix(end);
    }
    if (part.events.empty() && part.unreadable == 0) part.unreadable = 1;
    return part;
}

Result<std::int64_t> read_current_time(std::string_view text) {
    text = trim(text);
    constexpr std::string_view name = "result=";
    if (text.starts_with(name)) text.remove_prefix(name.size());
    const auto seconds = local_seconds(trim(text));
    if (!seconds) return failure(Remedy::retry, "the recorder tells a time that is none");
    return *seconds;
}

Result<std::vector<ChannelTitle>> read_titles(std::string_view text) {
    std::map<int, std::string> titles;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        if (auto title = read_title(text.substr(0, end))) titles[title->index] = std::move(title->name);
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    if (titles.empty()) return failure(Remedy::retry, "the recorder tells no channel titles");
    std::vector<ChannelTitle> list;
    list.reserve(titles.size());
    for (auto& [index, name] : titles)
        list.push_back({.index = index, .name = std::move(name)});
    return list;
}

}  // namespace sluice::xvr
