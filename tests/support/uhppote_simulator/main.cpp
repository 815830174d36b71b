// uhppote-simulator SERIAL: a board on a free loopback port, which it prints as `port=N`. It answers who asks
// for events, as the uhppoted project describes such boards. Each line of its input is a command and is
// answered by a line:
//   add TYPE GRANTED DOOR DIRECTION CARD YYYYMMDDHHMMSS REASON   one more event; its index
//   overwrite N      the N oldest events make place
//   absent INDEX     the event is not there, and nobody knows why
//   clear            the memory is empty, and numbers begin anew
//   lose N           the next N requests are not answered
//   late N           the next N answers come after the one that follows them
//   stranger on|off  before each answer comes another board's, half a message and the answer to something
//   else push PORT        says to 127.0.0.1:PORT that it has news asked            how many requests came
#include "config/base/bytes.hpp"
#include "config/base/unique_fd.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <mutex>
#include <optional>
#include <sstream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <fmt/core.h>

using namespace sluice;

namespace {

using Message = std::array<std::uint8_t, 64>;

void put(Message& message, std::size_t at, std::uint32_t number) {
    for (std::size_t i = 0; i < 4; ++i)
        message[at + i] = static_cast<std::uint8_t>(number >> (8 * i));
}

std::uint32_t get(const Message& message, std::size_t at) {
    return message[at] | std::uint32_t{message[at + 1]} << 8U | std::uint32_t{message[at + 2]} << 16U |
           std::uint32_t{message[at + 3]} << 24U;
}

struct Entry {
    std::uint32_t index = 0;
    Message message{};
};

/// Thread: any.
class Board {
public:
    Board(int fd, std::uint32_t serial) : fd_(fd), serial_(serial) {}

    void serve() {
        while (true) {
            Message request{};
            sockaddr_in from{};
            socklen_t length = sizeof from;
            if (::recvfrom(
                    fd_, request.data(), request.size(), 0, reinterpret_cast<sockaddr*>(&from), &length
                ) != static_cast<ssize_t>(request.size()))
                continue;
            const std::lock_guard hold{mutex_};
            ++asked_;
            if (request[0] != 0x17 || request[1] != 0xb0 || get(request, 4) != serial_) continue;
            if (lose_ > 0) {
                --lose_;
                continue;
            }
            answer(get(request, 8), from);
        }
    }

    std::optional<std::string> command(const std::string& line) {
        const std::lock_guard hold{mutex_};
        std::istringstream words{line};
        std::string verb;
        words >> verb;
        if (verb == "add") return add(words);
        if (verb == "asked") return std::to_string(asked_);
        std::string word;
        words >> word;
        const auto number = static_cast<std::uint32_t>(std::strtoul(word.c_str(), nullptr, 10));
        if (verb == "overwrite")
            entries_.erase(entries_.begin(), entries_.begin() + number);
        else if (verb == "absent")
            std::erase_if(entries_, [&](const Entry& entry) { return entry.index == number; });
        else if (verb == "clear")
            clear();
        else if (verb == "lose")
            lose_ = number;
        else if (verb == "late")
            late_ = number;
        else if (verb == "stranger")
            has_stranger_ = word == "on";
        else if (verb == "push")
            push(static_cast<std::uint16_t>(number));
        else
            return std::nullopt;
        return "ok";
    }

private:
    void clear() {
        entries_.clear();
        last_ = 0;
    }
    std::string add(std::istringstream& words) {
        unsigned type = 0;
        unsigned granted = 0;
        unsigned door = 0;
        unsigned direction = 0;
        std::uint32_t card = 0;
        std::string time;
        unsigned reason = 0;
        words >> type >> granted >> door >> direction >> card >> time >> reason;
        Message message = blank(serial_);
        put(message, 8, ++last_);
        message[12] = static_cast<std::uint8_t>(type);
        message[13] = static_cast<std::uint8_t>(granted);
        message[14] = static_cast<std::uint8_t>(door);
        message[15] = static_cast<std::uint8_t>(direction);
        put(message, 16, card);
        const auto digits = from_hex(time);
        std::copy_n(digits->begin(), 7, message.begin() + 20);
        message[27] = static_cast<std::uint8_t>(reason);
        entries_.push_back({last_, message});
        return std::to_string(last_);
    }
    static Message blank(std::uint32_t serial) {
        Message message{};
        message[0] = 0x17;
        message[1] = 0xb0;
        put(message, 4, serial);
        return message;
    }
    [[nodiscard]] Message find(std::uint32_t index) const {
        Message none = blank(serial_);
        if (entries_.empty()) return none;
        if (index == 0) return entries_.front().message;
        if (index == 0xffffffff) return entries_.back().message;
        const auto found = std::ranges::find(entries_, index, &Entry::index);
        if (found != entries_.end()) return found->message;
        if (index < entries_.front().index) none[12] = 0xff;
        return none;
    }
    void answer(std::uint32_t index, const sockaddr_in& to) {
        const Message message = find(index);
        if (late_ > 0) {
            --late_;
            kept_.emplace_back(message, to);
            return;
        }
        if (has_stranger_) {
            Message other = message;
            put(other, 4, serial_ + 1);
            send(other, other.size(), to);
            send(message, message.size() / 2, to);
            other = message;
            put(other, 8, get(message, 8) + 7);
            if (index != 0 && index != 0xffffffff) send(other, other.size(), to);
        }
        send(message, message.size(), to);
        for (const auto& [kept, whom] : kept_)
            send(kept, kept.size(), whom);
        kept_.clear();
    }
    void push(std::uint16_t port) {
        Message message = entries_.empty() ? blank(serial_) : entries_.back().message;
        message[1] = 0x20;
        sockaddr_in to{};
        to.sin_family = AF_INET;
        to.sin_port = htons(port);
        to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        send(message, message.size(), to);
    }
    void send(const Message& message, std::size_t size, const sockaddr_in& to) const {
        ::sendto(fd_, message.data(), size, 0, reinterpret_cast<const sockaddr*>(&to), sizeof to);
    }

    std::mutex mutex_;
    int fd_;
    std::uint32_t serial_;
    std::vector<Entry> entries_;
    std::uint32_t last_ = 0;
    std::vector<std::pair<Message, sockaddr_in>> kept_;
    std::size_t asked_ = 0;
    std::uint32_t lose_ = 0;
    std::uint32_t late_ = 0;
    bool has_stranger_ = false;
};

}  // namespace

int main(int count, char** words) {
    if (count != 2) return 2;
    const UniqueFd fd{::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    if (::bind(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
        ::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &length) != 0)
        return 1;
    fmt::print("port={}\n", ntohs(address.sin_port));
    static_cast<void>(std::fflush(stdout));
    // Never destroyed: a request may still be answered when the input ends.
    auto* board = new Board{fd.get(), static_cast<std::uint32_t>(std::strtoul(words[1], nullptr, 10))};
    std::thread{[board] { board->serve(); }}.detach();
    for (std::string line; std::getline(std::cin, line);) {
        fmt::print("{}\n", board->command(line).value_or("error: what is " + line + "?"));
        static_cast<void>(std::fflush(stdout));
    }
    std::_Exit(0);
}
