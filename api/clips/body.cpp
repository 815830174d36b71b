#include "api/clips/body.hpp"

#include "api/http/problem.hpp"
#include "api/http/range.hpp"

#include <utility>

namespace sluice::api {
namespace {

class ClipBody final : public http::BodySource {
public:
    explicit ClipBody(std::unique_ptr<clip::Clip> clip) : clip_(std::move(clip)) {}
    [[nodiscard]] std::uint64_t size_bytes() const override { return clip_->size_bytes(); }
    [[nodiscard]] Result<http::Piece> read(std::uint64_t offset, std::uint64_t limit) override {
        auto piece = clip_->read(offset, limit);
        if (!piece) return std::unexpected(piece.error());
        if (auto* bytes = std::get_if<Bytes>(&*piece)) return http::Piece{std::move(*bytes)};
        auto& range = std::get<clip::FileRange>(*piece);
        return http::Piece{http::FileSpan{std::move(range.file), range.offset, range.length}};
    }

private:
    std::unique_ptr<clip::Clip> clip_;
};

class MediaBody final : public http::BodySource {
public:
    explicit MediaBody(clip::HlsMedia media) : media_(std::move(media)) {}
    [[nodiscard]] std::uint64_t size_bytes() const override { return media_.size_bytes(); }
    [[nodiscard]] Result<http::Piece> read(std::uint64_t offset, std::uint64_t limit) override {
        auto piece = media_.read(offset, limit);
        if (!piece) return std::unexpected(piece.error());
        if (auto* bytes = std::get_if<Bytes>(&*piece)) return http::Piece{std::move(*bytes)};
        auto& range = std::get<clip::FileRange>(*piece);
        return http::Piece{http::FileSpan{std::move(range.file), range.offset, range.length}};
    }

private:
    clip::HlsMedia media_;
};

http::Response refuse(const http::Request& request, unsigned status, const char* code, const char* detail) {
    return http::to_response(
        {.status = status,
         .code = code,
         .detail = detail,
         .field = status == 400 ? "Range" : "",
         .retry_after = {}},
        "urn:sluice:request:" + request.id
    );
}

}  // namespace

std::unique_ptr<http::BodySource> make_body(std::unique_ptr<clip::Clip> clip) {
    return std::make_unique<ClipBody>(std::move(clip));
}

std::unique_ptr<http::BodySource> make_body(clip::HlsMedia media) {
    return std::make_unique<MediaBody>(std::move(media));
}

http::Response choose_part(
    const http::Request& request,
    http::Response response,
    std::unique_ptr<http::BodySource> body,
    const std::string& etag
) {
    const std::uint64_t size = body->size_bytes();
    const http::Conditions conditions{
        .range = request.find_header("range"),
        .if_range = request.find_header("if-range"),
        .if_match = request.find_header("if-match"),
        .if_none_match = request.find_header("if-none-match"),
    };
    const auto selection = http::select(conditions, etag, size, request.method == "GET");
    response.set("ETag", etag);
    response.set("Accept-Ranges", "bytes");
    if (std::holds_alternative<http::NotModified>(selection))
        return http::to_not_modified(std::move(response));
    if (std::holds_alternative<http::PreconditionFailed>(selection))
        return refuse(request, 412, "PRECONDITION_FAILED", "The clip is another one than If-Match names.");
    if (std::holds_alternative<http::MalformedRange>(selection))
        return refuse(request, 400, "MALFORMED_RANGE", "The Range header can't be read.");
    if (std::holds_alternative<http::Unsatisfiable>(selection)) {
        auto refused = refuse(request, 416, "RANGE_NOT_SATISFIABLE", "The clip has no byte of this range.");
        refused.set("Content-Range", http::content_range_unsatisfied(size));
        refused.set("Accept-Ranges", "bytes");
        return refused;
    }
    http::PartOfBody part{0, size};
    if (const auto* chosen = std::get_if<http::PartOfBody>(&selection)) {
        part = *chosen;
        response.status = 206;
        response.set("Content-Range", http::content_range(part, size));
    }
    response.body = http::SourceBody{std::move(body), part.offset, part.length};
    return response;
}

}  // namespace sluice::api
