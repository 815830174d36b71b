#pragma once

#include "api/http/text.hpp"
#include "config/base/log.hpp"
#include "config/base/unique_fd.hpp"
#include "tests/support/demand.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>

/// A small HTTP client for tests: blocking, every wait limited, and able to misbehave. It throws what it
/// cannot do: Catch2's assertions belong to the test's own thread, and clients run on many.
namespace sluice::test {

struct Reply {
    int status = 0;                              ///< 0: the connection ended without an answer
    std::map<std::string, std::string> headers;  ///< names in lower case
    std::string body;
    bool is_whole = false;  ///< every byte that Content-Length announced has come

    [[nodiscard]] std::string header(const std::string& name) const {
        const auto found = headers.find(name);
        return found == headers.end() ? std::string{} : found->second;
    }
};

class Client {
public:
    explicit Client(std::uint16_t port, int receive_buffer_bytes = 0)
        : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        demand(fd_.is_open(), "no socket for the client");
        const timeval limit{20, 0};
        ::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
        ::setsockopt(fd_.get(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
        if (receive_buffer_bytes > 0)
            ::setsockopt(
                fd_.get(), SOL_SOCKET, SO_RCVBUF, &receive_buffer_bytes, sizeof receive_buffer_bytes
            );
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        demand(
            ::connect(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0,
            "the API takes no connection"
        );
    }

    /// False when the other side does not take it any more.
    bool send(std::string_view text) {
        while (!text.empty()) {
            const ssize_t count = ::send(fd_.get(), text.data(), text.size(), MSG_NOSIGNAL);
            if (count <= 0) return false;
            text.remove_prefix(static_cast<std::size_t>(count));
        }
        return true;
    }
    void shut_down_sending() { ::shutdown(fd_.get(), SHUT_WR); }

    /// The next answer on this connection.
    Reply receive(bool is_head = false) {
        Reply reply = receive_head();
        if (reply.status == 0) return reply;
        const bool has_body = !is_head && reply.status != 204 && reply.status != 304;
        const std::size_t length = has_body ? std::stoull("0" + reply.header("content-length")) : 0;
        while (buffer_.size() < length && read_more()) {
        }
        reply.body = buffer_.substr(0, length);
        reply.is_whole = reply.body.size() == length;
        buffer_.erase(0, reply.body.size());
        return reply;
    }
    /// Only the head of the next answer; its body is left to `take_some`.
    Reply receive_head() {
        Reply reply;
        std::size_t end = 0;
        while ((end = buffer_.find("\r\n\r\n")) == std::string::npos)
            if (!read_more()) return reply;
        parse_head(buffer_.substr(0, end), reply);
        buffer_.erase(0, end + 4);
        return reply.status == 100 ? receive_head() : reply;
    }
    /// The next bytes of a body, at least one; empty when the connection has ended.
    std::string take_some() {
        if (buffer_.empty() && !read_more()) return {};
        return std::exchange(buffer_, {});
    }
    /// Everything so far, once it holds `text`; fails when the connection ends before.
    std::string read_until(std::string_view text) {
        while (buffer_.find(text) == std::string::npos)
            demand(read_more(), "the connection ended without " + std::string{text} + ":\n" + buffer_);
        return buffer_;
    }
    std::string read_to_end() {
        while (read_more()) {
        }
        return buffer_;
    }
    /// Waits until the next answer's head has come; `receive` gives it afterwards.
    void await_head() {
        while (buffer_.find("\r\n\r\n") == std::string::npos)
            demand(read_more(), "the connection ended without an answer");
    }
    /// True when the other side has closed and nothing more came.
    bool is_at_end() { return buffer_.empty() && !read_more() && last_ == 0; }

private:
    static void parse_head(std::string_view head, Reply& reply) {
        const auto lines = http::split(head, '\n');
        demand(lines.front().starts_with("HTTP/1.1 "), "not HTTP/1.1: " + std::string{lines.front()});
        reply.status = std::stoi(std::string{lines.front().substr(9, 3)});
        for (std::size_t i = 1; i < lines.size(); ++i) {
            const std::size_t colon = lines[i].find(':');
            demand(colon != std::string_view::npos, "a header without colon: " + std::string{lines[i]});
            std::string_view value = http::trim(lines[i].substr(colon + 1));
            while (value.ends_with('\r'))
                value.remove_suffix(1);
            reply.headers[http::to_lower(lines[i].substr(0, colon))] = std::string{value};
        }
    }
    bool read_more() {
        std::array<char, 65536> bytes{};
        last_ = ::recv(fd_.get(), bytes.data(), bytes.size(), 0);
        if (last_ <= 0) return false;
        buffer_.append(bytes.data(), static_cast<std::size_t>(last_));
        return true;
    }

    UniqueFd fd_;
    std::string buffer_;
    ssize_t last_ = 1;
};

/// A request as a test sends it. `headers` are lines.
struct Sent {
    std::string_view method;
    std::string_view target;
    std::vector<std::string> headers{};
    std::string_view body{};
};

/// What opens something is not written down, though it is a test's: only that it was there.
inline void append_sent(std::string& line, const Sent& sent) {
    line += "{\"headers\":{";
    bool is_json = false;
    bool is_first = true;
    for (const std::string& header : sent.headers) {
        const std::size_t colon = header.find(':');
        if (colon == std::string::npos) continue;  // a test that sends what is none
        const std::string name = http::to_lower(header.substr(0, colon));
        const std::string_view value = http::trim(std::string_view{header}.substr(colon + 1));
        if (name == "content-type") is_json = value.find("json") != std::string_view::npos;
        line += is_first ? "" : ",";
        is_first = false;
        log::append_json_string(line, name);
        line += ':';
        log::append_json_string(line, name == "authorization" || name == "cookie" ? "" : value);
    }
    line += "},\"bytes\":" + std::to_string(sent.body.size()) + ",\"body\":";
    if (is_json)
        log::append_json_string(line, sent.body);
    else
        line += "null";
    line += '}';
}

/// Appends the exchange to the file named by SLUICE_RECORD_HTTP, one JSON object a line, for
/// scripts/contract.
inline void record_exchange(const Sent& sent, const Reply& reply) {
    const char* const path = std::getenv("SLUICE_RECORD_HTTP");
    if (path == nullptr) return;
    std::string line = "{\"method\":";
    log::append_json_string(line, sent.method);
    line += ",\"target\":";
    log::append_json_string(line, sent.target);
    if (reply.status < 400) {  // what was refused may be anything
        line += ",\"request\":";
        append_sent(line, sent);
    }
    line += ",\"status\":" + std::to_string(reply.status) + ",\"headers\":{";
    bool is_first = true;
    for (const auto& [name, value] : reply.headers) {
        line += is_first ? "" : ",";
        is_first = false;
        log::append_json_string(line, name);
        line += ':';
        log::append_json_string(line, value);
    }
    line += "},\"body\":";
    const std::string type = reply.header("content-type");
    const bool is_text = type.find("json") != std::string::npos;
    if (is_text)
        log::append_json_string(line, reply.body);
    else
        line += "null";
    static std::mutex mutex;  // clients of one test run on several threads
    const std::lock_guard lock{mutex};
    std::ofstream{path, std::ios::app} << line + "}\n";
}

/// One request on a connection of its own.
inline Reply fetch(
    std::uint16_t port,
    const std::string& method,
    const std::string& target,
    std::vector<std::string> headers = {},
    const std::string& body = {}
) {
    const auto names_type = [](const std::string& header) {
        return http::to_lower(header).starts_with("content-type:");
    };
    if (!body.empty() && std::ranges::none_of(headers, names_type))
        headers.emplace_back("Content-Type: application/json");
    Client client{port};
    std::string text = method + " " + target + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n";
    for (const std::string& header : headers)
        text += header + "\r\n";
    if (!body.empty()) text += "Content-Length: " + std::to_string(body.size()) + "\r\n";
    demand(client.send(text + "\r\n" + body), "the API took no request");
    Reply reply = client.receive(method == "HEAD");
    if (reply.status != 0) record_exchange({method, target, headers, body}, reply);
    return reply;
}

}  // namespace sluice::test
