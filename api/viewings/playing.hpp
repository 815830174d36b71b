#pragma once

#include "api/route.hpp"
#include "storage/catalogue/viewing_repository.hpp"
#include "storage/clip/hls_playlist.hpp"

#include <expected>
#include <optional>
#include <string>
#include <vector>

/// What a viewing session plays, whoever's address it is asked at: nothing but granted frames, no faster than
/// the clock, each piece a committed delivery before its bytes go.
namespace sluice::api {

/// A session that plays, one of its cameras, and what was granted of that.
struct Playing {
    catalogue::ViewingRow viewing;
    Uuid camera_id;
    std::string camera_slug;
    std::vector<catalogue::GrantItem> items;  ///< of the camera
    Standing standing;
    /// Who asks with an account of his own; nullopt: with the session's token.
    std::optional<Uuid> principal_id;

    [[nodiscard]] std::vector<TimeRange> granted(StreamKind stream) const;
};

/// Asked anew with every request, so that presence that runs out, an end or a revocation stops it at once. A
/// camera that was not granted is answered like one that is not there: 403 ART7_NOT_APPROVED.
[[nodiscard]] std::expected<Playing, http::Problem>
load_playing(const Call& call, catalogue::ViewingRow viewing, const std::string& camera_slug);
/// The sessions that play a camera for the account that asks. Pre: not under `bootstrap`.
[[nodiscard]] std::expected<std::vector<Playing>, http::Problem>
load_own_playing(const Call& call, const Uuid& camera_id, const std::string& camera_slug);

/// A playlist that grows with the clock, from `from` on, which has to be inside what was granted; `to`: ends
/// there at the latest.
[[nodiscard]] Answer send_growing(
    const Call& call,
    const Playing& playing,
    StreamKind stream,
    std::optional<UtcTime> from,
    std::optional<UtcTime> to
);
/// A piece that a playlist of the session can name; nullopt: it is none. 429 ahead of the clock.
[[nodiscard]] std::expected<std::optional<http::Response>, http::Problem>
send_piece(const Call& call, const Playing& playing, const Uuid& file, clip::FragmentRange fragments);
/// What a decoder must know of the pieces of this format; nullopt: the session shows none.
[[nodiscard]] std::expected<std::optional<http::Response>, http::Problem>
send_decoder_facts(const Call& call, const Playing& playing, const Uuid& format_id);

/// 403 ART7_NOT_APPROVED.
[[nodiscard]] http::Problem not_granted();

}  // namespace sluice::api
