#include "config/base/log.hpp"

#include "config/base/time.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cctype>
#include <cstdlib>
#include <cstring>
#include <mutex>

#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <fmt/format.h>

namespace sluice::log {
namespace {

constexpr std::size_t kPipePiece =
    4096;  // a pipe that polls as writable takes so much without blocking (PIPE_BUF)

struct Sink {
    std::string program = "sluice";
    std::atomic<Level> lowest = Level::info;
    int journal_fd = -1;  // connected datagram socket, or -1: JSON lines on stderr
    std::mutex order;     // whole lines only, also when a pipe's buffer is full
};

Sink& sink() {
    static Sink instance;
    return instance;
}

std::string_view level_name(Level level) {
    constexpr std::array<std::string_view, 4> kNames{"debug", "info", "warn", "error"};
    return kNames[static_cast<std::size_t>(level)];
}

/// syslog(3) priorities.
int priority(Level level) {
    constexpr std::array<int, 4> kPriorities{7, 6, 4, 3};
    return kPriorities[static_cast<std::size_t>(level)];
}

/// systemd sets JOURNAL_STREAM=device:inode of the journal's pipe; anything else on stderr wants plain lines.
bool stderr_is_journal() {
    // NOLINTNEXTLINE(concurrency-mt-unsafe): before the first thread, and nobody here sets it
    const char* stream = std::getenv("JOURNAL_STREAM");
    if (stream == nullptr) return false;
    struct stat status{};
    if (::fstat(STDERR_FILENO, &status) != 0) return false;
    return fmt::format("{}:{}", status.st_dev, status.st_ino) == stream;
}

int connect_journal() {
    const int fd = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return -1;
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    constexpr std::string_view kPath = "/run/systemd/journal/socket";
    std::memcpy(address.sun_path, kPath.data(), kPath.size());
    if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return fd;
    ::close(fd);
    return -1;
}

std::string to_text(const Field::Value& value) {
    return std::visit([](const auto& held) { return fmt::format("{}", held); }, value);
}

/// systemd's native protocol: NAME=value, or for values with a newline NAME, newline, 64-bit length, value.
void append_journal_field(std::string& out, std::string_view name, std::string_view value) {
    out += name;
    if (value.find('\n') == std::string_view::npos) {
        out += '=';
    } else {
        out += '\n';
        const std::uint64_t size = value.size();
        std::array<char, sizeof size> bytes{};
        std::memcpy(bytes.data(), &size, sizeof size);
        out.append(bytes.data(), bytes.size());
    }
    out += value;
    out += '\n';
}

std::string to_journal(const std::string& program, Level level, std::string_view event, Fields fields) {
    std::string message{event};
    std::string out;
    for (const Field& field : fields) {
        std::string name = "SLUICE_";
        for (const char letter : field.name) {
            name += static_cast<char>(std::toupper(static_cast<unsigned char>(letter)));
        }
        const std::string text = to_text(field.value);
        message += fmt::format(" {}={}", field.name, text);
        append_journal_field(out, name, text);
    }
    append_journal_field(out, "MESSAGE", message);
    append_journal_field(out, "PRIORITY", std::to_string(priority(level)));
    append_journal_field(out, "SYSLOG_IDENTIFIER", program);
    append_journal_field(out, "SLUICE_EVENT", event);
    return out;
}

/// Length of the well-formed UTF-8 sequence at the start of `text` (RFC 3629), or 0.
std::size_t utf8_length(std::string_view text) {
    const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(text[at]); };
    const unsigned char lead = byte(0);
    if (lead < 0x80) return 1;
    const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
    if (lead < 0xC2 || lead > 0xF4 || text.size() < length) return 0;
    for (std::size_t i = 1; i < length; ++i) {
        if ((byte(i) & 0xC0) != 0x80) return 0;
    }
    const bool overlong = (lead == 0xE0 && byte(1) < 0xA0) || (lead == 0xF0 && byte(1) < 0x90);
    const bool surrogate_or_beyond = (lead == 0xED && byte(1) > 0x9F) || (lead == 0xF4 && byte(1) > 0x8F);
    return overlong || surrogate_or_beyond ? 0 : length;
}

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
    out += '"';
    while (!text.empty()) {
        const std::size_t length = utf8_length(text);
        const char letter = text.front();
        if (length == 0) {
            out += "\xEF\xBF\xBD";
            text.remove_prefix(1);
            continue;
        }
        if (letter == '"' || letter == '\\') {
            out += '\\';
            out += letter;
        } else if (static_cast<unsigned char>(letter) < 0x20) {
            out += fmt::format("\\u{:04x}", static_cast<unsigned>(letter));
        } else {
            out += text.substr(0, length);
        }
        text.remove_prefix(length);
    }
    out += '"';
}

