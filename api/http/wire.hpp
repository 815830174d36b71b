#pragma once

#include "api/http/message.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::http {

/// How much one connection may ask of us, and for how long it may take.
struct Limits {
    std::uint32_t head_bytes = 16 * 1024;
    std::uint32_t target_bytes = 8 * 1024;
    std::uint64_t body_bytes = 64UL * 1024;  ///< kept in memory until the request is answered
    /// Targets that a longer body may be PUT or POSTed to; null: none. Few at a time, since they stand in
    /// memory too.
    bool (*takes_upload)(std::string_view target) = nullptr;
    std::uint64_t upload_bytes = 20UL << 20U;
    std::size_t uploads = 4;
    std::size_t connections = 1024;
    std::size_t requests_per_connection = 10'000;
    std::chrono::seconds first_byte{10};  ///< of a connection's first request
    std::chrono::seconds head{10};        ///< from a head's first byte to its last
    std::chrono::seconds body{30};
    std::chrono::seconds idle{60};         ///< between two requests
    std::chrono::seconds write_stall{60};  ///< without one byte getting through
    std::chrono::seconds linger{2};        ///< reading on after a refusal, so that the client sees it
    std::chrono::seconds stop{10};         ///< for what runs when the server stops
};

/// Why a request can't be read: what to answer before the connection is closed.
struct WireError {
    unsigned status = 400;
    std::string code;
    std::string detail;
};

/// Reads requests out of a stream of bytes (RFC 9112), with Beast's parser. One at a time; what is left in
/// the buffer after one is the beginning of the next.
class RequestReader {
public:
    explicit RequestReader(const Limits& limits);
    ~RequestReader();
    RequestReader(const RequestReader&) = delete;
    RequestReader& operator=(const RequestReader&) = delete;

    enum class Progress { needs_head, needs_body, done };
    /// Takes bytes from the front of `buffer`. Call again with more bytes behind what is left.
    [[nodiscard]] std::expected<Progress, WireError> feed(std::string& buffer);
    /// True once, when the client waits for "100 Continue" before it sends the body.
    [[nodiscard]] bool wants_continue();
    [[nodiscard]] bool keeps_alive() const;
    /// The request that is done; the reader is then ready for the next. Peer, id and TLS are the caller's to
    /// fill.
    [[nodiscard]] Request take();

private:
    struct Parser;
    /// What is wrong with a body of this length, or of one that nobody knows; nullopt: it may come.
    [[nodiscard]] std::optional<WireError> admit_body();
    Limits limits_;
    std::unique_ptr<Parser> parser_;
};

/// Status line and header section of an answer, with Date, Server and Connection. `length`: nullopt for
/// answers that have none (204, 304).
[[nodiscard]] std::string make_head(
    const Response& response,
    std::optional<std::uint64_t> length,
    bool keeps_alive,
    std::chrono::system_clock::time_point now
);
inline constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

}  // namespace sluice::http
