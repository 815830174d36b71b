#pragma once

#include "api/http/message.hpp"
#include "storage/clip/clip.hpp"
#include "storage/clip/hls_media.hpp"

#include <memory>

namespace sluice::api {

/// A clip as the body of an answer.
[[nodiscard]] std::unique_ptr<http::BodySource> make_body(std::unique_ptr<clip::Clip> clip);
/// A piece of footage likewise.
[[nodiscard]] std::unique_ptr<http::BodySource> make_body(clip::HlsMedia media);

/// The same answer to the conditional and range headers of a request as any body with a strong ETag: 200,
/// 206, 304, 412, 416 or 400. `response` holds the headers that describe the body; `etag` has its quotes.
[[nodiscard]] http::Response choose_part(
    const http::Request& request,
    http::Response response,
    std::unique_ptr<http::BodySource> body,
    const std::string& etag
);

}  // namespace sluice::api
