#include "api/http/body_sender.hpp"

#include <algorithm>
#include <cerrno>

#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>

namespace sluice::http {
namespace {

constexpr std::uint64_t kPieceBytes = 8ULL << 20U;

bool is_full(int error) {
    return error == EAGAIN || error == EWOULDBLOCK;
}

std::uint64_t length_of(const Piece& piece) {
    if (const auto* bytes = std::get_if<Bytes>(&piece)) return bytes->size();
    return std::get<FileSpan>(piece).length;
}

}  // namespace

std::uint64_t BodySender::piece_left() const noexcept {
    return length_of(piece_) - piece_at_;
}

Status BodySender::next_piece() {
    auto piece = source_.read(at_, std::min(end_ - at_, kPieceBytes));
    if (!piece) return std::unexpected(piece.error());
    const std::uint64_t length = length_of(*piece);
    if (length == 0 || length > end_ - at_)
        return failure(Remedy::abandon_file, "a body's source gave a wrong length");
    piece_ = std::move(*piece);
    piece_at_ = 0;
    return {};
}

/// Number of bytes that got through, 0 when the socket is full.
Result<std::size_t> BodySender::send_some(int socket, std::uint64_t limit) {
    const auto count = static_cast<std::size_t>(std::min(limit, piece_left()));
    ssize_t sent = 0;
    if (const auto* bytes = std::get_if<Bytes>(&piece_)) {
        sent = ::send(socket, bytes->data() + piece_at_, count, MSG_DONTWAIT | MSG_NOSIGNAL);
    } else {
        const auto& span = std::get<FileSpan>(piece_);
        auto offset = static_cast<off_t>(span.offset + piece_at_);
        sent = ::sendfile(socket, span.file->get(), &offset, count);
        if (sent == 0) return failure(Remedy::abandon_file, "a segment file is shorter than its index says");
    }
    if (sent < 0 && (is_full(errno) || errno == EINTR)) return std::size_t{0};
    if (sent < 0) return errno_error(Remedy::retry, "write");
    return static_cast<std::size_t>(sent);
}

Result<BodySender::State> BodySender::send_to(int socket, std::uint64_t turn_bytes) {
    while (at_ < end_) {
        if (turn_bytes == 0) return State::turn_over;
        if (piece_left() == 0)
            if (auto read = next_piece(); !read) return std::unexpected(read.error());
        const auto sent = send_some(socket, turn_bytes);
        if (!sent) return std::unexpected(sent.error());
        if (*sent == 0) return State::socket_full;
        at_ += *sent;
        piece_at_ += *sent;
        turn_bytes -= *sent;
    }
    return State::done;
}

Result<BodySender::State> BodySender::fill(std::string& into, std::size_t limit) {
    while (at_ < end_ && into.size() < limit) {
        if (piece_left() == 0)
            if (auto read = next_piece(); !read) return std::unexpected(read.error());
        const std::size_t old_size = into.size();
        const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(limit - old_size, piece_left()));
        if (const auto* bytes = std::get_if<Bytes>(&piece_)) {
            into.append(as_text(ByteView{*bytes}.subspan(static_cast<std::size_t>(piece_at_), count)));
        } else {
            const auto& span = std::get<FileSpan>(piece_);
            into.resize(old_size + count);
            const ssize_t got = ::pread(
                span.file->get(), into.data() + old_size, count, static_cast<off_t>(span.offset + piece_at_)
            );
            if (got < 0) return errno_error(Remedy::abandon_file, "cannot read a segment file");
            if (got == 0)
                return failure(Remedy::abandon_file, "a segment file is shorter than its index says");
            into.resize(old_size + static_cast<std::size_t>(got));
        }
        const std::size_t added = into.size() - old_size;
        at_ += added;
        piece_at_ += added;
    }
    return at_ < end_ ? State::turn_over : State::done;
}

}  // namespace sluice::http
