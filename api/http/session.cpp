#include "api/http/session.hpp"

#include "api/http/body_sender.hpp"
#include "config/base/log.hpp"
#include "config/base/uuid.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <expected>
#include <memory>
#include <optional>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace sluice::http {

namespace asio = boost::asio;
using std::chrono::steady_clock;

namespace {

constexpr std::size_t kReadBytes = 8UL * 1024;
constexpr std::size_t kTlsFillBytes = 256UL * 1024;
constexpr std::uint64_t kTurnBytes = 16ULL
                                     << 20U;  ///< of one connection, before another one's job gets the worker
constexpr std::size_t kLingerBytes = 4UL * 1024 * 1024;
constexpr std::chrono::seconds kEventSilence{15};

/// How reading a request ended, when not with a request.
enum class NoRequest { peer_gone };
using ReadOutcome = std::variant<Request, WireError, NoRequest>;

struct Session {
    std::unique_ptr<Connection> connection;
    std::string peer;
    SessionContext& context;
    RequestReader reader;
    std::string buffer;  ///< read, and not yet taken by the reader
    bool keeps_alive = false;
    bool has_served = false;
};

bool is_decent_id(std::string_view id) {
    return !id.empty() && id.size() <= 64 && std::ranges::all_of(id, [](char letter) {
        return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
               (letter >= '0' && letter <= '9') || letter == '-' || letter == '_' || letter == '.';
    });
}

Request complete(Session& session, Request request) {
    request.peer = session.peer;
    request.is_tls = session.connection->is_tls();
    request.received = steady_clock::now();
    const std::string* given = request.find_header("x-request-id");
    request.id = given != nullptr && is_decent_id(*given)
                     ? *given
                     : to_string(make_uuid_v7(session.context.clock.now()));
    return request;
}

/// A request under way: how far it is, and until when the next bytes have to come.
struct Arrival {
    RequestReader::Progress progress = RequestReader::Progress::needs_head;
    Deadline deadline;
    bool is_idle = true;  ///< nothing of it has come yet
};

/// Hands what was read to the reader. The first byte sets the deadline of the head, a whole head that of the
/// body.
std::optional<WireError> take_in(Session& session, Arrival& arrival) {
    const Limits& limits = session.context.limits;
    if (arrival.is_idle) arrival.deadline = steady_clock::now() + limits.head;
    arrival.is_idle = false;
    const auto fed = session.reader.feed(session.buffer);
    if (!fed) return fed.error();
    if (arrival.progress != *fed) arrival.deadline = steady_clock::now() + limits.body;
    arrival.progress = *fed;
    return std::nullopt;
}

/// Reads until a whole request stands there. A request that is late in its middle gets a 408.
asio::awaitable<ReadOutcome> read_request(Session& session) {
    const Limits& limits = session.context.limits;
    Arrival arrival;
    arrival.deadline = steady_clock::now() + (session.has_served ? limits.idle : limits.first_byte);
    for (;;) {
        if (!session.buffer.empty()) {
            if (auto wrong = take_in(session, arrival)) co_return std::move(*wrong);
            if (arrival.progress == RequestReader::Progress::done) break;
        }
        if (session.reader.wants_continue()) {
            const auto sent = co_await write_all(*session.connection, kContinue, limits.write_stall);
            if (!sent) co_return NoRequest::peer_gone;
        }
        // NOLINTNEXTLINE(cppcoreguidelines-pro-type-member-init): only what was read is looked at
        std::array<char, kReadBytes> bytes;
        session.connection->watch().set_idle(arrival.is_idle);
        const auto count = co_await session.connection->read_some(bytes, arrival.deadline);
        session.connection->watch().set_idle(false);
        const bool is_late = !count && count.error().code() == std::errc::timed_out;
        if (is_late && !arrival.is_idle)
            co_return WireError{408, "REQUEST_TIMEOUT", "The request took too long to arrive."};
        if (!count || *count == 0) co_return NoRequest::peer_gone;
        session.buffer.append(bytes.data(), *count);
    }
    session.keeps_alive = session.reader.keeps_alive();
    co_return complete(session, session.reader.take());
}

/// The border at which an exception of a handler becomes an answer.
Response call(Application& application, const Request& request) {
    try {
        return application.handle(request);
    } catch (const std::exception& error) {
        log::error(
            "handler_failed", {{"request_id", request.id}, {"path", request.path}, {"detail", error.what()}}
        );
        return application.refuse(
            500, "INTERNAL_ERROR", "The service failed at this request; its log says why."
        );
    }
}

asio::awaitable<Response> answer_once(Session& session, const Request& request) {
    Application& application = session.context.application;
    if (!application.is_blocking(request)) co_return call(application, request);
    Response response;
    const bool was_run =
        co_await run_on(session.context.workers, [&] { response = call(application, request); });
    if (!was_run)
        co_return application.refuse(503, "BUSY", "Too many requests are waiting; try again shortly.");
    co_return response;
}

/// Until the event has happened or the time is over. No worker and no thread is taken meanwhile.
asio::awaitable<void> wait_for(Postponement postponement) {
    const auto executor = co_await asio::this_coro::executor;
    // Shared by this frame and by the wakes that are on their way to the strand when it is gone.
    const auto timer = std::make_shared<asio::steady_timer>(executor, postponement.until);
    const auto wake = std::make_shared<const Event::Wake>([timer, executor] {
        asio::post(executor, [timer] { timer->cancel(); });
    });
    postponement.event->subscribe(postponement.seen, wake);
    const auto [ignored] = co_await timer->async_wait(asio::as_tuple(asio::use_awaitable));
    static_cast<void>(ignored);
}

asio::awaitable<Response> answer(Session& session, const Request& request) {
    for (;;) {
        Response response = co_await answer_once(session, request);
        if (!response.postponed) co_return response;
        if (session.context.is_stopping)
            co_return session.context.application.refuse(503, "BUSY", "The service is stopping.");
        co_await wait_for(std::move(*response.postponed));
    }
}

/// Bytes of the body that went out, whether all did.
struct Sent {
    std::uint64_t bytes = 0;
    bool is_whole = false;
};

/// One turn on a worker, repeated while the pool is full: a running download is not broken off for that.
asio::awaitable<Result<BodySender::State>>
send_turn(Session& session, BodySender& sender, std::string& tls_buffer) {
    Result<BodySender::State> state = BodySender::State::turn_over;
    const bool is_tls = session.connection->is_tls();
    const int socket = session.connection->native_handle();
    const bool was_run = co_await run_on(session.context.workers, [&] {
        try {
            state = is_tls ? sender.fill(tls_buffer, kTlsFillBytes) : sender.send_to(socket, kTurnBytes);
        } catch (const std::exception& error) {
            state = failure(Remedy::abandon_file, error.what());
        }
    });
    if (!was_run) co_return failure(Remedy::retry, "too many jobs are waiting");
    co_return state;
}

asio::awaitable<Sent> send_source(Session& session, const SourceBody& body) {
    BodySender sender{body};
    std::string tls_buffer;
    for (;;) {
        const auto state = co_await send_turn(session, sender, tls_buffer);
        if (!state) {
            if (state.error().remedy() != Remedy::retry)
                log::error("body_broken", {{"detail", state.error().describe()}});
            co_return Sent{sender.sent_bytes(body), false};
        }
        Status moved;
        if (!tls_buffer.empty())
            moved = co_await write_all(*session.connection, tls_buffer, session.context.limits.write_stall);
        else if (*state == BodySender::State::socket_full)
            moved = co_await session.connection->wait_writable(
                steady_clock::now() + session.context.limits.write_stall
            );
        tls_buffer.clear();
        if (!moved) co_return Sent{sender.sent_bytes(body), false};
        if (*state == BodySender::State::done) co_return Sent{body.length, true};
    }
}

/// Waits; false: cancelled.
asio::awaitable<bool> pause(std::chrono::milliseconds time) {
    asio::steady_timer timer{co_await asio::this_coro::executor};
    timer.expires_after(time);
    const auto [code] = co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
    co_return !code;
}

/// Event after event until there are no more, the limit is over or the server stops. Nothing new for a while:
/// a comment, so that a client that is gone is noticed. A full pool is no reason to end; its turn is left
/// out.
asio::awaitable<Sent> send_events(Session& session, const EventBody& body) {
    const Deadline limit = steady_clock::now() + body.limit;
    Deadline silent_until = steady_clock::now() + kEventSilence;
    Sent sent;
    while (!session.context.is_stopping && steady_clock::now() < limit) {
        std::optional<std::string> text{std::string{}};
        const bool was_run = co_await run_on(session.context.workers, [&] {
            try {
                text = body.source->next();
            } catch (const std::exception& error) {
                log::error("events_failed", {{"detail", error.what()}});
                text.reset();
            }
        });
        static_cast<void>(was_run);
        const bool is_over = !text;
        std::string out = text.value_or(std::string{});
        if (out.empty() && !is_over && steady_clock::now() >= silent_until) out = ":\n\n";
        if (!out.empty()) {
            const auto written =
                co_await write_all(*session.connection, out, session.context.limits.write_stall);
            if (!written) co_return sent;
            sent.bytes += out.size();
            silent_until = steady_clock::now() + kEventSilence;
        }
        if (is_over) break;
        const bool goes_on = co_await pause(body.every);
        if (!goes_on) co_return sent;
    }
    sent.is_whole = true;
    co_return sent;
}

bool has_no_length(unsigned status) {
    return status == 204 || status == 304;
}

/// Head, and body unless the request was HEAD or the status has none.
asio::awaitable<Sent> send_response(Session& session, const Response& response, bool is_head) {
    const auto length = has_no_length(response.status) ? std::nullopt : response.size_bytes();
    const auto* events = std::get_if<EventBody>(&response.body);
    if (events != nullptr) session.keeps_alive = false;  // its end is the end of the connection
    std::string out = make_head(response, length, session.keeps_alive, session.context.clock.now());
    const bool has_body = !is_head && length && *length > 0;
    const auto* text = std::get_if<std::string>(&response.body);
    if (has_body && text != nullptr) out += *text;
    const auto written = co_await write_all(*session.connection, out, session.context.limits.write_stall);
    if (!written) co_return Sent{};
    if (events != nullptr && !is_head) {
        const Sent sent = co_await send_events(session, *events);
        co_return sent;
    }
    if (!has_body || text != nullptr) co_return Sent{has_body ? *length : 0, true};
    const Sent sent = co_await send_source(session, std::get<SourceBody>(response.body));
    co_return sent;
}

/// Closes so that the client can still read the answer: a close with unread bytes would be a reset (RFC 9112
/// §9.6).
asio::awaitable<void> linger(Session& session) {
    const Deadline deadline = steady_clock::now() + session.context.limits.linger;
    const auto closed = co_await session.connection->shutdown(deadline);
    if (!closed) co_return;
    std::array<char, kReadBytes> bytes;  // NOLINT(cppcoreguidelines-pro-type-member-init): never looked at
    for (std::size_t total = 0; total < kLingerBytes;) {
        const auto count = co_await session.connection->read_some(bytes, deadline);
        if (!count || *count == 0) co_return;
        total += *count;
    }
}

/// Sends the answer and tells the application how it went.
asio::awaitable<Sent> reply(Session& session, const Request& request, Response response, Deadline begun) {
    const Sent sent = co_await send_response(session, response, request.method == "HEAD");
    const auto took = std::chrono::duration_cast<Microseconds>(steady_clock::now() - begun);
    Exchange done;
    done.method = request.method;
    done.route = std::move(response.route);
    done.principal = std::move(response.principal);
    done.status = response.status;
    done.sent_bytes = sent.bytes;
    done.is_whole = sent.is_whole;
    done.duration_us = took.count();
    session.context.application.finished(request, done);
    co_return sent;
}

asio::awaitable<void> refuse(Session& session, const WireError& wrong) {
    session.keeps_alive = false;
    const Request request = complete(session, Request{});
    Response response = session.context.application.refuse(wrong.status, wrong.code, wrong.detail);
    const Sent sent = co_await reply(session, request, std::move(response), steady_clock::now());
    if (sent.is_whole) co_await linger(session);
}

/// True: another request may follow.
asio::awaitable<bool> exchange(Session& session, const Request& request) {
    const auto begun = steady_clock::now();
    Response response = co_await answer(session, request);
    if (response.closes || session.context.is_stopping) session.keeps_alive = false;
    const Sent sent = co_await reply(session, request, std::move(response), begun);
    const bool goes_on = sent.is_whole && session.keeps_alive;
    co_return goes_on;
}

}  // namespace

