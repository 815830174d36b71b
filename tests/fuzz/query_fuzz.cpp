#include "api/body.hpp"
#include "api/cursor.hpp"
#include "api/http/range.hpp"
#include "api/http/text.hpp"
#include "api/http/wire.hpp"
#include "api/parameters.hpp"

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

/// What a client may send, read by everything that reads it. A promise that breaks aborts.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace sluice;
    const std::string_view text{reinterpret_cast<const char*>(data), size};
    constexpr std::uint64_t kSize = 1000;

    if (const auto decoded = http::percent_decode(text); decoded) {
        if (!http::is_utf8(*decoded)) std::abort();
        if (http::percent_decode(http::percent_encode(*decoded)) != decoded) std::abort();
    }
    const auto choice = http::choose_range(text, kSize);
    if (const auto* part = std::get_if<http::PartOfBody>(&choice))
        if (part->length == 0 || part->offset + part->length > kSize) std::abort();
    static_cast<void>(http::names_etag(text, "\"a\"", http::Comparison::strong));

    static const std::vector<std::string> kKnown{"from", "to", "stream", "limit", "cursor", "run"};
    if (const auto parameters = api::Parameters::parse(text, kKnown); parameters) {
        const auto range = parameters->interval(std::chrono::days{1});
        if (range && (range->is_empty() || range->length() > std::chrono::days{1})) std::abort();
        const auto limit = parameters->limit();
        if (limit && (*limit < 1 || *limit > 1000)) std::abort();
        static_cast<void>(parameters->id("run"));
    } else if (!http::is_utf8(parameters.error().detail)) {
        std::abort();
    }
    if (const auto place = api::segment_cursor_from(text); place && api::to_cursor(*place) != text)
        std::abort();

    http::Request posted;
    posted.headers = {{"content-type", "application/json"}};
    posted.body = std::string{text};
    if (const auto body = api::Body::parse(posted, {"kind", "cameras", "from", "reason"}); body) {
        const auto kind = body->text("kind", 10);
        if (kind && kind->size() > 10) std::abort();
        static_cast<void>(body->time("from"));
        static_cast<void>(body->texts("cameras", 4));
        static_cast<void>(body->raw("reason"));
    }

    http::RequestReader reader{http::Limits{}};
    std::string buffer{text};
    for (int i = 0; i < 8 && !buffer.empty(); ++i) {
        const std::size_t before = buffer.size();
        const auto fed = reader.feed(buffer);
        if (!fed || *fed != http::RequestReader::Progress::done) break;
        static_cast<void>(reader.take());
        if (buffer.size() >= before) std::abort();
    }
    return 0;
}
