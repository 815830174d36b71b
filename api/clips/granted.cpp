#include "api/clips/body.hpp"
#include "api/clips/detail/common.hpp"
#include "api/clips/escorted_body.hpp"
#include "api/clips/refusal.hpp"
#include "api/rule_problem.hpp"
#include "storage/catalogue/handout_repository.hpp"
#include "storage/clip/snapshot.hpp"
#include "storage/release/grant.hpp"
#include "storage/release/still.hpp"

#include <algorithm>
#include <memory>
#include <utility>
#include <variant>

/// Clips and pictures once accounts exist: of a copy that was granted and ordered, while its escort is there.
namespace sluice::api::detail {
namespace {

using catalogue::DeliveryKind;

http::Problem outside() {
    return rule_problem("ART7_NOT_APPROVED", "This lies outside what was granted.");
}

/// The pieces of what was asked, as a refusal says them.
clip::Refusal not_uniform(const std::vector<release::Piece>& pieces) {
    clip::Refusal refusal{
        .code = "CLIP_NOT_UNIFORM",
        .detail = "What was granted here has breaks: ask for its parts.",
        .available_to = {},
        .intervals = {},
        .gaps = {},
    };
    for (const release::Piece& piece : pieces)
        refusal.intervals.push_back({.range = piece.range, .run_id = piece.run_id});
    return refusal;
}

/// What of the interval may go as one file.
std::expected<release::Piece, http::Problem>
find_piece(const Call& call, const Target& target, TimeRange interval, std::optional<Uuid> run) {
    auto resolved =
        release::resolve_interval(call.services.database.pool(), target.volumes, target.stream.id, interval);
    if (!resolved) return std::unexpected(to_problem(resolved.error()));
    if (const auto* refusal = std::get_if<clip::Refusal>(&*resolved))
        return std::unexpected(explain_refusal(call, *refusal, target.stream, interval));
    auto& [pieces, outward, gaps] = std::get<release::Resolution>(*resolved);
    if (run) std::erase_if(pieces, [&](const release::Piece& piece) { return piece.run_id != *run; });
    if (pieces.size() > 1)
        return std::unexpected(explain_refusal(call, not_uniform(pieces), target.stream, interval));
    if (pieces.size() == 1) return std::move(pieces.front());
    const clip::Refusal none{
        .code = "NO_FOOTAGE",
        .detail = "No frame lies inside together with its key frame.",
        .available_to = {},
        .intervals = {},
        .gaps = std::move(gaps),
    };
    return std::unexpected(explain_refusal(call, none, target.stream, interval));
}

std::expected<std::unique_ptr<clip::Clip>, http::Problem>
cut_clip(const Call& call, const Target& target, const release::Piece& piece) {
    auto cut = clip::resolve_exact(
        call.services.database.pool(),
        target.volumes,
        {.stream_id = target.stream.id,
         .run_id = piece.run_id,
         .range = piece.range,
         .first_segment = piece.spans.front().segment_id,
         .first = piece.spans.front().first,
         .end_segment = piece.spans.back().segment_id,
         .end = piece.spans.back().end}
    );
    if (!cut) return std::unexpected(to_problem(cut.error()));
    if (const auto* refusal = std::get_if<clip::Refusal>(&*cut))
        return std::unexpected(explain_refusal(call, *refusal, target.stream, piece.range));
    auto clip = std::get<std::unique_ptr<clip::Clip>>(std::move(*cut));
    if (clip->frames() != piece.frames)
        return std::unexpected(
            to_problem(Error{Remedy::abandon_file, "a clip would not hold the frames that were granted"})
        );
    return clip;
}

std::expected<void, http::Problem> record_granted(
    const Call& call,
    const Target& target,
    const FootageRight& right,
    const std::string& what,
    OpenedFootage opening
) {
    opening.session_id = right.session_id;
    return record_opening(
        call,
        {.principal_id = call.principal->id,
         .peer = {},
         .stream_id = target.stream.id,
         .what = to_string(right.session_id) + what},
        kRecordedQuiet,
        opening
    );
}

/// Committed before the bytes go; the database looks once more whether they may.
std::expected<void, http::Problem> record_delivery(
    const Call& call,
    const FootageRight& right,
    DeliveryKind kind,
    TimeRange range,
    std::uint64_t bytes
) {
    const Status recorded = catalogue::record_delivery(
        call.services.database.pool(),
        {.id = make_uuid_v7(call.now),
         .session_id = right.session_id,
         .camera_id = right.camera_id,
         .stream = right.stream,
         .range = range,
         .bytes = bytes,
         .at = call.now,
         .kind = kind,
         .piece = {},
         .copy_id = right.copy_id,
         .principal_id = call.principal->id}
    );
    if (recorded) return {};
    if (recorded.error().remedy() == Remedy::refuse)
        return std::unexpected(
            rule_problem(recorded.error().label(), "The session of the copy does not give this out any more.")
        );
    return std::unexpected(to_problem(recorded.error()));
}

}  // namespace

Answer send_granted_clip(const Call& call, const Target& target, const AskedInterval& asked) {
    const TimeRange interval{asked.from, asked.to.value_or(call.now)};
    const FootageRight* right = find_right(call.standing, FootageRight::Kind::copy, target.subject(interval));
    if (right == nullptr) return std::unexpected(outside());
    const auto piece = find_piece(call, target, interval, asked.run);
    if (!piece) return std::unexpected(piece.error());
    auto clip = cut_clip(call, target, *piece);
    if (!clip) return std::unexpected(clip.error());
    const std::string etag = quoted_etag((*clip)->etag());
    if (auto recorded =
            record_granted(call, target, *right, etag, opened(target, "clip.opened", piece->range, etag));
        !recorded)
        return std::unexpected(recorded.error());
    http::Response described = describe_clip(**clip, target, piece->range);
    described.set("Cache-Control", "no-store");
    http::Response response = choose_part(
        call.request,
        std::move(described),
        make_escorted(make_body(std::move(*clip)), call, right->session_id),
        etag
    );
    const auto* body = std::get_if<http::SourceBody>(&response.body);
    if (body == nullptr || call.request.method == "HEAD") return response;
    if (auto recorded = record_delivery(call, *right, DeliveryKind::clip, piece->range, body->length);
        !recorded)
        return std::unexpected(recorded.error());
    return response;
}

Answer send_granted_snapshot(const Call& call, const Target& target, UtcTime at) {
    const FootageRight* right =
        find_right(call.standing, FootageRight::Kind::copy, target.subject({at, at + Microseconds{1}}));
    if (right == nullptr) return std::unexpected(outside());
    catalogue::Pool& pool = call.services.database.pool();
    const auto found = release::find_still(pool, target.volumes, target.stream.id, right->interval, at);
    if (!found) return std::unexpected(to_problem(found.error()));
    if (const auto* refusal = std::get_if<clip::Refusal>(&*found))
        return std::unexpected(explain_refusal(call, *refusal, target.stream, right->interval));
    const auto& still = std::get<release::Still>(*found);
    const auto taken = clip::take_snapshot(pool, target.volumes, target.stream.id, still.at);
    if (!taken) return std::unexpected(to_problem(taken.error()));
    if (const auto* refusal = std::get_if<clip::Refusal>(&*taken))
        return std::unexpected(explain_refusal(call, *refusal, target.stream, right->interval));
    const auto& snapshot = std::get<clip::Snapshot>(*taken);
    if (snapshot.at != still.at)
        return std::unexpected(
            to_problem(Error{Remedy::abandon_file, "the picture would not be the one that was granted"})
        );
    if (auto recorded = record_granted(
            call, target, *right, "snapshot", opened(target, "snapshot.opened", still.shown, "series")
        );
        !recorded)
        return std::unexpected(recorded.error());
    if (call.request.method != "HEAD")
        if (auto recorded =
                record_delivery(call, *right, DeliveryKind::snapshot, still.shown, snapshot.jpeg.size());
            !recorded)
            return std::unexpected(recorded.error());
    http::Response response;
    response.set("Content-Type", "image/jpeg");
    response.set("Cache-Control", "no-store");
    response.set("Sluice-At", to_rfc3339(snapshot.at));
    response.body = std::string{as_text(snapshot.jpeg)};
    return response;
}

}  // namespace sluice::api::detail
