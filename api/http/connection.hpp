#pragma once

#include "config/base/error.hpp"
#include "config/base/time.hpp"

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>

namespace boost::asio::ssl {
class context;  // NOLINT(readability-identifier-naming): Boost's name
}

namespace sluice::http {

/// The clock over one connection: cancels the socket when the running operation's deadline is over, or when
/// the server stops and the connection waits for a request. One timer per connection, moved only when it has
/// to be.
class Watch;

/// A stream of bytes to a client, plain or TLS: one type for the session, so that its coroutines are compiled
/// once. Thread: the connection's strand. After any error the connection is only good for being destroyed.
class Connection {
public:
    virtual ~Connection() = default;
    /// TLS: the handshake. Plain: nothing.
    [[nodiscard]] virtual boost::asio::awaitable<Status> open(Deadline deadline) = 0;
    /// At least one byte, or 0 when the peer has sent its last. Error: retry (time-out, reset), cancelled.
    [[nodiscard]] virtual boost::asio::awaitable<Result<std::size_t>>
    read_some(std::span<char> into, Deadline deadline) = 0;
    [[nodiscard]] virtual boost::asio::awaitable<Result<std::size_t>>
    write_some(std::string_view from, Deadline deadline) = 0;
    /// Until the socket takes bytes again; for plain connections that are written to with sendfile(2).
    [[nodiscard]] virtual boost::asio::awaitable<Status> wait_writable(Deadline deadline) = 0;
    /// Says that nothing more is sent (TLS: close_notify); reading may go on.
    [[nodiscard]] virtual boost::asio::awaitable<Status> shutdown(Deadline deadline) = 0;
    [[nodiscard]] virtual bool is_tls() const noexcept = 0;
    [[nodiscard]] virtual int native_handle() noexcept = 0;
    [[nodiscard]] virtual Watch& watch() noexcept = 0;
};

class Watch {
public:
    virtual ~Watch() = default;
    /// While idle, a stop of the server ends the waiting read. Thread: the strand.
    virtual void set_idle(bool is_idle) = 0;
    /// From now on an idle connection is ended. Thread: any.
    virtual void stop_when_idle() = 0;
};

struct Accepted {
    std::unique_ptr<Connection> connection;
    std::weak_ptr<Watch> watch;  ///< for the server's stop; the connection owns it
};
[[nodiscard]] Accepted make_plain_connection(boost::asio::ip::tcp::socket socket);
/// The context is shared by the server and the connections made before it was reloaded.
[[nodiscard]] Accepted
make_tls_connection(boost::asio::ip::tcp::socket socket, std::shared_ptr<boost::asio::ssl::context> context);

/// Everything of `from`; the deadline is for each piece that gets through: a stalled client ends, a slow one
/// does not.
[[nodiscard]] boost::asio::awaitable<Status>
write_all(Connection& connection, std::string_view from, std::chrono::seconds stall_limit);

}  // namespace sluice::http
