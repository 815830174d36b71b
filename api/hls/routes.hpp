#pragma once

#include "api/route.hpp"

namespace sluice::api {

/// GET /v1/cameras/{slug}/live.m3u8, …/hls/index.m3u8, …/hls/init/{name}, …/hls/media/{file}/{name}
void add_hls_routes(Routes& routes);

}  // namespace sluice::api
