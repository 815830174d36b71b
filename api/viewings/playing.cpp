#include "api/viewings/playing.hpp"

#include "api/clips/body.hpp"
#include "api/rule_problem.hpp"
#include "api/viewings/detail/common.hpp"
#include "api/viewings/rules.hpp"
#include "storage/catalogue/footage_repository.hpp"
#include "storage/catalogue/handout_repository.hpp"
#include "storage/clip/hls_media.hpp"
#include "storage/mp4/write.hpp"

#include <algorithm>
#include <chrono>
#include <memory>
#include <set>
#include <utility>

namespace sluice::api {
namespace {

using release::ShownEntry;
using SharedShowing = std::shared_ptr<const release::Showing>;

std::expected<void, http::Problem>
permit_playing(const Call& call, const Playing& playing, StreamKind stream, TimeRange interval) {
    const Decision decision = authorize(
        call.principal,
        Action::play_recorded,
        {.camera_id = playing.camera_id, .stream = stream, .interval = interval},
        playing.standing
    );
    if (decision.is_allowed) return {};
    return std::unexpected(rule_problem(decision.code, "This was not granted, or not for now."));
}

std::expected<SharedShowing, http::Problem>
get_showing(const Call& call, const Playing& playing, StreamKind kind) {
    catalogue::Pool& pool = call.services.database.pool();
    const auto camera = call.services.cameras.find(pool, playing.camera_slug);
    if (!camera) return std::unexpected(to_problem(camera.error()));
    const catalogue::StreamRow* const stream = *camera ? (*camera)->find(kind) : nullptr;
    if (stream == nullptr) return std::unexpected(not_granted());
    const Showings::Key key{.grant_id = playing.viewing.grant_id, .stream_id = stream->id};
    if (auto kept = call.services.showings.find(key)) return kept;
    const auto volumes = call.services.volumes.load(pool);
    if (!volumes) return std::unexpected(to_problem(volumes.error()));
    auto loaded = release::load_showing(pool, *volumes, stream->id, playing.granted(kind));
    if (!loaded) return std::unexpected(to_problem(loaded.error()));
    if (const auto* refusal = std::get_if<clip::Refusal>(&*loaded))
        return std::unexpected(problem(409, refusal->code, refusal->detail));
    auto showing = std::make_shared<const release::Showing>(std::get<release::Showing>(std::move(*loaded)));
    call.services.showings.keep(key, showing);
    return showing;
}

/// Where playing begins. `from` is inside what was granted, or it is refused.
std::expected<std::size_t, http::Problem> find_start(
    const Playing& playing,
    StreamKind stream,
    const release::Showing& showing,
    std::optional<UtcTime> from
) {
    if (from) {
        const auto ranges = playing.granted(stream);
        if (std::ranges::none_of(ranges, [&](const TimeRange& range) { return range.contains(*from); }))
            return std::unexpected(not_granted());
    }
    const auto begin = release::find_begin(showing, from.value_or(UtcTime{}));
    if (!begin)
        return std::unexpected(problem(404, "NO_FOOTAGE", "No footage of what was granted can be shown."));
    return *begin;
}

/// The granted stream that has the piece.
struct FoundEntry {
    StreamKind stream = StreamKind::main;
    SharedShowing showing;  // keeps the entry
    const ShownEntry* entry = nullptr;
};
std::expected<std::optional<FoundEntry>, http::Problem>
find_piece(const Call& call, const Playing& playing, const Uuid& file, clip::FragmentRange fragments) {
    for (const StreamKind stream : {StreamKind::main, StreamKind::sub}) {
        if (playing.granted(stream).empty()) continue;
        const auto showing = get_showing(call, playing, stream);
        if (!showing) return std::unexpected(showing.error());
        if (const ShownEntry* entry = release::find_entry(**showing, file, fragments))
            return FoundEntry{stream, *showing, entry};
    }
    return std::nullopt;
}

std::expected<std::shared_ptr<const clip::HlsFile>, http::Problem>
get_file(const Call& call, const Uuid& id) {
    if (auto kept = call.services.media.find(id)) return kept;
    catalogue::Pool& pool = call.services.database.pool();
    const auto row = catalogue::find_segment(pool, id);
    if (!row) return std::unexpected(to_problem(row.error()));
    if (!*row || (*row)->is_damaged || (*row)->state == catalogue::SegmentState::suspect)
        return std::unexpected(problem(409, "FOOTAGE_DAMAGED", "This footage is damaged or gone."));
    const auto volumes = call.services.volumes.load(pool);
    if (!volumes) return std::unexpected(to_problem(volumes.error()));
    auto read = clip::load_hls_file(*volumes, **row);
    if (!read) return std::unexpected(to_problem(read.error()));
    auto file = std::make_shared<const clip::HlsFile>(std::move(*read));
    if ((*row)->state == catalogue::SegmentState::finished) call.services.media.keep(file);
    return file;
}

/// Committed before the bytes go. 429: ahead of the clock.
std::expected<void, http::Problem>
record(const Call& call, const Playing& playing, const FoundEntry& found, std::uint64_t bytes) {
    const auto rules = detail::get_policy(call);
    if (!rules) return std::unexpected(rules.error());
    release::Charge charged;
    const ShownEntry& entry = *found.entry;
    const auto recorded = catalogue::record_delivery(
        call.services.database.pool(),
        {.id = make_uuid_v7(call.now),
         .session_id = playing.viewing.id,
         .camera_id = playing.camera_id,
         .stream = found.stream,
         .range = entry.shown,
         .bytes = bytes,
         .at = call.now,
         .kind = catalogue::DeliveryKind::piece,
         .piece = catalogue::DeliveredPiece{entry.segment.file_id, entry.segment.first, entry.segment.end},
         .copy_id = {},
         .principal_id = playing.principal_id},
        [&](std::optional<UtcTime> paid) -> std::optional<UtcTime> {
            charged = release::charge(
                paid, call.now, release::length_of(entry), std::chrono::seconds{rules->ahead_seconds}
            );
            return charged.is_allowed ? std::optional{charged.paid_until} : std::nullopt;
        }
    );
    if (!recorded && recorded.error().remedy() == Remedy::refuse)
        return std::unexpected(
            rule_problem(recorded.error().label(), "The session does not play this any more.")
        );
    if (!recorded) return std::unexpected(to_problem(recorded.error()));
    if (*recorded == catalogue::Outcome::recorded) return {};
    http::Problem early = problem(
        429,
        "VIEWING_TOO_EARLY",
        "A session gives out no more than what the clock has passed and a little ahead."
    );
    early.retry_after = std::chrono::ceil<std::chrono::seconds>(charged.too_early);
    return std::unexpected(std::move(early));
}

}  // namespace

http::Problem not_granted() {
    return rule_problem("ART7_NOT_APPROVED", "This lies outside what was granted.");
}

std::vector<TimeRange> Playing::granted(StreamKind stream) const {
    std::vector<TimeRange> ranges;
    for (const catalogue::GrantItem& item : items)
        if (item.stream == stream) ranges.push_back(item.granted);
    return ranges;
}

std::expected<Playing, http::Problem>
load_playing(const Call& call, catalogue::ViewingRow viewing, const std::string& camera_slug) {
    if (const auto obstacle = release::find_obstacle(facts_of(viewing), call.now))
        return std::unexpected(obstacle_problem(*obstacle));
    auto items = detail::get_items(call, viewing.grant_id);
    if (!items) return std::unexpected(items.error());
    std::erase_if(*items, [&](const catalogue::GrantItem& item) { return item.camera_slug != camera_slug; });
    if (items->empty()) return std::unexpected(not_granted());
    Playing playing{
        .viewing = std::move(viewing),
        .camera_id = items->front().camera_id,
        .camera_slug = camera_slug,
        .items = std::move(*items),
        .standing = call.standing,
        .principal_id = {},
    };
    // Whatever the policy of the rest: a session is under the articles.
    playing.standing.is_bootstrap = false;
    playing.standing.footage = rights_of(playing.viewing, playing.items);
    return playing;
}

std::expected<std::vector<Playing>, http::Problem>
load_own_playing(const Call& call, const Uuid& camera_id, const std::string& camera_slug) {
    std::set<Uuid> sessions;
    for (const FootageRight& right : call.standing.footage)
        if (right.kind == FootageRight::Kind::viewing && !right.is_masked && right.camera_id == camera_id)
            sessions.insert(right.session_id);
    std::vector<Playing> found;
    for (const Uuid& id : sessions) {
        auto row = catalogue::find_viewing(call.services.database.pool(), id);
        if (!row) return std::unexpected(to_problem(row.error()));
        if (!*row || (*row)->viewer_id != call.principal->id) continue;
        auto playing = load_playing(call, std::move(**row), camera_slug);
        if (!playing) return std::unexpected(playing.error());
        playing->principal_id = call.principal->id;
        found.push_back(std::move(*playing));
    }
    return found;
}

Answer send_growing(
    const Call& call,
    const Playing& playing,
    StreamKind stream,
    std::optional<UtcTime> from,
    std::optional<UtcTime> to
) {
    if (playing.granted(stream).empty()) return std::unexpected(not_granted());
    const auto showing = get_showing(call, playing, stream);
    if (!showing) return std::unexpected(showing.error());
    const auto start = find_start(playing, stream, **showing, from);
    if (!start) return std::unexpected(start.error());
    std::span<const ShownEntry> entries = std::span{(*showing)->entries}.subspan(*start);
    const auto is_within = [&](const ShownEntry& entry) { return !to || entry.shown.to <= *to; };
    entries =
        entries.first(static_cast<std::size_t>(std::ranges::find_if_not(entries, is_within) - entries.begin())
        );
    if (entries.empty())
        return std::unexpected(problem(404, "NO_FOOTAGE", "No whole piece of what was granted lies inside."));
    if (auto allowed = permit_playing(call, playing, stream, entries.front().shown); !allowed)
        return std::unexpected(allowed.error());
    const auto began = catalogue::begin_playlist(
        call.services.database.pool(),
        playing.viewing.id,
        playing.camera_id,
        stream,
        entries.front().shown.from,
        call.now
    );
    if (!began) return std::unexpected(to_problem(began.error()));
    std::vector<Microseconds> lengths;
    std::vector<clip::HlsSegment> segments;
    for (const ShownEntry& entry : entries) {
        lengths.push_back(release::length_of(entry));
        segments.push_back(entry.segment);
    }
    const std::size_t listed = release::count_listed(lengths, call.now - *began);
    segments.resize(listed);
    http::Response response;
    response.set("Content-Type", "application/vnd.apple.mpegurl");
    response.set("Cache-Control", "no-store");
    response.body = clip::growing_playlist(segments, "", listed == entries.size());
    return response;
}

std::expected<std::optional<http::Response>, http::Problem>
send_piece(const Call& call, const Playing& playing, const Uuid& file_id, clip::FragmentRange fragments) {
    const auto found = find_piece(call, playing, file_id, fragments);
    if (!found) return std::unexpected(found.error());
    if (!*found) return std::nullopt;
    const ShownEntry& entry = *(*found)->entry;
    if (auto allowed = permit_playing(call, playing, (*found)->stream, entry.shown); !allowed)
        return std::unexpected(allowed.error());
    const auto file = get_file(call, entry.segment.file_id);
    if (!file) return std::unexpected(file.error());
    if (entry.segment.end > (*file)->index.fragments.size())
        return std::unexpected(problem(409, "FOOTAGE_DAMAGED", "The file ends before this piece."));
    auto media = clip::HlsMedia::open(*file, {entry.segment.first, entry.segment.end}, entry.samples);
    if (!media) return std::unexpected(to_problem(media.error()));
    const std::uint64_t bytes = media->size_bytes();
    http::Response response;
    response.set("Content-Type", "video/mp4");
    response.set("Cache-Control", "no-store");
    response.set("Accept-Ranges", "none");  // what is recorded is what is sent: the whole piece
    if (call.request.method == "HEAD") return response;
    if (auto recorded = record(call, playing, **found, bytes); !recorded)
        return std::unexpected(recorded.error());
    response.body = http::SourceBody{make_body(std::move(*media)), 0, bytes};
    return response;
}

std::expected<std::optional<http::Response>, http::Problem>
send_decoder_facts(const Call& call, const Playing& playing, const Uuid& format_id) {
    for (const StreamKind stream : {StreamKind::main, StreamKind::sub}) {
        if (playing.granted(stream).empty()) continue;
        const auto showing = get_showing(call, playing, stream);
        if (!showing) return std::unexpected(showing.error());
        const auto uses = [&](const ShownEntry& entry) { return entry.segment.format_id == format_id; };
        if (std::ranges::none_of((*showing)->entries, uses)) continue;
        const auto format = catalogue::get_format(call.services.database.pool(), format_id);
        if (!format) return std::unexpected(to_problem(format.error()));
        http::Response response;
        response.set("Content-Type", "video/mp4");
        response.set("Cache-Control", "no-store");
        response.body = std::string{as_text(mp4::make_init_segment(format->format))};
        return response;
    }
    return std::nullopt;
}

}  // namespace sluice::api
