#pragma once

#include "api/http/message.hpp"
#include "api/http/wire.hpp"
#include "config/base/error.hpp"
#include "config/base/time.hpp"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

namespace sluice::http {

struct ServerOptions {
    std::string listen;                     ///< address:port, [v6]:port
    std::filesystem::path tls_certificate;  ///< PEM chain; empty: plain HTTP
    std::filesystem::path tls_key;
    unsigned threads = 2;
    unsigned workers = 4;
    Limits limits;
};

/// What the server counts of itself.
struct ServerCounters {
    std::uint64_t connections = 0;  ///< open now
    std::uint64_t connections_total = 0;
    std::uint64_t turned_away_total = 0;  ///< because of the limit
    std::uint64_t jobs_waiting = 0;
};

/// Listens, accepts and answers until it is stopped. Thread: its functions belong to one thread, `counters`
/// to any.
class Server {
public:
    /// `application` and `clock` outlive the server.
    Server(Application& application, const Clock& clock, ServerOptions options);
    ~Server();  ///< stops, without waiting for what runs, when `stop` was not called
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    /// Binds and starts its threads. Error: operator_acts, naming the address or the file.
    [[nodiscard]] Status start();
    [[nodiscard]] std::string address() const;  ///< as bound, "127.0.0.1"
    [[nodiscard]] std::uint16_t port() const;   ///< as bound, never 0
    [[nodiscard]] bool is_tls() const;
    /// Reads the certificate again; connections that are open keep the old one, and so do new ones after an
    /// error.
    [[nodiscard]] Status reload_tls();
    /// Takes no more connections, ends the idle ones, lets what runs finish within limits.stop, then breaks
    /// it off.
    void stop();
    [[nodiscard]] ServerCounters counters() const;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

/// "127.0.0.1:8080" → {"127.0.0.1", 8080}. Error: operator_acts.
struct ListenAddress {
    std::string address;
    std::uint16_t port = 0;
};
[[nodiscard]] Result<ListenAddress> parse_listen(const std::string& text);

}  // namespace sluice::http
