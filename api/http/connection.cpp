#include "api/http/connection.hpp"

#include <atomic>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace sluice::http {

namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

constexpr auto kAsPair = asio::as_tuple(asio::use_awaitable);

/// Owned by the connection and by the timer's handler that is still on its way when the connection goes.
class SocketWatch final : public Watch, public std::enable_shared_from_this<SocketWatch> {
public:
    explicit SocketWatch(tcp::socket& socket) : socket_(&socket), timer_(socket.get_executor()) {}

    void begin(Deadline deadline) {
        has_expired_ = false;
        deadline_ = deadline;
        if (is_stopped_ && is_idle_) deadline_ = Deadline::min();
        if (!is_waiting_ || deadline_ < timer_.expiry()) wait();
    }
    void end() { deadline_ = Deadline::max(); }
    [[nodiscard]] bool has_expired() const noexcept { return has_expired_; }
    void set_idle(bool is_idle) override { is_idle_ = is_idle; }
    void stop_when_idle() override {
        is_stopped_ = true;
        asio::post(timer_.get_executor(), [self = shared_from_this()] {
            if (self->is_idle_ && self->deadline_ != Deadline::max()) self->expire();
        });
    }
    void detach() {
        socket_ = nullptr;
        timer_.cancel();
    }

private:
    void wait() {
        is_waiting_ = true;
        timer_.expires_at(deadline_);
        timer_.async_wait([self = shared_from_this(), number = ++number_](const boost::system::error_code&) {
            if (number == self->number_) self->fire();
        });
    }
    void fire() {
        is_waiting_ = false;
        if (socket_ == nullptr || deadline_ == Deadline::max()) return;
        if (std::chrono::steady_clock::now() < deadline_)
            wait();
        else
            expire();
    }
    void expire() {
        if (socket_ == nullptr) return;
        has_expired_ = true;
        boost::system::error_code ignored;
        socket_->cancel(ignored);  // fails only for a socket that is closed, which is what we want
    }

    tcp::socket* socket_;  // null once the connection is gone
    asio::steady_timer timer_;
    Deadline deadline_ = Deadline::max();
    std::uint64_t number_ = 0;  ///< of the latest wait: an earlier one's handler does nothing
    bool is_waiting_ = false;
    bool has_expired_ = false;
    bool is_idle_ = false;
    std::atomic<bool> is_stopped_ = false;
};

std::unexpected<Error>
broken(const SocketWatch& watch, const boost::system::error_code& code, const char* what) {
    if (watch.has_expired())
        return std::unexpected(Error{Remedy::retry, std::make_error_code(std::errc::timed_out), what});
    if (code == asio::error::operation_aborted)
        return std::unexpected(
            Error{Remedy::cancelled, std::make_error_code(std::errc::operation_canceled), what}
        );
    return std::unexpected(Error{Remedy::retry, code, what});
}

bool is_end(const boost::system::error_code& code) {
    return code == asio::error::eof || code == asio::ssl::error::stream_truncated;
}

/// What plain and TLS have in common. `Stream` is the thing that is read and written; the socket lies below
/// it.
template <class Stream>
class StreamConnection : public Connection {
public:
    asio::awaitable<Result<std::size_t>> read_some(std::span<char> into, Deadline deadline) override {
        watch_->begin(deadline);
        const auto [code, count] =
            co_await stream_.async_read_some(asio::buffer(into.data(), into.size()), kAsPair);
        watch_->end();
        if (is_end(code)) co_return std::size_t{0};
        if (code) co_return broken(*watch_, code, "read");
        co_return count;
    }
    asio::awaitable<Result<std::size_t>> write_some(std::string_view from, Deadline deadline) override {
        watch_->begin(deadline);
        const auto [code, count] =
            co_await stream_.async_write_some(asio::buffer(from.data(), from.size()), kAsPair);
        watch_->end();
        if (code) co_return broken(*watch_, code, "write");
        co_return count;
    }
    asio::awaitable<Status> wait_writable(Deadline deadline) override {
        watch_->begin(deadline);
        const auto [code] = co_await stream_.lowest_layer().async_wait(tcp::socket::wait_write, kAsPair);
        watch_->end();
        if (code) co_return broken(*watch_, code, "write");
        co_return Status{};
    }
    int native_handle() noexcept override { return stream_.lowest_layer().native_handle(); }
    Watch& watch() noexcept override { return *watch_; }
    [[nodiscard]] std::weak_ptr<Watch> weak_watch() const { return watch_; }

