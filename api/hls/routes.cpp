#include "api/hls/routes.hpp"

#include "api/hls/detail/common.hpp"

namespace sluice::api {

void add_hls_routes(Routes& routes) {
    detail::add_live_route(routes);
    detail::add_recorded_route(routes);
    detail::add_media_routes(routes);
}

}  // namespace sluice::api
