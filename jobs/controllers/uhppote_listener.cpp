#include "jobs/controllers/uhppote_listener.hpp"

#include "config/base/log.hpp"
#include "jobs/controllers/sockets.hpp"

#include <array>

#include <poll.h>

namespace sluice::controllers::uhppote {

using namespace std::chrono_literals;

PushListener::PushListener(std::string listen, std::vector<BoardAdapter*> boards)
    : listen_(std::move(listen)),
      boards_(std::move(boards)) {}

void PushListener::run(const std::stop_token& stop) {
    const auto fd = listen_at(listen_, SOCK_DGRAM);
    if (!fd) {
        log::error(
            "uhppote_not_listening",
            {{"error", fd.error().describe()},
             {"remedy", "boards are asked all the same; correct access.uhppote_listen and reload"}}
        );
        return;
    }
    port_ = endpoint_of(*fd).port();
    while (!stop.stop_requested())
        if (wait_for(fd->get(), POLLIN, Deadline::clock::now() + 1s, stop)) hear(fd->get());
    port_ = 0;
}

void PushListener::hear(int fd) const {
    std::array<std::uint8_t, kMessageBytes + 1> bytes{};
    Endpoint from;
    from.length = sizeof from.storage;
    const ssize_t count = ::recvfrom(fd, bytes.data(), bytes.size(), 0, from.get(), &from.length);
    if (count <= 0) return;
    const auto serial = serial_of_push(ByteView{bytes}.first(static_cast<std::size_t>(count)));
    if (!serial) return;
    for (BoardAdapter* board : boards_)
        if (board->serial() == *serial && is_same_host(board->board().address, from.host())) board->ring();
}

}  // namespace sluice::controllers::uhppote
