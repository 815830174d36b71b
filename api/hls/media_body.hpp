#pragma once

#include "api/http/message.hpp"
#include "storage/clip/hls_media.hpp"

#include <memory>

namespace sluice::api {

/// A piece of footage as the body of an answer.
[[nodiscard]] std::unique_ptr<http::BodySource> make_body(clip::HlsMedia media);

}  // namespace sluice::api
