#pragma once

#include "api/route.hpp"

namespace sluice::api {

/// POST /v1/requests/{id}/sessions, GET /v1/viewing-sessions/{id}, POST …/{join, presence, end} and, for the
/// viewer, GET …/cameras/{slug}/{stream.m3u8, init/{name}, media/{file}/{name}}
void add_viewing_routes(Routes& routes);

}  // namespace sluice::api
