#include "api/http/server.hpp"

#include "api/http/connection.hpp"
#include "api/http/session.hpp"
#include "api/http/task_group.hpp"
#include "api/http/tls.hpp"
#include "config/base/log.hpp"

#include <charconv>
#include <map>
#include <optional>
#include <thread>
#include <vector>

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <pthread.h>

namespace sluice::http {

namespace asio = boost::asio;
using asio::ip::tcp;
using std::chrono::steady_clock;

namespace {

constexpr auto kAsPair = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t kQueueLimit = 4096;
constexpr std::size_t kTurnAwayAtOnce = 64;                    ///< refusals under way; more are just closed
constexpr auto kAcceptPause = std::chrono::milliseconds{100};  ///< when descriptors have run out

using TlsContext = std::shared_ptr<asio::ssl::context>;

struct Shared {
    std::map<std::uint64_t, std::weak_ptr<Watch>> watches;  ///< of the open connections
    std::uint64_t next = 0;
    std::uint64_t turned_away = 0;
    TlsContext tls;
};

}  // namespace

struct Server::Impl {
    Impl(Application& application, const Clock& clock, ServerOptions chosen)
        : options(std::move(chosen)),
          io(static_cast<int>(options.threads)),
          acceptor(asio::make_strand(io)),
          workers("sluice-work", options.workers, kQueueLimit),
          context{application, workers, clock, options.limits} {}

    asio::awaitable<void> accept_all();
    asio::awaitable<void> keep_count(std::uint64_t number, asio::awaitable<void> session);
    void admit(tcp::socket socket);
    void run_threads();

