#include "tests/support/xvr_simulator/connection.hpp"

#include "tests/support/farm/auth.hpp"

#include <array>
#include <string>
#include <string_view>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <fmt/format.h>

namespace sluice::xvr_simulator {
namespace {

constexpr std::string_view kNonce = "0f1e2d3c4b5a69788796a5b4c3d2e1f0";
constexpr std::size_t kRequestLimit = 65'536;

void send_text(int fd, std::string_view text) {
    static_cast<void>(::send(fd, text.data(), text.size(), MSG_NOSIGNAL));
}

/// One request's head; empty: there is none any more.
std::string read_head(int fd, std::string& buffer) {
    while (buffer.find("\r\n\r\n") == std::string::npos && buffer.size() < kRequestLimit) {
        std::array<char, 4096> bytes{};
        const ssize_t count = ::recv(fd, bytes.data(), bytes.size(), 0);
        if (count <= 0) return {};
        buffer.append(bytes.data(), static_cast<std::size_t>(count));
    }
    const std::size_t end = buffer.find("\r\n\r\n");
    if (end == std::string::npos) return {};
    std::string head = buffer.substr(0, end + 2);
    buffer.erase(0, end + 4);
    return head;
}

std::string_view header(std::string_view head, std::string_view name) {
    const std::size_t found = head.find("\r\n" + std::string{name} + ": ");
    if (found == std::string_view::npos) return {};
    head.remove_prefix(found + name.size() + 4);
    return head.substr(0, head.find("\r\n"));
}

void answer(int fd, const Recorder::Answer& answer) {
    if (answer.status == 401)
        return send_text(
            fd,
            fmt::format(
                "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Digest realm=\"{}\", qop=\"auth\", "
                "nonce=\"{}\"\r\n"
                "Content-Length: 0\r\n\r\n",
                farm::kRealm,
                kNonce
            )
        );
    send_text(
        fd,
        fmt::format(
            "HTTP/1.1 {} X\r\nContent-Type: {}\r\nContent-Length: {}\r\n\r\n{}",
            answer.status,
            answer.content_type,
            answer.body.size() + answer.withheld,
            answer.body
        )
    );
}

void wait_for_end(int fd) {
    std::array<char, 256> bytes{};
    while (::recv(fd, bytes.data(), bytes.size(), 0) > 0) {
    }
}

/// Until the other side closes, or a command shuts it.
void stream(int fd, Recorder& recorder) {
    send_text(
        fd,
        "HTTP/1.1 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=myboundary\r\nConnection: "
        "close\r\n\r\n"
    );
    recorder.add_listener(fd);
    wait_for_end(fd);
    recorder.remove_listener(fd);
}

}  // namespace

void serve(UniqueFd fd, Recorder& recorder) {
    const int on = 1;
    ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    std::string buffer;
    while (true) {
        const std::string head = read_head(fd.get(), buffer);
        const std::size_t blank = head.find(' ');
        if (blank == std::string::npos) return;
        const std::string_view rest = std::string_view{head}.substr(blank + 1);
        const auto found = recorder.answer(
            head.substr(0, blank),
            rest.substr(0, rest.find(' ')),
            header(head, "Authorization"),
            std::string{kNonce}
        );
        if (found.is_stream) return stream(fd.get(), recorder);
        if (found.is_hanging) return wait_for_end(fd.get());
        answer(fd.get(), found);
        if (found.withheld > 0) return;
    }
}

}  // namespace sluice::xvr_simulator