std::string to_json_line(
    std::string_view time,
    std::string_view program,
    Level level,
    std::string_view event,
    Fields fields
) {
    std::string out = R"({"time":)";
    append_json_string(out, time);
    out += R"(,"level":)";
    append_json_string(out, level_name(level));
    out += R"(,"program":)";
    append_json_string(out, program);
    out += R"(,"event":)";
    append_json_string(out, event);
    for (const Field& field : fields) {
        out += ',';
        append_json_string(out, field.name);
        out += ':';
        if (const auto* text = std::get_if<std::string_view>(&field.value)) {
            append_json_string(out, *text);
        } else {
            out += to_text(field.value);
        }
    }
    out += '}';
    return out;
}

void configure(std::string_view program, Level lowest) {
    Sink& target = sink();
    target.program = program;
    target.lowest = lowest;
    if (target.journal_fd < 0 && stderr_is_journal()) target.journal_fd = connect_journal();
}

bool is_enabled(Level level) noexcept {
    return level >= sink().lowest.load(std::memory_order_relaxed);
}

void write(Level level, std::string_view event, Fields fields) noexcept {
    if (!is_enabled(level)) return;
    try {
        Sink& target = sink();
        if (target.journal_fd >= 0) {
            const std::string datagram = to_journal(target.program, level, event, fields);
            if (::send(target.journal_fd, datagram.data(), datagram.size(), MSG_NOSIGNAL) >= 0) return;
        }
        std::string line = to_json_line(to_rfc3339(RealClock{}.now()), target.program, level, event, fields);
        line += '\n';
        const std::lock_guard hold{target.order};
        std::string_view rest = line;
        while (!rest.empty()) {
            // A reader that has stopped reading costs the line, never the caller: footage is worth more than
            // logs.
            pollfd ready{STDERR_FILENO, POLLOUT, 0};
            if (::poll(&ready, 1, 0) != 1 || (ready.revents & POLLOUT) == 0) return;
            const ssize_t written = ::write(STDERR_FILENO, rest.data(), std::min(rest.size(), kPipePiece));
            if (written <= 0) return;  // a log that nobody reads must not stop the recorder
            rest.remove_prefix(static_cast<std::size_t>(written));
        }
    } catch (const std::exception&) {
        return;  // out of memory while logging: the event is lost, the caller is not
    }
}

std::string redact_url(std::string_view url) {
    std::string out;
    const std::size_t scheme = url.find("://");
    if (scheme != std::string_view::npos) {
        out = url.substr(0, scheme + 3);
        url.remove_prefix(scheme + 3);
        const std::string_view authority = url.substr(0, url.find_first_of("/?#"));
        // The last '@' ends the user part: passwords may hold an unescaped one.
        const std::size_t user_end = authority.rfind('@');
        if (user_end != std::string_view::npos) {
            out += "***";
            url.remove_prefix(user_end);
        }
    }
    const std::size_t query = url.find('?');
    out += url.substr(0, query);
    if (query != std::string_view::npos) out += "?…";
    return out;
}

}  // namespace sluice::log