    ServerOptions options;
    asio::io_context io;
    std::optional<asio::executor_work_guard<asio::io_context::executor_type>> guard;
    tcp::acceptor acceptor;
    Guarded<Shared> shared;
    WorkerPool workers;
    SessionContext context;
    TaskGroup acceptors{"acceptor"};
    TaskGroup sessions{"session"};
    std::string address;
    std::uint16_t port = 0;
    std::vector<std::jthread> threads;  // last: they run everything above
};

asio::awaitable<void> Server::Impl::keep_count(std::uint64_t number, asio::awaitable<void> session) {
    struct Leave {
        Guarded<Shared>& shared;
        std::uint64_t number;
        ~Leave() {
            shared.with([&](Shared& state) { state.watches.erase(number); });
        }
    };
    const Leave leave{shared, number};
    co_await std::move(session);
}

void Server::Impl::admit(tcp::socket socket) {
    boost::system::error_code code;
    const auto remote = socket.remote_endpoint(code);
    if (code) return;  // gone already
    socket.set_option(tcp::no_delay{true}, code);
    // Without it a socket says "writable" only when a third of a buffer of megabytes has drained: a slow but
    // steady reader would look like one that has stopped.
    constexpr int unsent_bytes = 128 * 1024;
    static_cast<void>(::setsockopt(
        socket.native_handle(), IPPROTO_TCP, TCP_NOTSENT_LOWAT, &unsent_bytes, sizeof unsent_bytes
    ));
    socket.native_non_blocking(true, code);
    if (code) return;
    const asio::any_io_executor strand = socket.get_executor();
    const TlsContext tls = shared.with([](const Shared& state) { return state.tls; });
    Accepted accepted =
        tls ? make_tls_connection(std::move(socket), tls) : make_plain_connection(std::move(socket));
    const auto [number, open] = shared.with([&](Shared& state) {
        state.watches.emplace(state.next, accepted.watch);
        return std::pair{state.next++, state.watches.size()};
    });
    const bool is_one_too_many = open > options.limits.connections;
    if (is_one_too_many) shared.with([](Shared& state) { ++state.turned_away; });
    if (open > options.limits.connections + kTurnAwayAtOnce) {
        // NOLINTNEXTLINE(clang-analyzer-core.CallAndMessage): it loses the value of a captured binding
        shared.with([&](Shared& state) { state.watches.erase(number); });
        return;
    }
    auto session = is_one_too_many
                       ? turn_away(std::move(accepted.connection), context)
                       : serve(std::move(accepted.connection), remote.address().to_string(), context);
    sessions.spawn(strand, keep_count(number, std::move(session)));
}

asio::awaitable<void> Server::Impl::accept_all() {
    for (;;) {
        tcp::socket socket{asio::make_strand(io)};
        const auto [code] = co_await acceptor.async_accept(socket, kAsPair);
        if (context.is_stopping || code == asio::error::operation_aborted) co_return;
        if (!code) {
            admit(std::move(socket));
            continue;
        }
        log::warn("accept_failed", {{"detail", code.message()}});
        asio::steady_timer pause{acceptor.get_executor(), kAcceptPause};
        const auto [ignored] = co_await pause.async_wait(kAsPair);
        if (ignored) co_return;
    }
}

void Server::Impl::run_threads() {
    guard.emplace(io.get_executor());
    for (unsigned i = 0; i < options.threads; ++i) {
        threads.emplace_back([this] { io.run(); });
        pthread_setname_np(
            threads.back().native_handle(), ("sluice-http-" + std::to_string(i)).substr(0, 15).c_str()
        );
    }
}

Server::Server(Application& application, const Clock& clock, ServerOptions options)
    : impl_(std::make_unique<Impl>(application, clock, std::move(options))) {}

Server::~Server() {
    if (impl_->threads.empty()) return;
    impl_->context.limits.stop = std::chrono::seconds{0};
    stop();
}

Status Server::start() {
    const auto where = parse_listen(impl_->options.listen);
    if (!where) return std::unexpected(where.error());
    if (auto loaded = reload_tls(); !loaded) return loaded;
    boost::system::error_code code;
    const auto address = asio::ip::make_address(where->address, code);
    const auto failed = [&](const char* what) {
        return std::unexpected(
            Error{Remedy::operator_acts, code, std::string{what} + " " + impl_->options.listen}
        );
    };
    if (code) return failed("api.listen is no address:");
    const tcp::endpoint endpoint{address, where->port};
    impl_->acceptor.open(endpoint.protocol(), code);
    if (code) return failed("cannot open a socket for");
    impl_->acceptor.set_option(tcp::acceptor::reuse_address{true}, code);
    if (!code) impl_->acceptor.bind(endpoint, code);
    if (!code) impl_->acceptor.listen(asio::socket_base::max_listen_connections, code);
    if (code) return failed("cannot listen on");
    const auto bound = impl_->acceptor.local_endpoint(code);
    if (code) return failed("cannot listen on");
    impl_->address = bound.address().to_string();
    impl_->port = bound.port();
    impl_->run_threads();
    impl_->acceptors.spawn(impl_->acceptor.get_executor(), impl_->accept_all());
    return {};
}

std::string Server::address() const {
    return impl_->address;
}
std::uint16_t Server::port() const {
    return impl_->port;
}
bool Server::is_tls() const {
    return !impl_->options.tls_certificate.empty();
}

Status Server::reload_tls() {
    if (!is_tls()) return {};
    auto loaded = load_tls(impl_->options.tls_certificate, impl_->options.tls_key);
    if (!loaded) return std::unexpected(loaded.error());
    impl_->shared.with([&](Shared& state) { state.tls = std::move(*loaded); });
    return {};
}

void Server::stop() {
    if (impl_->threads.empty()) return;
    impl_->context.is_stopping = true;
    impl_->acceptors.stop();
    const bool accepted_ended = impl_->acceptors.join(steady_clock::now() + std::chrono::seconds{5});
    const auto watches = impl_->shared.with([](const Shared& state) { return state.watches; });
    for (const auto& [number, weak] : watches)
        if (const auto watch = weak.lock()) watch->stop_when_idle();
    if (!impl_->sessions.join(steady_clock::now() + impl_->context.limits.stop)) {
        log::warn("connections_broken_off", {{"count", impl_->sessions.size()}, {"reason", "shutdown"}});
        impl_->sessions.stop();
        while (!impl_->sessions.join(steady_clock::now() + std::chrono::seconds{10}))
            log::warn(
                "connections_wait", {{"count", impl_->sessions.size()}, {"reason", "a job does not end"}}
            );
    }
    if (!accepted_ended) log::warn("acceptor_waits");
    boost::system::error_code ignored;
    impl_->acceptor.close(ignored);
    impl_->guard.reset();
    impl_->threads.clear();
}

ServerCounters Server::counters() const {
    ServerCounters counters;
    impl_->shared.with([&](const Shared& state) {
        counters.connections = state.watches.size();
        counters.connections_total = state.next;
        counters.turned_away_total = state.turned_away;
    });
    counters.jobs_waiting = impl_->workers.queued();
    return counters;
}

Result<ListenAddress> parse_listen(const std::string& text) {
    const std::size_t colon = text.rfind(':');
    const auto wrong = [&] {
        return failure(Remedy::operator_acts, "api.listen must be address:port, not " + text);
    };
    if (colon == std::string::npos) return wrong();
    ListenAddress out;
    out.address = text.substr(0, colon);
    if (out.address.starts_with('[') && out.address.ends_with(']'))
        out.address = out.address.substr(1, out.address.size() - 2);
    const char* const end = text.data() + text.size();
    const auto [stop, code] = std::from_chars(text.data() + colon + 1, end, out.port);
    if (code != std::errc{} || stop != end || out.address.empty()) return wrong();
    return out;
}

}  // namespace sluice::http
