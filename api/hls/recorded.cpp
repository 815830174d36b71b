#include "api/clips/interval.hpp"
#include "api/clips/refusal.hpp"
#include "api/clips/rules.hpp"
#include "api/hls/detail/common.hpp"
#include "api/hls/rules.hpp"
#include "api/viewings/playing.hpp"
#include "storage/clip/hls_recorded.hpp"

#include <algorithm>
#include <utility>
#include <variant>

namespace sluice::api::detail {
namespace {

/// Once accounts exist, recordings are seen in a viewing session, at whatever address.
Answer send_shown(
    const Call& call,
    const CameraMap::Found& camera,
    const AskedInterval& asked,
    const Subject& subject
) {
    const FootageRight* right = find_right(call.standing, FootageRight::Kind::viewing, subject);
    const auto sessions = load_own_playing(call, camera.camera.id, camera.camera.slug);
    if (!sessions) return std::unexpected(sessions.error());
    for (const Playing& playing : *sessions)
        if (right != nullptr && playing.viewing.id == right->session_id)
            return send_growing(call, playing, *subject.stream, asked.from, asked.to);
    return std::unexpected(not_granted());
}

Answer send_recorded(const Call& call) {
    const auto interval = asked_interval(call);
    if (!interval) return std::unexpected(interval.error());
    const auto& [from, to, run] = *interval;
    const auto target = find_hls_target(call);
    if (!target) return std::unexpected(target.error());
    const CameraMap::Found& camera = *target->camera;
    const StreamKind kind = target->stream.kind;
    const TimeRange asked{from, to.value_or(std::max(call.now, from))};
    if (auto allowed = permit_hls(call, Action::play_recorded, camera, kind, asked); !allowed)
        return std::unexpected(allowed.error());
    if (!call.standing.is_bootstrap)
        return send_shown(
            call, camera, *interval, {.camera_id = camera.camera.id, .stream = kind, .interval = asked}
        );
    const auto volumes = call.services.volumes.load(call.services.database.pool());
    if (!volumes) return std::unexpected(to_problem(volumes.error()));

    const clip::Request wanted{target->stream.id, from, to, run};
    auto resolved = clip::resolve_hls(call.services.database.pool(), *volumes, wanted);
    if (!resolved) return std::unexpected(to_problem(resolved.error()));
    if (const auto* refusal = std::get_if<clip::Refusal>(&*resolved))
        return std::unexpected(explain_refusal(call, *refusal, target->stream, asked));
    const auto& recording = std::get<clip::HlsRecording>(*resolved);
    if (auto allowed = permit_hls(call, Action::play_recorded, camera, kind, recording.range); !allowed)
        return std::unexpected(allowed.error());

    const auto key = view_key(call, target->stream.id, to_rfc3339(from) + (to ? to_rfc3339(*to) : ""));
    const auto recorded =
        record_opening(call, key, kRecordedQuiet, opened_view(camera, kind, "recorded", recording.range));
    if (!recorded) return std::unexpected(recorded.error());
    http::Response response = playlist_response(clip::recorded_playlist(recording.segments, ""));
    tell_interval(response, recording.range, recording.gaps);
    if (!to)
        response.set("Content-Location", recording_location(camera.camera.slug, kind, recording.range, run));
    return response;
}

}  // namespace

void add_recorded_route(Routes& routes) {
    routes.push_back(
        {.method = "GET",
         .pattern = "/v1/cameras/{slug}/hls/index.m3u8",
         .action = Action::play_recorded,
         .parameters = {"from", "to", "run", "stream"},
         .handler = send_recorded}
    );
}

}  // namespace sluice::api::detail
