#pragma once

#include "api/route.hpp"

namespace sluice::api {

/// GET /v1/cameras/{slug}/clip.mp4, GET /v1/cameras/{slug}/snapshot.jpg
void add_clip_routes(Routes& routes);

}  // namespace sluice::api
