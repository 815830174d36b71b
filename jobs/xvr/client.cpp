#include "jobs/xvr/client.hpp"

#include "jobs/xvr/multipart.hpp"

#include <algorithm>
#include <memory>
#include <optional>
#include <vector>

#include <curl/curl.h>

namespace sluice::xvr {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr long kConnectSeconds = 10;

struct Release {
    void operator()(CURL* curl) const noexcept { ::curl_easy_cleanup(curl); }
};
using Handle = std::unique_ptr<CURL, Release>;

/// What libcurl's callbacks of one request share.
struct Exchange {
    const std::stop_token& stop;
    const Listener* listener = nullptr;  ///< of a stream
    std::chrono::milliseconds silence{0};
    SteadyClock::time_point heard = SteadyClock::now();
    bool is_silent = false;
    bool is_too_long = false;
    std::string content_type;  ///< of the newest answer: a Digest has two
    long status = 0;
    std::optional<MultipartReader> reader;
    std::uint64_t given_up = 0;
    std::string body;  ///< of an answer that ends
    std::size_t most_bytes = 0;
};

bool is_name(std::string_view line, std::string_view name) {
    return line.size() > name.size() && line[name.size()] == ':' &&
           std::equal(name.begin(), name.end(), line.begin(), [](char one, char other) {
               return one == (other >= 'A' && other <= 'Z' ? other - 'A' + 'a' : other);
           });
}

std::size_t take_header(char* bytes, std::size_t size, std::size_t count, void* into) {
    auto& exchange = *static_cast<Exchange*>(into);
    std::string_view line{bytes, size * count};
    if (line.starts_with("HTTP/")) {
        exchange.content_type.clear();
        const std::size_t blank = line.find(' ');
        exchange.status =
            blank == std::string_view::npos ? 0 : std::strtol(line.data() + blank + 1, nullptr, 10);
    }
    if (is_name(line, "content-type")) {
        line.remove_prefix(std::string_view{"content-type:"}.size());
        const std::size_t begin = line.find_first_not_of(" \t");
        if (begin != std::string_view::npos) exchange.content_type = line.substr(begin);
    }
    return size * count;
}

void read_parts(Exchange& exchange, std::string_view bytes) {
    std::vector<std::string> bodies;
    exchange.reader->feed(bytes, bodies);
    for (const std::string& body : bodies) {
        exchange.heard = SteadyClock::now();
        exchange.listener->on_part(read_part(body));
    }
    const std::uint64_t given_up = exchange.reader->given_up();
    if (given_up > exchange.given_up) exchange.listener->on_given_up(given_up - exchange.given_up);
    exchange.given_up = given_up;
}

/// A number other than what came ends the request.
std::size_t take_stream(char* bytes, std::size_t size, std::size_t count, void* into) {
    auto& exchange = *static_cast<Exchange*>(into);
    if (exchange.status != 200) return size * count;
    if (!exchange.reader) {
        const auto boundary = boundary_of(exchange.content_type);
        if (!boundary) return 0;
        exchange.reader.emplace(*boundary);
        exchange.listener->on_connected();
    }
    read_parts(exchange, {bytes, size * count});
    return size * count;
}

std::size_t take_body(char* bytes, std::size_t size, std::size_t count, void* into) {
    auto& exchange = *static_cast<Exchange*>(into);
    if (exchange.status != 200) return size * count;
    exchange.is_too_long = exchange.body.size() + size * count > exchange.most_bytes;
    if (exchange.is_too_long) return 0;
    exchange.body.append(bytes, size * count);
    return size * count;
}

/// Called at least every second: the way out of a request that goes on.
int look_around(void* from, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
    auto& exchange = *static_cast<Exchange*>(from);
    if (exchange.listener != nullptr)
        exchange.is_silent = SteadyClock::now() - exchange.heard >= exchange.silence;
    return exchange.stop.stop_requested() || exchange.is_silent ? 1 : 0;
}

std::string address_of(const Door& door, std::string_view path) {
    const bool is_v6 = door.host.find(':') != std::string::npos;
    return "http://" + (is_v6 ? "[" + door.host + "]" : door.host) + ":" + std::to_string(door.port) +
           std::string{path};
}

Handle prepare(const Door& door, std::string_view path, Exchange& exchange) {
    Handle curl{::curl_easy_init()};
    ::curl_easy_setopt(curl.get(), CURLOPT_NOSIGNAL, 1L);
    ::curl_easy_setopt(curl.get(), CURLOPT_QUICK_EXIT, 1L);  // a name server that hangs holds up no stop
    ::curl_easy_setopt(curl.get(), CURLOPT_CONNECTTIMEOUT, kConnectSeconds);
    ::curl_easy_setopt(curl.get(), CURLOPT_PROXY, "");
    ::curl_easy_setopt(curl.get(), CURLOPT_URL, address_of(door, path).c_str());
    ::curl_easy_setopt(curl.get(), CURLOPT_PROTOCOLS_STR, "http");
    ::curl_easy_setopt(
        curl.get(), CURLOPT_HTTPAUTH, CURLAUTH_DIGEST
    );  // never Basic: it would tell the password
    ::curl_easy_setopt(curl.get(), CURLOPT_USERNAME, door.username.c_str());
    ::curl_easy_setopt(curl.get(), CURLOPT_PASSWORD, door.password.reveal().c_str());
    ::curl_easy_setopt(curl.get(), CURLOPT_HEADERFUNCTION, take_header);
    ::curl_easy_setopt(curl.get(), CURLOPT_HEADERDATA, &exchange);
    ::curl_easy_setopt(curl.get(), CURLOPT_WRITEDATA, &exchange);
    ::curl_easy_setopt(curl.get(), CURLOPT_NOPROGRESS, 0L);
    ::curl_easy_setopt(curl.get(), CURLOPT_XFERINFOFUNCTION, look_around);
    ::curl_easy_setopt(curl.get(), CURLOPT_XFERINFODATA, &exchange);
    return curl;
}

/// Why an answer is none that was wanted; nullopt: it is.
std::optional<Ending> judge_status(long status) {
    if (status == 401 || status == 403)
        return Ending{
            End::refused,
            "the recorder answers " + std::to_string(status) +
                ": user name or password is wrong, or the user may not do this"
        };
    if (status != 200) return Ending{End::no_stream, "the recorder answers " + std::to_string(status)};
    return std::nullopt;
}

}  // namespace

