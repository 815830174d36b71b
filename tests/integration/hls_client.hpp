#pragma once

#include "tests/integration/api_client.hpp"
#include "tests/support/process.hpp"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

/// Reading playlists in tests, and players that judge them.
namespace sluice::test {

[[nodiscard]] inline std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> out;
    for (const std::string_view line : http::split(text, '\n'))
        if (!line.empty()) out.emplace_back(line);
    return out;
}
/// Lines that begin so, without that beginning.
[[nodiscard]] inline std::vector<std::string>
lines_with(const std::string& text, const std::string& beginning) {
    std::vector<std::string> out;
    for (const std::string& line : lines_of(text))
        if (line.starts_with(beginning)) out.push_back(line.substr(beginning.size()));
    return out;
}
/// Addresses of whole segments.
[[nodiscard]] inline std::vector<std::string> segments_of(const std::string& text) {
    std::vector<std::string> out;
    for (const std::string& line : lines_of(text))
        if (!line.starts_with('#')) out.push_back(line);
    return out;
}
/// Addresses of parts, in order.
[[nodiscard]] inline std::vector<std::string> parts_of(const std::string& text) {
    std::vector<std::string> out;
    for (const std::string& line : lines_with(text, "#EXT-X-PART:")) {
        const std::size_t from = line.find("URI=\"") + 5;
        out.push_back(line.substr(from, line.find('"', from) - from));
    }
    return out;
}
[[nodiscard]] inline std::uint64_t first_number(const std::string& text) {
    const auto found = lines_with(text, "#EXT-X-MEDIA-SEQUENCE:");
    REQUIRE(found.size() == 1);
    return std::stoull(found.front());
}

struct Played {
    std::uint64_t packets = 0;
    std::uint64_t frames = 0;
    std::string complaints;
};
/// What ffprobe reads and decodes of a playlist, with a token as Basic password in the address, as a person
/// would type it.
[[nodiscard]] inline Played play(std::uint16_t port, const std::string& token, const std::string& target) {
    const std::string address = "http://any:" + token + "@127.0.0.1:" + std::to_string(port) + target;
    const auto run = run_to_end(
        {"ffprobe",
         "-v",
         "error",
         "-count_packets",
         "-count_frames",
         "-select_streams",
         "v:0",
         "-show_entries",
         "stream=nb_read_packets,nb_read_frames",
         "-of",
         "default=nw=1",
         address},
        std::chrono::seconds{60}
    );
    if (!run) FAIL(run.error().describe());
    Played played;
    played.complaints = run->errors;
    for (const std::string& line : lines_of(run->output)) {
        if (line.starts_with("nb_read_packets=")) played.packets = std::stoull("0" + line.substr(16));
        if (line.starts_with("nb_read_frames=")) played.frames = std::stoull("0" + line.substr(15));
    }
    return played;
}

}  // namespace sluice::test
