#include "tests/support/xvr_simulator/recorder.hpp"

#include "tests/support/farm/auth.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include <sys/socket.h>

#include <fmt/chrono.h>
#include <fmt/format.h>

namespace sluice::xvr_simulator {
namespace {

constexpr std::string_view kAttach = "/cgi-bin/eventManager.cgi?action=attach&codes=";
constexpr std::string_view kTitles = "/cgi-bin/configManager.cgi?action=getConfig&name=ChannelTitle";
constexpr std::string_view kTime = "/cgi-bin/global.cgi?action=getCurrentTime";
constexpr std::string_view kSnapshot = "/cgi-bin/snapshot.cgi?channel=";
constexpr std::chrono::hours kZone{8};

/// Heads as a reader wants them, around something that stands for the coded picture.
std::string jpeg(int width, int height, std::size_t coded_bytes) {
    using namespace std::string_literals;
    const auto number = [](int value) {
        return std::string{static_cast<char>(value >> 8), static_cast<char>(value)};
    };
    return "\xFF\xD8\xFF\xE0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00\xFF\xC0\x00\x11\x08"s +
           number(height) + number(width) + "\x03\x01\x22\x00\x02\x11\x01\x03\x11\x01"s +
           "\xFF\xDA\x00\x0C\x03\x01\x00\x02\x11\x03\x11\x00\x3F\x00"s + std::string(coded_bytes, 'p') +
           "\xFF\xD9"s;
}

/// As a wall clock in Asia/Taipei shows it.
std::string wall_clock(std::chrono::seconds offset) {
    const auto now = std::chrono::system_clock::now() + offset + kZone;
    return fmt::format("result={:%Y-%m-%d %H:%M:%S}\r\n", std::chrono::floor<std::chrono::seconds>(now));
}

std::string_view take_word(std::string_view& line) {
    const std::size_t end = std::min(line.find(' '), line.size());
    const std::string_view word = line.substr(0, end);
    line.remove_prefix(std::min(end + 1, line.size()));
    return word;
}

std::optional<int> number_from(std::string_view text) {
    int value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

/// \r, \n and \\ in a command.
std::string unescape(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '\\' || i + 1 == text.size()) {
            out.push_back(text[i]);
            continue;
        }
        const char next = text[++i];
        out.push_back(next == 'r' ? '\r' : next == 'n' ? '\n' : next);
    }
    return out;
}

}  // namespace

Recorder::Recorder(std::string user, std::string password) : user_(std::move(user)) {
    state_.with([&](State& state) { state.password = std::move(password); });
}

Recorder::Answer Recorder::answer(
    const std::string& method,
    std::string_view target,
    std::string_view authorization,
    const std::string& nonce
) {
    return state_.with([&](State& state) -> Answer {
        if (state.is_broken) return {500, "Error\r\n", false};
        const farm::Credentials wanted{farm::AuthKind::digest_md5, user_, state.password};
        if (authorization.empty() || !farm::is_authorized(wanted, nonce, method, authorization)) {
            if (!authorization.empty()) ++state.refused;
            return {401, "", false};
        }
        if (target.starts_with(kAttach)) {
            ++state.attached;
            return {200, "", true};
        }
        if (target.starts_with(kSnapshot)) {
            ++state.asked_pictures;
            return snapshot(state, target.substr(kSnapshot.size()));
        }
        if (target == kTime) return {200, wall_clock(state.clock_offset), false};
        if (target != kTitles) return {400, "Error\r\nBad Request!\r\n", false};
        std::string body;
        for (const auto& [index, name] : state.titles)
            body += fmt::format(
                "table.ChannelTitle[{}].Name={}\r\ntable.ChannelTitle[{}].SerialNo=\r\n", index, name, index
            );
        return {200, body, false};
    });
}