asio::awaitable<void>
serve(std::unique_ptr<Connection> connection, std::string peer, SessionContext& context) {
    Session session{std::move(connection), std::move(peer), context, RequestReader{context.limits}, {}};
    const auto opened = co_await session.connection->open(steady_clock::now() + context.limits.head);
    if (!opened) co_return;
    for (std::size_t count = 1; !context.is_stopping; ++count) {
        const ReadOutcome outcome = co_await read_request(session);
        if (const auto* wrong = std::get_if<WireError>(&outcome)) {
            co_await refuse(session, *wrong);
            co_return;
        }
        if (std::holds_alternative<NoRequest>(outcome)) co_return;
        if (count >= context.limits.requests_per_connection) session.keeps_alive = false;
        const bool goes_on = co_await exchange(session, std::get<Request>(outcome));
        if (!goes_on) break;
        session.has_served = true;
    }
    co_await linger(session);
}

asio::awaitable<void> turn_away(std::unique_ptr<Connection> connection, SessionContext& context) {
    Session session{std::move(connection), {}, context, RequestReader{context.limits}, {}};
    const auto opened = co_await session.connection->open(steady_clock::now() + context.limits.linger);
    if (!opened) co_return;
    co_await refuse(session, {503, "BUSY", "Too many connections are open; try again shortly."});
}

}  // namespace sluice::http