std::string_view to_string(End end) noexcept {
    switch (end) {
        case End::stopped:
            return "stopped";
        case End::closed:
            return "closed";
        case End::silent:
            return "silent";
        case End::refused:
            return "refused";
        case End::no_stream:
            return "no_stream";
        case End::unreachable:
            return "unreachable";
    }
    return "unreachable";
}

Ending follow(
    const Door& door,
    std::chrono::milliseconds silence,
    const Listener& listener,
    const std::stop_token& stop
) {
    Exchange exchange{
        .stop = stop, .listener = &listener, .silence = silence, .content_type = {}, .reader = {}, .body = {}
    };
    const std::string path =
        "/cgi-bin/eventManager.cgi?action=attach&codes=[All]&heartbeat=" + std::to_string(kHeartbeat.count());
    const Handle curl = prepare(door, path, exchange);
    ::curl_easy_setopt(curl.get(), CURLOPT_WRITEFUNCTION, take_stream);
    const CURLcode code = ::curl_easy_perform(curl.get());
    if (stop.stop_requested()) return {End::stopped, ""};
    // What broke off in the midst has the status of the question for the password.
    if (code == CURLE_OK)
        if (auto ending = judge_status(exchange.status)) return *ending;
    if (exchange.is_silent) return {End::silent, "nothing came from the recorder, not even a heartbeat"};
    if (exchange.status != 200) return {End::unreachable, ::curl_easy_strerror(code)};
    if (!exchange.reader) return {End::no_stream, "the recorder's answer is no stream of events"};
    return {End::closed, code == CURLE_OK ? "the recorder ended the stream" : ::curl_easy_strerror(code)};
}

Result<std::string>
fetch(const Door& door, std::string_view path, const FetchLimits& limits, const std::stop_token& stop) {
    Exchange exchange{.stop = stop, .content_type = {}, .reader = {}, .body = {}, .most_bytes = limits.bytes};
    const Handle curl = prepare(door, path, exchange);
    ::curl_easy_setopt(curl.get(), CURLOPT_TIMEOUT_MS, static_cast<long>(limits.time.count()));
    ::curl_easy_setopt(curl.get(), CURLOPT_WRITEFUNCTION, take_body);
    const CURLcode code = ::curl_easy_perform(curl.get());
    if (stop.stop_requested()) return failure(Remedy::cancelled, "stopped");
    if (exchange.is_too_long) return failure(Remedy::retry, "the recorder's answer is too long", "too_large");
    if (code == CURLE_PARTIAL_FILE)
        return failure(Remedy::retry, "the recorder ended the connection within its answer", "cut_off");
    if (code != CURLE_OK)
        return failure(Remedy::retry, ::curl_easy_strerror(code), std::string{to_string(End::unreachable)});
    if (const auto ending = judge_status(exchange.status))
        return failure(Remedy::retry, ending->problem, std::string{to_string(ending->end)});
    return std::move(exchange.body);
}

}  // namespace sluice::xvr