Recorder::Answer Recorder::snapshot(const State& state, std::string_view channel) {
    const auto number = number_from(channel);
    if (!number || *number < 1 || *number > 16) return {400, "Error\r\nBad Request!\r\n", false};
    const auto found = state.pictures.find(*number);
    const std::string fault = found == state.pictures.end() ? "ok" : found->second;
    Answer answer{.status = 200, .body = jpeg(1920, 1080, 400'000), .content_type = "image/jpeg"};
    if (const auto status = number_from(fault)) return {*status, "Error\r\n", false};
    if (fault == "hang") answer.is_hanging = true;
    if (fault == "mislabelled") answer.content_type = "text/html";
    if (fault == "html") answer = {.body = "<html>Busy</html>", .content_type = "image/jpeg"};
    if (fault == "empty") answer.body.clear();
    if (fault == "cut") answer.body.resize(answer.body.size() / 2);
    if (fault == "short") answer.withheld = 1000;
    if (fault == "huge") answer.body.append(9UL << 20U, 'p');
    if (fault == "flat") answer.body = jpeg(1920, 1080, 35'000);
    if (fault == "small") answer.body = jpeg(704, 576, 60'000);
    return answer;
}

void Recorder::add_listener(int fd) {
    state_.with([&](State& state) { state.listeners.push_back(fd); });
}

void Recorder::remove_listener(int fd) {
    state_.with([&](State& state) { std::erase(state.listeners, fd); });
}

void Recorder::beat() {
    state_.with([&](State& state) {
        if (!state.is_muted) send_all(state, part(state, "Heartbeat"));
    });
}

std::string Recorder::part(const State& state, std::string_view body) {
    std::string text = "--myboundary\r\nContent-Type: text/plain\r\n";
    if (!state.is_bare) text += fmt::format("Content-Length: {}\r\n", body.size());
    text += "\r\n";
    text += body;
    return text + (state.is_unclosed ? "" : "\r\n\r\n");
}

/// Under the lock: two commands never mix their bytes. Listeners are few and read fast.
void Recorder::send_all(const State& state, std::string_view bytes) {
    for (const int fd : state.listeners) {
        std::string_view rest = bytes;
        while (!rest.empty()) {
            const std::size_t count = state.piece == 0 ? rest.size() : std::min(state.piece, rest.size());
            const ssize_t sent = ::send(fd, rest.data(), count, MSG_NOSIGNAL);
            if (sent <= 0) break;
            rest.remove_prefix(static_cast<std::size_t>(sent));
        }
    }
}

std::optional<std::string> Recorder::command(std::string_view line) {
    const std::string word{take_word(line)};
    return state_.with([&](State& state) -> std::optional<std::string> {
        const auto set = [&](bool& flag) -> std::optional<std::string> {
            flag = line == "on";
            return "ok";
        };
        if (word == "event") {
            send_all(state, part(state, unescape(line)));
        } else if (word == "raw") {
            send_all(state, unescape(line));
        } else if (word == "drop") {
            for (const int fd : state.listeners)
                ::shutdown(fd, SHUT_RDWR);
        } else if (word == "mute") {
            return set(state.is_muted);
        } else if (word == "broken") {
            return set(state.is_broken);
        } else if (word == "bare") {
            return set(state.is_bare);
        } else if (word == "unclosed") {
            return set(state.is_unclosed);
        } else if (word == "piece") {
            state.piece = static_cast<std::size_t>(number_from(line).value_or(0));
        } else if (word == "clock") {
            state.clock_offset = std::chrono::seconds{number_from(line).value_or(0)};
        } else if (word == "password") {
            state.password = line;
        } else if (word == "title") {
            const auto index = number_from(take_word(line));
            if (!index) return std::nullopt;
            state.titles[*index] = line;
        } else if (word == "picture") {  // CHANNEL STATUS, or a word of snapshot()
            const auto channel = number_from(take_word(line));
            if (!channel) return std::nullopt;
            state.pictures[*channel] = line;
        } else if (word == "counts") {
            return fmt::format(
                "listeners={} attached={} refused={} pictures={}",
                state.listeners.size(),
                state.attached,
                state.refused,
                state.asked_pictures
            );
        } else {
            return std::nullopt;
        }
        return "ok";
    });
}

}  // namespace sluice::xvr_simulator
