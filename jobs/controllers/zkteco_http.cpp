#include "jobs/controllers/zkteco_http.hpp"

#include <algorithm>
#include <charconv>

#include <fmt/core.h>

namespace sluice::controllers::zkteco {
namespace {

constexpr std::size_t kMostParameters = 32;

char lower(char letter) {
    return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
}

std::string lower(std::string_view text) {
    std::string out{text};
    std::ranges::transform(out, out.begin(), [](char letter) { return lower(letter); });
    return out;
}

std::string_view trimmed(std::string_view text) {
    const auto begin = text.find_first_not_of(" \t");
    if (begin == std::string_view::npos) return {};
    return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

/// What is badly written stays as it is: it will not be a name or a number that anybody knows.
std::string percent_decoded(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        unsigned byte = 0;
        const bool is_coded = text[i] == '%' && i + 2 < text.size();
        const char* const end = text.data() + std::min(i + 3, text.size());
        if (is_coded && std::from_chars(text.data() + i + 1, end, byte, 16).ptr == end) {
            out += static_cast<char>(byte);
            i += 2;
        } else {
            out += text[i];
        }
    }
    return out;
}

bool read_target(std::string_view target, Request& request) {
    if (!target.starts_with('/')) return false;
    const auto question = target.find('?');
    request.path = lower(target.substr(0, question));
    std::string_view rest =
        question == std::string_view::npos ? std::string_view{} : target.substr(question + 1);
    while (!rest.empty()) {
        const std::string_view part = rest.substr(0, rest.find('&'));
        rest.remove_prefix(std::min(part.size() + 1, rest.size()));
        const auto equals = part.find('=');
        if (equals == std::string_view::npos) continue;
        if (request.query.size() == kMostParameters) return false;
        request.query.try_emplace(
            lower(percent_decoded(part.substr(0, equals))), percent_decoded(part.substr(equals + 1))
        );
    }
    return true;
}

/// The status to answer; 0: all is well.
unsigned read_field(std::string_view line, Request& request, bool& has_length) {
    const auto colon = line.find(':');
    if (colon == std::string_view::npos || colon == 0) return 400;
    const std::string name = lower(line.substr(0, colon));
    const std::string_view value = trimmed(line.substr(colon + 1));
    if (name == "transfer-encoding") return 411;
    if (name == "expect") request.expects_continue = lower(value) == "100-continue";
    if (name != "content-length") return 0;
    // Two lengths are two opinions on where the request ends.
    if (has_length) return 400;
    has_length = true;
    const auto [end, code] = std::from_chars(value.data(), value.data() + value.size(), request.body_bytes);
    if (value.empty() || code == std::errc::invalid_argument || end != value.data() + value.size())
        return 400;
    return code != std::errc{} || request.body_bytes > kMostBodyBytes ? 413 : 0;
}

std::string_view reason_of(unsigned status) {
    switch (status) {
        case 200:
            return "OK";
        case 403:
            return "Forbidden";
        case 404:
            return "Not Found";
        case 405:
            return "Method Not Allowed";
        case 411:
            return "Length Required";
        case 413:
            return "Content Too Large";
        case 431:
            return "Request Header Fields Too Large";
        case 503:
            return "Service Unavailable";
        default:
            return "Bad Request";
    }
}

}  // namespace

std::string_view Request::parameter(std::string_view name) const {
    const auto found = query.find(std::string{name});
    return found == query.end() ? std::string_view{} : std::string_view{found->second};
}

std::expected<std::optional<Request>, unsigned> parse_head(std::string_view bytes) {
    const auto end = bytes.find("\r\n\r\n");
    if (end == std::string_view::npos || end + 4 > kMostHeadBytes) {
        if (bytes.size() >= kMostHeadBytes) return std::unexpected(431U);
        return std::nullopt;
    }
    Request request;
    request.head_bytes = end + 4;
    std::string_view head = bytes.substr(0, end);
    const auto take_line = [&head] {
        const std::string_view line = head.substr(0, head.find("\r\n"));
        head.remove_prefix(std::min(line.size() + 2, head.size()));
        return line;
    };
    const std::string_view first = take_line();
    const auto blank = first.find(' ');
    const auto last = first.rfind(' ');
    if (blank == std::string_view::npos || last == blank || !first.substr(last + 1).starts_with("HTTP/1."))
        return std::unexpected(400U);
    request.method = first.substr(0, blank);
    if (request.method != "GET" && request.method != "POST") return std::unexpected(405U);
    if (!read_target(first.substr(blank + 1, last - blank - 1), request)) return std::unexpected(400U);
    bool has_length = false;
    while (!head.empty())
        if (const unsigned status = read_field(take_line(), request, has_length); status != 0)
            return std::unexpected(status);
    if (request.method == "POST" && !has_length) return std::unexpected(411U);
    return request;
}

std::string to_answer(unsigned status, std::string_view text) {
    return fmt::format(
        "HTTP/1.1 {} {}\r\nContent-Type: text/plain\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{}",
        status,
        reason_of(status),
        text.size(),
        text
    );
}

}  // namespace sluice::controllers::zkteco
