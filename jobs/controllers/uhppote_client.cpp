#include "jobs/controllers/uhppote_client.hpp"

#include <array>
#include <cerrno>

#include <poll.h>

namespace sluice::controllers::uhppote {

Client::Client(Endpoint board, std::uint32_t serial, Patience patience)
    : board_(board),
      serial_(serial),
      patience_(patience) {}

Result<Record> Client::ask_event(std::uint32_t index, const std::stop_token& stop) {
    Result<Record> record = failure(Remedy::retry, "not asked");
    for (unsigned i = 0; i < patience_.tries; ++i) {
        record = try_once(index, stop);
        if (record || record.error().remedy() == Remedy::cancelled) return record;
        // An answer that comes late would be taken for one to the next question: nobody hears it any more.
        fd_.reset();
    }
    return record;
}

Result<Record> Client::try_once(std::uint32_t index, const std::stop_token& stop) {
    const Deadline deadline = Deadline::clock::now() + patience_.answer;
    if (!fd_.is_open()) {
        fd_ = UniqueFd{::socket(board_.storage.ss_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
        // Connected: the kernel lets nobody else's datagrams in.
        if (!fd_.is_open() || ::connect(fd_.get(), board_.get(), board_.length) != 0)
            return errno_error(Remedy::retry, "cannot reach the board");
    }
    const Message request = event_request(serial_, index);
    if (::send(fd_.get(), request.data(), request.size(), 0) != static_cast<ssize_t>(request.size()))
        return errno_error(Remedy::retry, "cannot ask the board");
    while (true) {
        if (auto waited = wait_for(fd_.get(), POLLIN, deadline, stop); !waited)
            return std::unexpected(waited.error());
        std::array<std::uint8_t, kMessageBytes + 1> bytes{};  // one more: a longer one is none of ours
        const ssize_t count = ::recv(fd_.get(), bytes.data(), bytes.size(), 0);
        if (count < 0 && errno != EAGAIN && errno != EINTR)
            return errno_error(Remedy::retry, "the board can't be asked");
        if (count <= 0) continue;
        if (auto record = read_event(ByteView{bytes}.first(static_cast<std::size_t>(count)), serial_, index))
            return *record;
    }
}

}  // namespace sluice::controllers::uhppote
