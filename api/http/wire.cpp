#include "api/http/wire.hpp"

#include "api/http/text.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <ctime>
#include <optional>
#include <utility>

#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/status.hpp>

namespace sluice::http {

namespace bhttp = boost::beast::http;

namespace {

/// Uploads that are being read, of all connections.
std::atomic<std::size_t> uploads_under_way{0};

/// The right to one of them, for as long as it lives.
class Upload {
public:
    Upload() = default;
    explicit Upload(std::size_t most)
        : is_admitted_(uploads_under_way.fetch_add(1) < most),
          is_counted_(true) {}
    Upload(Upload&& other) noexcept
        : is_admitted_(other.is_admitted_),
          is_counted_(std::exchange(other.is_counted_, false)) {}
    Upload& operator=(Upload&& other) noexcept {
        std::swap(is_admitted_, other.is_admitted_);
        std::swap(is_counted_, other.is_counted_);
        return *this;
    }
    Upload(const Upload&) = delete;
    Upload& operator=(const Upload&) = delete;
    ~Upload() {
        if (is_counted_) uploads_under_way.fetch_sub(1);
    }
    [[nodiscard]] bool is_admitted() const { return is_admitted_; }

private:
    bool is_admitted_ = true;
    bool is_counted_ = false;
};

}  // namespace

struct RequestReader::Parser {
    bhttp::request_parser<bhttp::buffer_body> beast;
    std::array<char, 16UL * 1024> piece{};
    std::string body;  ///< at most Limits::body_bytes, or upload_bytes: the parser refuses more
    bool has_answered_continue = false;
    Upload upload;

