#include "api/clips/body.hpp"
#include "api/hls/detail/common.hpp"
#include "api/hls/rules.hpp"
#include "api/viewings/playing.hpp"
#include "storage/catalogue/footage_repository.hpp"
#include "storage/clip/hls_media.hpp"
#include "storage/mp4/write.hpp"

#include <algorithm>
#include <memory>
#include <utility>
#include <variant>
#include <vector>

namespace sluice::api::detail {
namespace {

using File = std::shared_ptr<const clip::HlsFile>;
using FoundFile = std::expected<std::variant<File, http::Response>, http::Problem>;

/// A file so young may be in use before its first row is written.
constexpr auto kBeforeItsRow = std::chrono::minutes{10};

http::Problem no_media() {
    return {
        .status = 404,
        .code = "MEDIA_NOT_FOUND",
        .detail = "This camera has no such piece of footage.",
        .retry_after = std::nullopt
    };
}

http::Problem damaged() {
    return {
        .status = 409,
        .code = "FOOTAGE_DAMAGED",
        .detail = "This footage is damaged or was never safely written.",
        .retry_after = std::nullopt
    };
}

/// In what viewers of the camera see at the moment.
File find_live(const Call& call, const CameraMap::Found& camera, const Uuid& id) {
    for (const catalogue::StreamRow& stream : camera.streams) {
        const auto followed = call.services.live.find(stream.id);
        if (!followed) continue;
        const auto view = followed->state().view;
        if (auto file = view ? view->find_file(id) : nullptr) return file;
    }
    return nullptr;
}

/// Not in the catalogue yet: it may be the file that is written just now, when nobody has watched it so far.
FoundFile await_live(const Call& call, const CameraMap::Found& camera, const Uuid& id) {
    if (call.now - made_at(id) > kBeforeItsRow) return std::unexpected(no_media());
    for (const catalogue::StreamRow& stream : camera.streams) {
        const auto followed = follow_stream(call, camera, stream);
        if (!followed) return std::unexpected(followed.error());
        const auto generation = (*followed)->state().generation;
        if (generation > 0) continue;
        auto waiting = postpone(call, *followed, generation, kOpeningLimit, no_media());
        if (!waiting) return std::unexpected(waiting.error());
        return std::move(*waiting);
    }
    if (auto file = find_live(call, camera, id)) return file;
    return std::unexpected(no_media());
}

/// Followed files come first: what is written at the moment stands further there than in the catalogue.
FoundFile find_file(const Call& call, const CameraMap::Found& camera, const Uuid& id) {
    if (auto file = find_live(call, camera, id)) return file;
    if (auto file = call.services.media.find(id)) return file;
    catalogue::Pool& pool = call.services.database.pool();
    const auto row = catalogue::find_segment(pool, id);
    if (!row) return std::unexpected(to_problem(row.error()));
    if (!*row) return await_live(call, camera, id);
    if (camera.find((*row)->stream_id) == nullptr) return std::unexpected(no_media());
    if ((*row)->is_damaged || (*row)->state == catalogue::SegmentState::suspect)
        return std::unexpected(damaged());
    const auto volumes = call.services.volumes.load(pool);
    if (!volumes) return std::unexpected(to_problem(volumes.error()));
    auto read = clip::load_hls_file(*volumes, **row);
    if (!read) return std::unexpected(to_problem(read.error()));
    auto file = std::make_shared<const clip::HlsFile>(std::move(*read));
    if ((*row)->state == catalogue::SegmentState::finished) call.services.media.keep(file);
    return file;
}

/// By a session of the account that asks; nullopt: none shows this piece.
std::expected<std::optional<http::Response>, http::Problem> send_shown(
    const Call& call,
    const CameraMap::Found& camera,
    const Uuid& file,
    clip::FragmentRange fragments
) {
    const auto sessions = load_own_playing(call, camera.camera.id, camera.camera.slug);
    if (!sessions) return std::unexpected(sessions.error());
    for (const Playing& playing : *sessions) {
        auto sent = send_piece(call, playing, file, fragments);
        if (!sent || *sent) return sent;
    }
    return std::nullopt;
}

Answer send_media(const Call& call) {
    const auto id = uuid_from_string(call.variables[1]);
    const auto fragments = clip::fragments_from(call.variables[2]);
    if (!id || !fragments) return std::unexpected(no_media());
    const auto camera = find_hls_camera(call);
    if (!camera) return std::unexpected(camera.error());
    if (!call.standing.is_bootstrap) {
        auto shown = send_shown(call, **camera, *id, *fragments);
        if (!shown) return std::unexpected(std::move(shown.error()));
        if (*shown) return std::move(**shown);
    }
    auto found = find_file(call, **camera, *id);
    if (!found) return std::unexpected(found.error());
    if (auto* waiting = std::get_if<http::Response>(&*found)) return std::move(*waiting);
    const File& file = std::get<File>(*found);
    const catalogue::StreamRow* stream = (*camera)->find(file->stream_id);
    if (stream == nullptr || fragments->end > file->index.fragments.size())
        return std::unexpected(no_media());

    const TimeRange wall = clip::wall_of(file->index, *fragments);
    const Action action = media_action(wall, call.now);
    if (auto allowed = permit_hls(call, action, **camera, stream->kind, wall); !allowed)
        return std::unexpected(allowed.error());
    // Whole fragments are for live alone: what is granted of a recording ends with a frame, and is paced.
    if (action == Action::play_recorded && !call.standing.is_bootstrap) return std::unexpected(not_granted());
    auto media = clip::HlsMedia::open(file, *fragments);
    if (!media) return std::unexpected(to_problem(media.error()));
    const auto key = view_key(call, stream->id, "media");
    const auto recorded = record_use(call, key, opened_view(**camera, stream->kind, "media", wall));
    if (!recorded) return std::unexpected(recorded.error());

    http::Response response;
    response.set("Content-Type", "video/mp4");
    response.set("Cache-Control", "private, no-cache");
    const std::string etag = "\"" + to_string(*id) + "-" + std::to_string(fragments->first) + "-" +
                             std::to_string(fragments->end) + "\"";
    return choose_part(call.request, std::move(response), make_body(std::move(*media)), etag);
}

/// Of a file that viewers see: its row, and so its format, may not be written yet.
const mp4::VideoFormat* find_live_format(const std::vector<File>& files, const Uuid& id) {
    const auto found = std::ranges::find(files, id, [](const File& file) { return file->format_id; });
    return found == files.end() ? nullptr : &(*found)->format;
}

std::expected<mp4::VideoFormat, http::Problem>
find_format(const Call& call, const CameraMap::Found& camera, const Uuid& id) {
    for (const catalogue::StreamRow& stream : camera.streams) {
        const auto followed = call.services.live.find(stream.id);
        const auto view = followed ? followed->state().view : nullptr;
        const mp4::VideoFormat* format = view ? find_live_format(view->files, id) : nullptr;
        if (format != nullptr) return *format;
    }
    auto row = catalogue::get_format(call.services.database.pool(), id);
    if (row) return std::move(row->format);
    return std::unexpected(row.error().label() == "no_format" ? no_media() : to_problem(row.error()));
}

/// No footage is in it, only what a decoder must know; it is asked for all the same who wants it.
Answer send_init(const Call& call) {
    const auto id = clip::format_id_from(call.variables[1]);
    const auto camera = find_hls_camera(call);
    if (!camera) return std::unexpected(camera.error());
    if (auto allowed = permit(
            call, Action::read_media, {.camera_id = (*camera)->camera.id, .stream = {}, .interval = {}}
        );
        !allowed)
        return std::unexpected(allowed.error());
    if (!id) return std::unexpected(no_media());
    const auto format = find_format(call, **camera, *id);
    if (!format) return std::unexpected(format.error());
    http::Response response;
    response.set("Content-Type", "video/mp4");
    response.set("Cache-Control", "private, max-age=86400");
    response.body = std::string{as_text(mp4::make_init_segment(*format))};
    return response;
}

}  // namespace

void add_media_routes(Routes& routes) {
    routes.push_back(
        {.method = "GET",
         .pattern = "/v1/cameras/{slug}/hls/init/{name}",
         .action = Action::read_media,
         .parameters = {},
         .handler = send_init}
    );
    routes.push_back(
        {.method = "GET",
         .pattern = "/v1/cameras/{slug}/hls/media/{file}/{name}",
         .action = Action::read_media,
         .is_cacheable = false,
         .parameters = {},
         .handler = send_media}
    );
}

}  // namespace sluice::api::detail