    StreamConnection(const StreamConnection&) = delete;
    StreamConnection& operator=(const StreamConnection&) = delete;
    ~StreamConnection() override { watch_->detach(); }

protected:
    template <class... Arguments>
    explicit StreamConnection(Arguments&&... arguments) : stream_(std::forward<Arguments>(arguments)...) {}
    void watch_socket(tcp::socket& socket) { watch_ = std::make_shared<SocketWatch>(socket); }
    Stream& stream() noexcept { return stream_; }
    SocketWatch& socket_watch() noexcept { return *watch_; }

private:
    Stream stream_;
    std::shared_ptr<SocketWatch> watch_;
};

Status close_sending(tcp::socket& socket) {
    boost::system::error_code code;
    socket.shutdown(tcp::socket::shutdown_send, code);
    if (code) return std::unexpected(Error{Remedy::retry, code, "shutdown"});
    return {};
}

class PlainConnection final : public StreamConnection<tcp::socket> {
public:
    explicit PlainConnection(tcp::socket socket) : StreamConnection(std::move(socket)) {
        watch_socket(stream());
    }
    asio::awaitable<Status> open(Deadline) override { co_return Status{}; }
    asio::awaitable<Status> shutdown(Deadline) override { co_return close_sending(stream()); }
    bool is_tls() const noexcept override { return false; }
};

class TlsConnection final : public StreamConnection<asio::ssl::stream<tcp::socket>> {
public:
    TlsConnection(tcp::socket socket, std::shared_ptr<asio::ssl::context> context)
        : StreamConnection(std::move(socket), *context),
          context_(std::move(context)) {
        watch_socket(stream().next_layer());
    }
    asio::awaitable<Status> open(Deadline deadline) override {
        socket_watch().begin(deadline);
        const auto [code] = co_await stream().async_handshake(asio::ssl::stream_base::server, kAsPair);
        socket_watch().end();
        if (code) co_return broken(socket_watch(), code, "TLS handshake");
        co_return Status{};
    }
    asio::awaitable<Status> shutdown(Deadline deadline) override {
        socket_watch().begin(deadline);
        const auto [code] = co_await stream().async_shutdown(kAsPair);
        socket_watch().end();
        if (code && !is_end(code)) co_return broken(socket_watch(), code, "TLS shutdown");
        co_return close_sending(stream().next_layer());
    }
    bool is_tls() const noexcept override { return true; }

private:
    std::shared_ptr<asio::ssl::context> context_;
};

}  // namespace

Accepted make_plain_connection(tcp::socket socket) {
    auto connection = std::make_unique<PlainConnection>(std::move(socket));
    auto watch = connection->weak_watch();
    return {std::move(connection), std::move(watch)};
}

Accepted make_tls_connection(tcp::socket socket, std::shared_ptr<asio::ssl::context> context) {
    auto connection = std::make_unique<TlsConnection>(std::move(socket), std::move(context));
    auto watch = connection->weak_watch();
    return {std::move(connection), std::move(watch)};
}

asio::awaitable<Status>
write_all(Connection& connection, std::string_view from, std::chrono::seconds stall_limit) {
    while (!from.empty()) {
        const Deadline deadline = std::chrono::steady_clock::now() + stall_limit;
        const auto count = co_await connection.write_some(from, deadline);
        if (!count) co_return std::unexpected(count.error());
        from.remove_prefix(*count);
    }
    co_return Status{};
}

}  // namespace sluice::http
