#include "api/rule_problem.hpp"
#include "api/viewings/detail/common.hpp"
#include "api/viewings/playing.hpp"
#include "storage/clip/hls_playlist.hpp"

#include <algorithm>
#include <utility>

namespace sluice::api::detail {
namespace {

/// By the session's own address, for the token that its viewer got when joining and for no other.
std::expected<Playing, http::Problem> get_playing(const Call& call) {
    const bool is_visitor =
        std::ranges::find(call.principal->roles, "visitor") != call.principal->roles.end();
    if (!is_visitor)
        return std::unexpected(rule_problem(
            "ART7_NOT_APPROVED", "A session plays for the token that its viewer got when joining."
        ));
    auto row = get_viewing(call);
    if (!row) return std::unexpected(row.error());
    return load_playing(call, std::move(*row), call.variables[1]);
}

/// Anything that the session does not show is answered alike.
Answer or_not_granted(std::expected<std::optional<http::Response>, http::Problem> sent) {
    if (!sent) return std::unexpected(std::move(sent.error()));
    if (!*sent) return std::unexpected(not_granted());
    return std::move(**sent);
}

Answer send_playlist(const Call& call) {
    const auto playing = get_playing(call);
    if (!playing) return std::unexpected(playing.error());
    const auto stream = call.parameters.stream();
    if (!stream) return std::unexpected(stream.error());
    const auto from = call.parameters.time("from");
    if (!from) return std::unexpected(from.error());
    return send_growing(call, *playing, *stream, *from, std::nullopt);
}

Answer send_media(const Call& call) {
    const auto playing = get_playing(call);
    if (!playing) return std::unexpected(playing.error());
    const auto file = uuid_from_string(call.variables[2]);
    const auto fragments = clip::fragments_from(call.variables[3]);
    if (!file || !fragments) return std::unexpected(not_granted());
    return or_not_granted(send_piece(call, *playing, *file, *fragments));
}

/// No footage is in it, only what a decoder must know: of what the session shows, and nothing else.
Answer send_init(const Call& call) {
    const auto playing = get_playing(call);
    if (!playing) return std::unexpected(playing.error());
    const auto id = clip::format_id_from(call.variables[2]);
    if (!id) return std::unexpected(not_granted());
    return or_not_granted(send_decoder_facts(call, *playing, *id));
}

Route playback_route(const char* pattern, std::function<Answer(const Call&)> handler) {
    // `authorize` is asked once more, with what would be given out.
    Route route = make_route("GET", pattern, Action::join_viewing, {}, std::move(handler));
    route.takes_viewing_token = true;
    return route;
}

}  // namespace

void add_playback_routes(Routes& routes) {
    Route playlist = playback_route("/v1/viewing-sessions/{id}/cameras/{slug}/stream.m3u8", send_playlist);
    playlist.parameters = {"stream", "from"};
    routes.push_back(std::move(playlist));
    routes.push_back(playback_route("/v1/viewing-sessions/{id}/cameras/{slug}/init/{name}", send_init));
    routes.push_back(
        playback_route("/v1/viewing-sessions/{id}/cameras/{slug}/media/{file}/{name}", send_media)
    );
}

}  // namespace sluice::api::detail
