#include "api/hls/detail/common.hpp"
#include "api/hls/rules.hpp"
#include "config/base/log.hpp"
#include "storage/catalogue/live_mark_repository.hpp"

#include <memory>
#include <utility>

namespace sluice::api::detail {
namespace {

http::Problem not_recording() {
    return {
        .status = 503,
        .code = "NOT_RECORDING",
        .detail = "Nothing of this stream has been recorded within the last minute.",
        .retry_after = std::chrono::seconds{5}
    };
}

http::Problem not_yet_recorded() {
    return {
        .status = 503,
        .code = "NOT_YET_RECORDED",
        .detail = "What the reload waits for has not come in time.",
        .retry_after = std::chrono::seconds{1}
    };
}

/// Where counting stands is kept once a file, so that it goes on from there in another process.
void keep_mark(const Call& call, LiveStream& stream, const Uuid& stream_id, const clip::LiveMark& mark) {
    if (!stream.takes_mark(mark)) return;
    log_and_drop(
        catalogue::save_live_mark(
            call.services.database.pool(), stream_id, {mark.file_id, mark.number, mark.discontinuities}
        ),
        "the next file's mark will do"
    );
}

Answer send_live(const Call& call) {
    const auto wanted = directives_from(call.parameters);
    if (!wanted) return std::unexpected(wanted.error());
    const auto target = find_hls_target(call);
    if (!target) return std::unexpected(target.error());
    const CameraMap::Found& camera = *target->camera;
    const TimeRange expected{call.now - std::chrono::seconds{clip::kLiveWindowSeconds}, call.now};
    if (auto allowed = permit_hls(call, Action::read_live, camera, target->stream.kind, expected); !allowed)
        return std::unexpected(allowed.error());
    const auto stream = follow_stream(call, camera, target->stream);
    if (!stream) return std::unexpected(stream.error());

    const auto [view, generation] = (*stream)->state();
    if (generation == 0) return postpone(call, *stream, generation, kOpeningLimit, not_recording());
    const bool is_live = view && call.now - view->wall.to <= kLiveAge;
    if (!is_live) {
        if (!wanted->number) return std::unexpected(not_recording());
        return postpone(call, *stream, generation, kReloadLimit, not_recording());
    }
    if (auto sane = check_ahead(*wanted, last_number(view->playlist)); !sane)
        return std::unexpected(sane.error());
    if (!holds(view->playlist, *wanted))
        return postpone(call, *stream, generation, kReloadLimit, not_yet_recorded());
    if (auto allowed = permit_hls(call, Action::read_live, camera, target->stream.kind, view->wall); !allowed)
        return std::unexpected(allowed.error());

    keep_mark(call, **stream, target->stream.id, view->mark);
    const auto key = view_key(call, target->stream.id, "live");
    const auto recorded =
        record_opening(call, key, kLiveQuiet, opened_view(camera, target->stream.kind, "live", view->wall));
    if (!recorded) return std::unexpected(recorded.error());
    return playlist_response(wanted->may_skip ? view->delta_text : view->full_text);
}

}  // namespace

void add_live_route(Routes& routes) {
    routes.push_back(
        {.method = "GET",
         .pattern = "/v1/cameras/{slug}/live.m3u8",
         .action = Action::read_live,
         .parameters = {"stream", "_HLS_msn", "_HLS_part", "_HLS_skip"},
         .handler = send_live}
    );
}

}  // namespace sluice::api::detail
