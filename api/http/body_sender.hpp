#pragma once

#include "api/http/message.hpp"

#include <cstddef>
#include <string>

namespace sluice::http {

/// Moves a long body from its source to a socket. It blocks only on files and the database, never on the
/// client: called on a worker, it comes back as soon as the socket is full. Memory: one piece.
class BodySender {
public:
    /// The body must outlive the sender.
    explicit BodySender(const SourceBody& body)
        : source_(*body.source),
          at_(body.offset),
          end_(body.offset + body.length) {}

    enum class State { done, socket_full, turn_over };
    /// Sends with send(2) and sendfile(2) to a non-blocking socket, at most `turn_bytes`. Error: retry (the
    /// client is gone), or what the source said.
    [[nodiscard]] Result<State> send_to(int socket, std::uint64_t turn_bytes);

    /// For TLS: appends up to `limit` bytes to `into`; `done` when nothing is left.
    [[nodiscard]] Result<State> fill(std::string& into, std::size_t limit);

    [[nodiscard]] std::uint64_t sent_bytes(const SourceBody& body) const noexcept {
        return at_ - body.offset;
    }

private:
    [[nodiscard]] Status next_piece();
    [[nodiscard]] Result<std::size_t> send_some(int socket, std::uint64_t limit);
    [[nodiscard]] std::uint64_t piece_left() const noexcept;

    BodySource& source_;
    std::uint64_t at_;  ///< next byte of the whole body
    std::uint64_t end_;
    Piece piece_;
    std::uint64_t piece_at_ = 0;  ///< sent of the piece
};

}  // namespace sluice::http
