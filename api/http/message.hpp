#pragma once

#include "config/base/bytes.hpp"
#include "config/base/error.hpp"
#include "config/base/time.hpp"
#include "config/base/unique_fd.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
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
    std::string body;       ///< whole; longer ones were refused
    std::string peer;       ///< address of the other side, without port
    std::string id;         ///< of this request: the client's X-Request-Id when it is decent, else ours
    bool is_tls = false;
    Deadline received;  ///< when the whole request stood there

    /// First header of this name (lower case), or null.
    [[nodiscard]] const std::string* find_header(std::string_view name) const;
};

/// Its method changes nothing (RFC 9110 §9.2.1).
[[nodiscard]] bool is_safe(const Request& request);

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

/// Something that happens again and again, such as new footage, and can be waited for without a thread.
/// Thread: any.
class Event {
public:
    using Wake = std::function<void()>;
    virtual ~Event() = default;
    /// Calls `wake` once: when it happens next, or now when it has happened since `seen`. Forgotten when the
    /// waiter lets go of it. `wake` must not block.
    virtual void subscribe(std::uint64_t seen, std::weak_ptr<const Wake> wake) = 0;
};

/// The answer is not ready. The request is handled anew when `event` has happened, at the latest at `until`;
/// a handler that is called then knows it by Request::received and must answer.
struct Postponement {
    std::shared_ptr<Event> event;  // shared by whoever makes it happen and those who wait
    std::uint64_t seen = 0;
    Deadline until;
};

/// Server-sent events (text/event-stream), made as they are asked for. Thread: one call at a time, from a
/// worker.
class EventSource {
public:
    virtual ~EventSource() = default;
    /// What is new as whole events, empty for nothing; nullopt: there will be no more. Does not wait for
    /// news.
    [[nodiscard]] virtual std::optional<std::string> next() = 0;
};

/// A body without length: the connection ends with it, after the last event or when the limit is over; a
/// client that wants more connects again.
struct EventBody {
    std::unique_ptr<EventSource> source;
    std::chrono::milliseconds every{1000};
    std::chrono::seconds limit{60};
};

struct Response {
    unsigned status = 200;
    Headers headers;  ///< without Content-Length, Date, Server, Connection: the server adds them
    std::variant<std::string, SourceBody, EventBody> body;
    bool closes = false;                    ///< the connection ends after this answer; always after events
    std::optional<Postponement> postponed;  ///< then nothing else in it counts
    std::string route;      ///< pattern that answered, "/v1/cameras/{slug}"; for log and counters, never sent
    std::string principal;  ///< who asked; for the log, never sent

    void set(std::string name, std::string value) { headers.emplace_back(std::move(name), std::move(value)); }
    [[nodiscard]] const std::string* find_header(std::string_view name) const;  ///< any case
    [[nodiscard]] std::optional<std::uint64_t> size_bytes() const;  ///< nullopt: events, nobody knows
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
