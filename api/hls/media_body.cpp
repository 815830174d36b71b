#include "api/hls/media_body.hpp"

#include <utility>
#include <variant>

namespace sluice::api {
namespace {

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

}  // namespace

std::unique_ptr<http::BodySource> make_body(clip::HlsMedia media) {
    return std::make_unique<MediaBody>(std::move(media));
}

}  // namespace sluice::api
