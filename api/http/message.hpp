#pragma once

#include "config/base/bytes.hpp"
#include "config/base/error.hpp"
#include "config/base/unique_fd.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

/// HTTP as values: what a handler gets and gives. Nothing of Beast or Asio is seen here.
namespace sluice::http {

using Headers = std::vector<std::pair<std::string, std::string>>;

struct Request {
    std::string method;
    std::string target;     ///< as sent, for the router only: a log gets `path`
    std::string path;       ///< before the '?', still percent-encoded
    std::string raw_query;  ///< after the '?', still percent-encoded
    Headers headers;        ///< names in lower case
    std::string peer;       ///< address of the other side, without port
    std::string id;         ///< of this request: the client's X-Request-Id when it is decent, else ours
    bool is_tls = false;

    /// First header of this name (lower case), or null.
    [[nodiscard]] const std::string* find_header(std::string_view name) const;
};

/// Bytes [offset, offset + length) of a file that stays open as long as somebody holds the piece.
struct FileSpan {
    std::shared_ptr<const UniqueFd> file;  // shared by the body's source and the connection that sends it
    std::uint64_t offset = 0;
    std::uint64_t length = 0;
};
using Piece = std::variant<Bytes, FileSpan>;

/// A body that is too long for memory. Thread: one call at a time, from a worker.
class BodySource {
public:
    virtual ~BodySource() = default;
    [[nodiscard]] virtual std::uint64_t size_bytes() const = 0;
    /// The next piece at `offset`: at least one byte and at most `limit`. An error ends the connection, so
    /// that the client sees that bytes are missing.
    [[nodiscard]] virtual Result<Piece> read(std::uint64_t offset, std::uint64_t limit) = 0;
};

/// Part of a source: bytes [offset, offset + length).
struct SourceBody {
    std::unique_ptr<BodySource> source;
    std::uint64_t offset = 0;
    std::uint64_t length = 0;
};

struct Response {
    unsigned status = 200;
    Headers headers;  ///< without Content-Length, Date, Server, Connection: the server adds them
    std::variant<std::string, SourceBody> body;
    bool closes = false;    ///< the connection ends after this answer
    std::string route;      ///< pattern that answered, "/v1/cameras/{slug}"; for log and counters, never sent
    std::string principal;  ///< who asked; for the log, never sent

    void set(std::string name, std::string value) { headers.emplace_back(std::move(name), std::move(value)); }
    [[nodiscard]] const std::string* find_header(std::string_view name) const;  ///< any case
    [[nodiscard]] std::uint64_t size_bytes() const;
};

/// The 304 for this answer: only what a cache needs to go on with what it has (RFC 9110 §15.4.5).
[[nodiscard]] Response to_not_modified(Response response);

/// What one exchange was, for the access log and the counters.
struct Exchange {
    std::string method;
    std::string route;  ///< as in Response; empty when nothing matched
    std::string principal;
    unsigned status = 0;
    std::uint64_t sent_bytes = 0;
    bool is_whole = false;  ///< everything announced was sent
    std::int64_t duration_us = 0;
};

/// The service behind the server. Thread: any, many at once.
class Application {
public:
    virtual ~Application() = default;
    /// Whether `handle` may wait for the database, a file or a decoder; then it is called on a worker.
    [[nodiscard]] virtual bool is_blocking(const Request& request) const = 0;
    /// Total: every failure is an answer. Content of HEAD is made as for GET and left out by the server.
    [[nodiscard]] virtual Response handle(const Request& request) = 0;
    /// An answer for a request that could not be read (malformed, too long, too late) or not be taken (busy).
    [[nodiscard]] virtual Response
    refuse(unsigned status, std::string_view code, std::string_view detail) = 0;
    /// After the answer is sent or the connection is lost. Must not block.
    virtual void finished(const Request& request, const Exchange& exchange) noexcept = 0;
};

}  // namespace sluice::http