    void offer_piece() {
        beast.get().body().data = piece.data();
        beast.get().body().size = piece.size();
        beast.get().body().more = true;
    }
    void take_piece() { body.append(piece.data(), piece.size() - beast.get().body().size); }
};

namespace {

/// A head that is too long because of its first line has a target that is too long.
bool is_request_line_long(std::string_view buffer) {
    constexpr std::size_t kLongLine = 8UL * 1024;
    return buffer.size() > kLongLine && buffer.find('\n') > kLongLine;  // also when there is none
}

WireError explain(const boost::system::error_code& code, std::string_view buffer) {
    if (code == bhttp::error::header_limit && is_request_line_long(buffer))
        return {414, "URI_TOO_LONG", "The request target is longer than this service reads."};
    if (code == bhttp::error::header_limit)
        return {431, "HEADER_TOO_LARGE", "The header section is larger than this service reads."};
    if (code == bhttp::error::body_limit)
        return {413, "BODY_TOO_LARGE", "The body is larger than this service reads."};
    if (code == bhttp::error::bad_version && buffer.find("HTTP/") != std::string_view::npos)
        return {505, "HTTP_VERSION_NOT_SUPPORTED", "This service speaks HTTP/1.1."};
    return {400, "MALFORMED_REQUEST", "The request is not well-formed HTTP/1.1."};
}

template <class Fields>
std::optional<WireError> check_head(const Fields& head, std::uint32_t target_limit) {
    if (head.target().size() > target_limit)
        return WireError{414, "URI_TOO_LONG", "The request target is longer than this service reads."};
    if (head.version() == 11 && head.count(bhttp::field::host) != 1)
        return WireError{400, "MALFORMED_REQUEST", "An HTTP/1.1 request has exactly one Host header."};
    if (head.count(bhttp::field::transfer_encoding) > 0 && head.count(bhttp::field::content_length) > 0)
        return WireError{
            400, "MALFORMED_REQUEST", "Content-Length and Transfer-Encoding exclude each other."
        };
    const auto expect = head.find(bhttp::field::expect);
    if (expect != head.end() &&
        !is_same_word({expect->value().data(), expect->value().size()}, "100-continue"))
        return WireError{417, "EXPECTATION_FAILED", "Only the expectation 100-continue is known."};
    return std::nullopt;
}

/// "http://host/path?query" → "/path?query": RFC 9112 §3.2.2 has servers accept both.
std::string to_origin_form(const std::string& target) {
    const std::size_t scheme = target.find("://");
    const bool is_absolute = scheme <= 5 && !target.starts_with('/');  // npos is far more than 5
    if (!is_absolute) return target;
    const std::size_t path = target.find_first_of("/?", scheme + 3);
    if (path == std::string::npos) return "/";
    return target[path] == '/' ? target.substr(path) : "/" + target.substr(path);
}

/// RFC 9110 §5.6.7 in English, whatever the locale says.
std::string http_date(std::chrono::system_clock::time_point now) {
    static constexpr std::array kDays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static constexpr std::array kMonths{
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"
    };
    const std::time_t seconds = std::chrono::system_clock::to_time_t(now);
    std::tm utc{};
    static_cast<void>(::gmtime_r(&seconds, &utc));  // fails only for years beyond an int
    std::array<char, 32> text{};
    static_cast<void>(std::snprintf(  // 29 letters until the year 10000
        text.data(),
        text.size(),
        "%s, %02d %s %04d %02d:%02d:%02d GMT",
        kDays.at(static_cast<std::size_t>(utc.tm_wday)),
        utc.tm_mday,
        kMonths.at(static_cast<std::size_t>(utc.tm_mon)),
        utc.tm_year + 1900,
        utc.tm_hour,
        utc.tm_min,
        utc.tm_sec
    ));
    return text.data();
}

/// A value can't end its line: control characters become spaces.
void append_header(std::string& out, std::string_view name, std::string_view value) {
    out.append(name).append(": ");
    for (const char letter : value)
        out.push_back(static_cast<unsigned char>(letter) < 0x20 || letter == 0x7F ? ' ' : letter);
    out.append("\r\n");
}

}  // namespace

RequestReader::RequestReader(const Limits& limits) : limits_(limits) {}
RequestReader::~RequestReader() = default;

std::expected<RequestReader::Progress, WireError> RequestReader::feed(std::string& buffer) {
    if (!parser_) {
        while (buffer.starts_with("\r\n"))
            buffer.erase(0, 2);  // RFC 9112 §2.2
        if (buffer.empty()) return Progress::needs_head;
        parser_ = std::make_unique<Parser>();
        parser_->beast.header_limit(limits_.head_bytes);
        // Which limit it is shows when the target is known: until then not a byte of the body is taken.
        parser_->beast.body_limit(std::max(limits_.body_bytes, limits_.upload_bytes));
        parser_->beast.eager(false);
    }
    auto& parser = parser_->beast;
    // What the parser has taken is gone from the buffer: only before the target is known does it begin with
    // the first line.
    const auto unread_line = [&] {
        return parser.get().target().empty() ? std::string_view{buffer} : std::string_view{};
    };
    while (!parser.is_done() && !buffer.empty()) {
        parser_->offer_piece();
        const bool had_head = parser.is_header_done();
        boost::system::error_code code;
        const std::size_t taken = parser.put(boost::asio::buffer(buffer), code);
        if (code && code != bhttp::error::need_more && code != bhttp::error::need_buffer)
            return std::unexpected(explain(code, unread_line()));
        if (!had_head && parser.is_header_done()) {
            if (auto wrong = check_head(parser.get(), limits_.target_bytes))
                return std::unexpected(std::move(*wrong));
            if (auto wrong = admit_body()) return std::unexpected(std::move(*wrong));
            parser.eager(true);
        }
        parser_->take_piece();
        buffer.erase(0, taken);
        if (taken == 0) break;
    }
    if (!parser.is_header_done()) {
        if (buffer.size() >= limits_.head_bytes)
            return std::unexpected(explain(bhttp::error::header_limit, unread_line()));
        return Progress::needs_head;
    }
    return parser.is_done() ? Progress::done : Progress::needs_body;
}

std::optional<WireError> RequestReader::admit_body() {
    auto& parser = parser_->beast;
    const auto& head = parser.get();
    const auto length = parser.content_length();
    const bool is_upload = limits_.takes_upload != nullptr &&
                           (head.method() == bhttp::verb::put || head.method() == bhttp::verb::post) &&
                           limits_.takes_upload({head.target().data(), head.target().size()});
    if (!is_upload) {
        parser.body_limit(limits_.body_bytes);
        if (length && *length > limits_.body_bytes) return explain(bhttp::error::body_limit, {});
        return std::nullopt;
    }
    parser.body_limit(limits_.upload_bytes);
    if (length && *length <= limits_.body_bytes) return std::nullopt;
    parser_->upload = Upload{limits_.uploads};
    if (parser_->upload.is_admitted()) return std::nullopt;
    return WireError{503, "BUSY", "Too many files are being handed in at once; try again."};
}

bool RequestReader::wants_continue() {
    if (!parser_ || parser_->has_answered_continue || parser_->beast.is_done()) return false;
    const auto& head = parser_->beast.get();
    if (head.version() < 11 || head.count(bhttp::field::expect) == 0) return false;
    return parser_->has_answered_continue = true;
}

bool RequestReader::keeps_alive() const {
    return parser_ && parser_->beast.keep_alive();
}

Request RequestReader::take() {
    const auto& head = parser_->beast.get();
    Request request;
    request.method = std::string{head.method_string()};
    request.target = std::string{head.target()};
    const std::string origin = to_origin_form(request.target);
    const std::size_t question = origin.find('?');
    request.path = origin.substr(0, question);
    if (question != std::string::npos) request.raw_query = origin.substr(question + 1);
    for (const auto& field : head)
        request.headers.emplace_back(
            to_lower({field.name_string().data(), field.name_string().size()}), std::string{field.value()}
        );
    request.body = std::move(parser_->body);
    parser_.reset();
    return request;
}

std::string make_head(
    const Response& response,
    std::optional<std::uint64_t> length,
    bool keeps_alive,
    std::chrono::system_clock::time_point now
) {
    const auto reason = bhttp::obsolete_reason(static_cast<bhttp::status>(response.status));
    std::string out = "HTTP/1.1 " + std::to_string(response.status) + " ";
    out.append(reason.data(), reason.size()).append("\r\n");
    append_header(out, "Date", http_date(now));
    append_header(out, "Server", "sluice");
    for (const auto& [name, value] : response.headers)
        append_header(out, name, value);
    if (length) append_header(out, "Content-Length", std::to_string(*length));
    append_header(out, "Connection", keeps_alive ? "keep-alive" : "close");
    out.append("\r\n");
    return out;
}

}  // namespace sluice::http
