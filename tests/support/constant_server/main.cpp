// constant-server: answers every request with the same bytes, and does nothing else. It is the other side of
// `scripts/bench api`: what the same library serves on the same machine when there is no token, no database
// and no log.
//
//   constant-server --body FILE [--threads N]        prints "ready PORT"; ends with SIGTERM
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>

namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;

/// One connection, request after request, until the client ends it. `body` outlives it.
asio::awaitable<void> serve(tcp::socket socket, const std::string& body) {
    boost::beast::flat_buffer buffer;
    boost::system::error_code failed;
    while (true) {
        http::request<http::string_body> request;
        co_await http::async_read(socket, buffer, request, asio::redirect_error(asio::use_awaitable, failed));
        if (failed) co_return;
        http::response<http::string_body> response{http::status::ok, request.version()};
        response.set(http::field::content_type, "application/json");
        response.keep_alive(request.keep_alive());
        response.body() = body;
        response.prepare_payload();
        co_await http::async_write(socket, response, asio::redirect_error(asio::use_awaitable, failed));
        if (failed || !response.keep_alive()) co_return;
    }
}

asio::awaitable<void>
accept_all(tcp::acceptor& acceptor, asio::io_context& context, const std::string& body) {
    while (true) {
        tcp::socket socket{asio::make_strand(context)};
        boost::system::error_code failed;
        co_await acceptor.async_accept(socket, asio::redirect_error(asio::use_awaitable, failed));
        if (failed) co_return;
        socket.set_option(tcp::no_delay{true}, failed);
        const auto executor = socket.get_executor();
        asio::co_spawn(executor, serve(std::move(socket), body), asio::detached);
    }
}

}  // namespace

int main(int count, char** words) {
    std::string file;
    int threads = 2;
    for (int i = 1; i + 1 < count; i += 2) {
        const std::string_view word = words[i];
        if (word == "--body") file = words[i + 1];
        if (word == "--threads") threads = std::atoi(words[i + 1]);
    }
    std::ifstream input{file, std::ios::binary};
    if (!input || threads < 1) {
        std::fputs("usage: constant-server --body FILE [--threads N]\n", stderr);
        return 2;
    }
    const std::string body{std::istreambuf_iterator<char>{input}, {}};
    asio::io_context context{threads};
    tcp::acceptor acceptor{context, tcp::endpoint{asio::ip::address_v4::loopback(), 0}};
    asio::signal_set signals{context, SIGTERM, SIGINT};
    signals.async_wait([&](const boost::system::error_code&, int) { context.stop(); });
    asio::co_spawn(context, accept_all(acceptor, context, body), asio::detached);
    std::printf("ready %u\n", static_cast<unsigned>(acceptor.local_endpoint().port()));
    std::fflush(stdout);
    std::vector<std::jthread> others;
    for (int i = 1; i < threads; ++i)
        others.emplace_back([&context] { context.run(); });
    context.run();
    return 0;
}
