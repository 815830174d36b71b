#include "daemon/ups/protocol.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace sluice::ups {
namespace {

/// Takes one word off the front; false: a quote does not end.
bool take_word(std::string_view& rest, std::string& word) {
    const bool is_quoted = rest.front() == '"';
    if (is_quoted) rest.remove_prefix(1);
    while (!rest.empty()) {
        const char letter = rest.front();
        rest.remove_prefix(1);
        if (letter == '\\' && !rest.empty()) {
            word.push_back(rest.front());
            rest.remove_prefix(1);
        } else if (is_quoted ? letter == '"' : letter == ' ') {
            return true;
        } else {
            word.push_back(letter);
        }
    }
    return !is_quoted;
}

std::optional<double> number_from(const std::string& text) {
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || !std::isfinite(value) || value < 0)
        return std::nullopt;
    return value;
}

/// "ERR DATA-STALE" in plain words.
Error error_of(const std::vector<std::string>& words) {
    const std::string what = words.size() > 1 ? words[1] : "";
    std::string text = "the UPS server answers " + (what.empty() ? std::string{"ERR"} : what);
    if (what == "UNKNOWN-UPS") text += ": it knows no unit of that name";
    if (what == "ACCESS-DENIED") text += ": user name or password is wrong, or not allowed from here";
    if (what == "DATA-STALE") text += ": its driver has lost the UPS";
    if (what == "DRIVER-NOT-CONNECTED") text += ": the UPS's driver does not run";
    return {Remedy::retry, std::move(text)};
}

Error no_answer() {
    return {Remedy::retry, "the UPS server gives an answer that is none"};
}

void take_variable(const std::string& name, const std::string& value, Reading& reading) {
    constexpr double kMostSeconds = 1e9;
    if (name == "ups.status") reading.words = value;
    if (name == "battery.charge") reading.charge_percent = number_from(value);
    if (name != "battery.runtime") return;
    if (const auto seconds = number_from(value); seconds && *seconds < kMostSeconds)
        reading.runtime = std::chrono::seconds{static_cast<std::int64_t>(*seconds)};
}

}  // namespace

Result<std::vector<std::string>> split_words(std::string_view line) {
    if (line.size() > kLineLimit) return std::unexpected(no_answer());
    while (line.ends_with('\r') || line.ends_with('\n'))
        line.remove_suffix(1);
    std::vector<std::string> words;
    while (true) {
        while (line.starts_with(' '))
            line.remove_prefix(1);
        if (line.empty()) return words;
        if (!take_word(line, words.emplace_back())) return std::unexpected(no_answer());
    }
}

std::string quote(std::string_view word) {
    std::string text = "\"";
    for (const char letter : word) {
        if (letter == '"' || letter == '\\') text.push_back('\\');
        text.push_back(letter);
    }
    return text + '"';
}

bool ends_list(std::string_view line) {
    return line.starts_with("END LIST ") || line.starts_with("ERR");
}

Result<Reading> read_list(std::string_view unit, std::span<const std::string> lines) {
    Reading reading;
    bool has_begun = false;
    for (const std::string& line : lines) {
        const auto words = split_words(line);
        if (!words) return std::unexpected(words.error());
        if (!words->empty() && words->front() == "ERR") return std::unexpected(error_of(*words));
        const bool is_border =
            words->size() == 4 && (*words)[1] == "LIST" && (*words)[2] == "VAR" && (*words)[3] == unit;
        if (!has_begun) {
            if (!is_border || words->front() != "BEGIN") return std::unexpected(no_answer());
            has_begun = true;
            continue;
        }
        if (is_border && words->front() == "END") {
            if (reading.words.empty())
                return failure(Remedy::retry, "the UPS server tells nothing of the unit's ups.status");
            return reading;
        }
        if (words->size() != 4 || words->front() != "VAR" || (*words)[1] != unit)
            return std::unexpected(no_answer());
        take_variable((*words)[2], (*words)[3], reading);
    }
    return std::unexpected(no_answer());
}

Status read_consent(std::string_view line) {
    const auto words = split_words(line);
    if (!words) return std::unexpected(words.error());
    if (!words->empty() && words->front() == "OK") return {};
    if (!words->empty() && words->front() == "ERR") return std::unexpected(error_of(*words));
    return std::unexpected(no_answer());
}

PowerState judge(std::string_view words) {
    const auto split = split_words(words);
    if (!split) return PowerState::unknown;
    const auto has = [&](std::string_view word) { return std::ranges::find(*split, word) != split->end(); };
    if (has("FSD")) return PowerState::battery_low;
    if (has("OB")) return has("LB") ? PowerState::battery_low : PowerState::battery;
    return has("OL") ? PowerState::mains : PowerState::unknown;
}

}  // namespace sluice::ups
