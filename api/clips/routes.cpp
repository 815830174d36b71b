#include "api/clips/routes.hpp"

#include "api/acts.hpp"
#include "api/clips/body.hpp"
#include "api/clips/detail/common.hpp"
#include "api/clips/interval.hpp"
#include "api/clips/refusal.hpp"
#include "api/clips/rules.hpp"
#include "storage/clip/clip.hpp"
#include "storage/clip/snapshot.hpp"

#include <memory>
#include <utility>
#include <variant>

namespace sluice::api {
namespace {

using detail::opened;
using detail::quoted_etag;
using detail::Target;

/// Camera, stream and volumes, once `authorize` allows `action` for what was asked.
std::expected<Target, http::Problem> find_target(const Call& call, Action action, TimeRange asked) {
    auto camera = get_camera(call);
    if (!camera) return std::unexpected(camera.error());
    const auto stream = get_stream(call, *camera);
    if (!stream) return std::unexpected(stream.error());
    const auto allowed =
        permit(call, action, {.camera_id = camera->id, .stream = stream->kind, .interval = asked});
    if (!allowed) return std::unexpected(allowed.error());
    auto volumes = call.services.volumes.load(call.services.database.pool());
    if (!volumes) return std::unexpected(to_problem(volumes.error()));
    return Target{std::move(*camera), *stream, std::move(*volumes)};
}

http::Response describe(const clip::Clip& clip, const Target& target, const clip::Request& wanted) {
    const TimeRange range = clip.range();
    http::Response response = detail::describe_clip(clip, target, range);
    response.set("Cache-Control", "private, no-cache");
    if (auto damaged = damaged_header(clip.damaged()); !damaged.empty())
        response.set("Sluice-Damaged", std::move(damaged));
    if (!wanted.to)
        response.set(
            "Content-Location",
            clip_location(target.camera.slug, target.stream.kind, range, wanted.run_id, wanted.takes_damaged)
        );
    return response;
}

/// What of the asked interval was destroyed and so is not in the clip. Only a clip that lacks something is
/// looked after: it begins later than asked, or has gaps.
std::expected<void, http::Problem> tell_destroyed(
    const Call& call,
    const Target& target,
    const clip::Clip& clip,
    const AskedInterval& asked,
    http::Response& response
) {
    const TimeRange interval{asked.from, asked.to.value_or(clip.range().to)};
    if (clip.gaps().empty() && clip.range().from <= interval.from && clip.range().to >= interval.to)
        return {};
    const auto destroyed = catalogue::load_destroyed(
        call.services.database.pool(), target.stream.id, target.stream.kind, interval
    );
    if (!destroyed) return std::unexpected(to_problem(destroyed.error()));
    if (auto text = destroyed_header(*destroyed, interval); !text.empty())
        response.set("Sluice-Destroyed", std::move(text));
    return {};
}

Answer send_clip(const Call& call) {
    const std::string* damaged = call.parameters.find("damaged");
    if (damaged != nullptr && *damaged != "include")
        return std::unexpected(
            bad_parameter("damaged", "`include` is the only word; without it damage is refused.")
        );
    const auto asked = asked_interval(call);
    if (!asked) return std::unexpected(asked.error());
    const auto target = find_target(call, Action::read_clip, {asked->from, asked->to.value_or(call.now)});
    if (!target) return std::unexpected(target.error());
    if (!call.standing.is_bootstrap) return detail::send_granted_clip(call, *target, *asked);

    const clip::Request wanted{target->stream.id, asked->from, asked->to, asked->run, damaged != nullptr};
    auto resolved = clip::resolve(call.services.database.pool(), target->volumes, wanted);
    if (!resolved) return std::unexpected(to_problem(resolved.error()));
    if (const auto* refusal = std::get_if<clip::Refusal>(&*resolved))
        return std::unexpected(
            explain_refusal(call, *refusal, target->stream, {asked->from, asked->to.value_or(call.now)})
        );
    auto clip = std::get<std::unique_ptr<clip::Clip>>(std::move(*resolved));
    const auto allowed = permit(call, Action::read_clip, target->subject(clip->range()));
    if (!allowed) return std::unexpected(allowed.error());

    const std::string etag = quoted_etag(clip->etag());
    const auto recorded = record_opening(
        call,
        // Its ranges belong to it, from whatever address a download is taken up again.
        {.principal_id = call.principal->id, .peer = {}, .stream_id = target->stream.id, .what = etag},
        kRecordedQuiet,
        opened(*target, "clip.opened", clip->range(), etag)
    );
    if (!recorded) return std::unexpected(recorded.error());
    http::Response response = describe(*clip, *target, wanted);
    if (auto told = tell_destroyed(call, *target, *clip, *asked, response); !told)
        return std::unexpected(told.error());
    return choose_part(call.request, std::move(response), make_body(std::move(clip)), etag);
}

using Taken = std::variant<clip::Snapshot, clip::Refusal>;

/// At `at`; without it the newest picture that is on disk.
Result<Taken> take_picture(const Call& call, const Target& target, std::optional<UtcTime> at) {
    catalogue::Pool& pool = call.services.database.pool();
    auto taken = clip::take_snapshot(pool, target.volumes, target.stream.id, at.value_or(call.now));
    if (at || !taken) return taken;
    const auto* refusal = std::get_if<clip::Refusal>(&*taken);
    if (refusal == nullptr || !refusal->available_to) return taken;
    return clip::take_snapshot(
        pool, target.volumes, target.stream.id, *refusal->available_to - Microseconds{1}
    );
}

Answer send_snapshot(const Call& call) {
    const auto at = call.parameters.time("at");
    if (!at) return std::unexpected(at.error());
    const UtcTime moment = at->value_or(call.now);
    if (moment > call.now)
        return std::unexpected(unfit_parameter("at", "INTERVAL_IN_FUTURE", "`at` lies in the future."));
    const auto target = find_target(call, Action::read_snapshot, {moment, moment + Microseconds{1}});
    if (!target) return std::unexpected(target.error());
    if (!call.standing.is_bootstrap) return detail::send_granted_snapshot(call, *target, moment);
    auto taken = take_picture(call, *target, *at);
    if (!taken) return std::unexpected(to_problem(taken.error()));
    if (const auto* refusal = std::get_if<clip::Refusal>(&*taken))
        return std::unexpected(
            explain_refusal(call, *refusal, target->stream, {moment, moment + Microseconds{1}})
        );
    const auto& snapshot = std::get<clip::Snapshot>(*taken);
    const TimeRange instant{snapshot.at, snapshot.at + Microseconds{1}};
    const auto allowed = permit(call, Action::read_snapshot, target->subject(instant));
    if (!allowed) return std::unexpected(allowed.error());
    const auto recorded = record_opening(
        call,
        {.principal_id = call.principal->id, .peer = {}, .stream_id = target->stream.id, .what = "snapshot"},
        kRecordedQuiet,
        opened(*target, "snapshot.opened", instant, "series")
    );
    if (!recorded) return std::unexpected(recorded.error());
    http::Response response;
    response.set("Content-Type", "image/jpeg");
    response.set("Cache-Control", "private, no-cache");
    response.set("Sluice-At", to_rfc3339(snapshot.at));
    response.body = std::string{as_text(snapshot.jpeg)};
    return response;
}

}  // namespace

namespace detail {

OpenedFootage opened(const Target& target, std::string action, TimeRange interval, std::string detail) {
    return {
        .action = std::move(action),
        .camera_id = target.camera.id,
        .camera_slug = target.camera.slug,
        .stream = target.stream.kind,
        .interval = interval,
        .detail = std::move(detail),
        .session_id = {},
    };
}

http::Response describe_clip(const clip::Clip& clip, const Target& target, TimeRange range) {
    http::Response response;
    response.set("Content-Type", "video/mp4");
    tell_interval(response, range, clip.gaps());
    response.set(
        "Content-Disposition",
        "inline; filename=\"" + target.camera.slug + "_" + to_compact_utc(range.from) + ".mp4\""
    );
    return response;
}

std::string quoted_etag(const std::string& etag) {
    return etag.starts_with('"') ? etag : '"' + etag + '"';
}

}  // namespace detail

void add_clip_routes(Routes& routes) {
    routes.push_back(
        {.method = "GET",
         .pattern = "/v1/cameras/{slug}/clip.mp4",
         .action = Action::read_clip,
         .is_cacheable = false,
         .parameters = {"from", "to", "run", "stream", "damaged"},
         .handler = send_clip}
    );
    routes.push_back(
        {.method = "GET",
         .pattern = "/v1/cameras/{slug}/snapshot.jpg",
         .action = Action::read_snapshot,
         .parameters = {"at", "stream"},
         .handler = send_snapshot}
    );
}

}  // namespace sluice::api
