#include "api/acts.hpp"
#include "api/cursor.hpp"
#include "api/http/text.hpp"
#include "api/huimin/detail/common.hpp"
#include "api/huimin/routes.hpp"
#include "api/huimin/rules.hpp"
#include "api/huimin/spool.hpp"
#include "api/policy_in_force.hpp"
#include "config/base/log.hpp"

#include <algorithm>
#include <chrono>

#include <nlohmann/json.hpp>

namespace sluice::api::huimin {

using catalogue::ClipState;
using catalogue::ContractorClip;
using nlohmann::json;

namespace {

constexpr std::uint64_t kMostPartBytes = 16ULL << 20U;
constexpr std::size_t kFreedAtOnce = 100;
constexpr std::int64_t kMostOffsetMs = 24LL * 3600 * 1000;

http::Response clip_response(unsigned status, const ContractorClip& clip) {
    http::Response response = fresh(status, clip_json(clip));
    response.set("Upload-Offset", std::to_string(clip.received_bytes));
    response.set("Upload-Length", std::to_string(clip.bytes));
    return response;
}

http::Problem not_found() {
    return problem(404, "CLIP_NOT_FOUND", "No clip of yours has this id; announce it with its manifest.");
}

std::expected<ContractorClip, http::Problem> get_own_clip(const Call& call) {
    auto clip = catalogue::find_contractor_clip(
        call.services.database.pool(), call.principal->id, call.variables.front()
    );
    if (!clip) return std::unexpected(to_problem(clip.error()));
    if (!*clip) return std::unexpected(not_found());
    return std::move(**clip);
}

Got<Sha256Digest> read_digest(const Body& body) {
    const auto text = body.required_text("sha256", 64);
    if (!text) return std::unexpected(text.error());
    const auto bytes = from_hex(*text);
    Sha256Digest digest{};
    if (!bytes || bytes->size() != digest.size())
        return std::unexpected(bad_member("sha256", "Must be 64 hexadecimal digits."));
    std::ranges::copy(*bytes, digest.begin());
    return digest;
}

/// The times of a manifest: as said, and in real time.
Got<void> read_times(const Body& body, ContractorClip& clip) {
    const auto from = body.required_time("from");
    if (!from) return std::unexpected(from.error());
    const auto to = body.required_time("to");
    if (!to) return std::unexpected(to.error());
    if (*to <= *from) return std::unexpected(unfit_member("to", "INTERVAL_REVERSED", "Must be after from."));
    const auto offset = whole_number(body, "clock_offset_ms", -kMostOffsetMs, kMostOffsetMs);
    if (!offset) return std::unexpected(offset.error());
    if (!*offset)
        return std::unexpected(unfit_member(
            "clock_offset_ms", "MEMBER_MISSING", "Your clock minus real time; 0 when it is synchronised."
        ));
    clip.said = {.from = *from, .to = *to};
    clip.clock_offset = std::chrono::milliseconds{**offset};
    clip.range = {.from = *from - clip.clock_offset, .to = *to - clip.clock_offset};
    return {};
}

Got<ContractorClip> read_manifest(const Call& call, const Body& body, std::string& camera) {
    ContractorClip clip;
    clip.id = make_uuid_v7(call.now);
    clip.principal_id = call.principal->id;
    clip.client_id = call.variables.front();
    clip.announced = clip.changed = call.now;
    auto slug = body.required_text("camera", 63);
    if (!slug) return std::unexpected(slug.error());
    camera = std::move(*slug);
    auto name = body.required_text("name", kLongestName);
    if (!name) return std::unexpected(name.error());
    clip.name = std::move(*name);
    const auto bytes = whole_number(body, "bytes", 1, std::int64_t{1} << 50U);
    if (!bytes) return std::unexpected(bytes.error());
    if (!*bytes) return std::unexpected(unfit_member("bytes", "MEMBER_MISSING", "Must be given."));
    clip.bytes = static_cast<std::uint64_t>(**bytes);
    const auto digest = read_digest(body);
    if (!digest) return std::unexpected(digest.error());
    clip.sha256 = *digest;
    if (auto times = read_times(body, clip); !times) return std::unexpected(times.error());
    return clip;
}

Got<void> judge(const Call& call, ContractorClip& clip, const std::string& slug) {
    const auto camera = catalogue::find_contractor_camera(call.services.database.pool(), slug);
    if (!camera) return std::unexpected(to_problem(camera.error()));
    if (!*camera || (*camera)->principal_id != call.principal->id)
        return std::unexpected(
            unfit_member("camera", "CAMERA_NOT_FOUND", "You have not announced a camera with this slug.")
        );
    clip.camera_id = (*camera)->id;
    const auto rules = policy_in_force(call);
    if (!rules) return std::unexpected(rules.error());
    const auto refusal = contractor::judge_manifest({
        .range = clip.range,
        .bytes = clip.bytes,
        .now = call.now,
        .ceiling_years = rules->ceiling_years,
        .most_bytes = call.services.config.huimin.clip_bytes,
        .is_camera_in_force = (*camera)->in_force.has_value(),
    });
    if (!refusal) return {};
    return std::unexpected(to_problem_of(*refusal, refusal->code == "CAMERA_NOT_ACCEPTED" ? 409 : 422));
}

http::Problem known_content(const std::string& client_id) {
    http::Problem made = problem(
        409, "CLIP_ALREADY_RECEIVED", "The same bytes of the same time came before, under another id."
    );
    made.members.emplace_back("clip_id", '"' + client_id + '"');
    return made;
}

Answer announce(const Call& call) {
    const auto body =
        Body::parse(call.request, {"camera", "name", "bytes", "sha256", "from", "to", "clock_offset_ms"});
    if (!body) return std::unexpected(body.error());
    std::string slug;
    auto clip = read_manifest(call, *body, slug);
    if (!clip) return std::unexpected(clip.error());
    if (auto judged = judge(call, *clip, slug); !judged) return std::unexpected(judged.error());
    const auto admitted = catalogue::announce_clip(
        call.services.database.pool(), *clip, call.services.config.huimin.spool_bytes
    );
    if (!admitted) return std::unexpected(to_problem(admitted.error()));
    switch (admitted->how) {
        case catalogue::Admission::known_content:
            return std::unexpected(known_content(admitted->client_id));
        case catalogue::Admission::spool_full: {
            http::Problem full = problem(
                507, "SPOOL_FULL", "Too many clips wait for their import; send this one again later."
            );
            full.retry_after = std::chrono::seconds{300};
            return std::unexpected(full);
        }
        case catalogue::Admission::is_new:
        case catalogue::Admission::known_id:
            break;
    }
    const auto stored = get_own_clip(call);
    if (!stored) return std::unexpected(stored.error());
    const bool is_new = admitted->how == catalogue::Admission::is_new;
    if (!is_new && !stored->is_same_manifest(*clip))
        return std::unexpected(
            problem(409, "CLIP_DIFFERS", "This id stands for another manifest; choose a new one.")
        );
    return clip_response(is_new ? 201 : 200, *stored);
}

/// What is wrong with a part, given what was received so far.
std::optional<http::Problem> find_fault(const ContentRange& range, const ContractorClip& clip) {
    http::Problem fault;
    if (clip.state != ClipState::receiving)
        fault =
            problem(409, "CLIP_COMPLETE", "Nothing more is taken of this clip; GET says what became of it.");
    else if (range.total != clip.bytes)
        fault = problem(409, "CLIP_DIFFERS", "Content-Range names another length than the manifest.");
    else if (range.first != clip.received_bytes)
        fault = problem(409, "OFFSET_MISMATCH", "Go on at upload_offset.");
    else
        return std::nullopt;
    fault.members.emplace_back("upload_offset", std::to_string(clip.received_bytes));
    return fault;
}

http::Problem spool_problem(const Error& error) {
    if (error.label() == "UPLOAD_BUSY") {
        http::Problem busy = problem(409, "UPLOAD_BUSY", "Another part of this clip is on its way.");
        busy.retry_after = std::chrono::seconds{2};
        return busy;
    }
    if (error.label() != "disk_full") return to_problem(error);
    log::error("clip_spool_full", {{"detail", error.describe()}});
    http::Problem full = problem(507, "SPOOL_FULL", "The disk has no room for it; send it again later.");
    full.retry_after = std::chrono::seconds{300};
    return full;
}

Got<ContentRange> read_range(const Call& call) {
    const std::string* header = call.request.find_header("content-range");
    const auto range = header == nullptr ? std::nullopt : parse_content_range(http::trim(*header));
    if (!range)
        return std::unexpected(problem(
            400,
            "CONTENT_RANGE_NEEDED",
            "A part comes with Content-Range: bytes FIRST-LAST/TOTAL; a manifest as application/json."
        ));
    if (range->length() != call.request.body.size())
        return std::unexpected(
            problem(400, "CONTENT_RANGE_WRONG", "Content-Range says another length than the body has.")
        );
    if (range->length() > kMostPartBytes)
        return std::unexpected(problem(413, "BODY_TOO_LONG", "A part has at most 16 MiB."));
    return *range;
}

ledger::Act receipt_of(const Call& call, const ContractorClip& clip) {
    const json facts{
        {"camera", clip.camera_slug},
        {"name", clip.name},
        {"bytes", clip.bytes},
        {"sha256_said", to_hex(clip.sha256)},
        {"from_said", to_rfc3339(clip.said.from)},
        {"to_said", to_rfc3339(clip.said.to)},
        {"clock_offset_ms", clip.clock_offset.count() / 1000},
    };
    return act_on(call, "clip.received", "contractor_clip", to_string(clip.id), facts);
}

/// Pre: the part is durable.
Got<void> acknowledge(const Call& call, const ContractorClip& clip, const ContentRange& range) {
    const bool is_last = range.last + 1 == clip.bytes;
    const ledger::Act receipt = receipt_of(call, clip);
    const catalogue::NewJob job{
        .id = make_uuid_v7(call.now),
        .kind = catalogue::JobKind::import_,
        .arguments = json{{"clip", to_string(clip.id)}}.dump(),
        .same_work = "import " + to_string(clip.id),
        .principal_id = call.principal->id,
        .principal = call.principal->name,
        .role = "contractor",
    };
    const auto saved = catalogue::save_part(
        call.services.database.pool(),
        {.clip_id = clip.id, .began = range.first, .upto = range.last + 1, .now = call.now},
        is_last ? &receipt : nullptr,
        is_last ? &job : nullptr
    );
    if (!saved) return std::unexpected(act_problem(saved.error()));
    if (!*saved) return std::unexpected(problem(409, "OFFSET_MISMATCH", "Ask for the offset with HEAD."));
    return {};
}

Answer put_part(const Call& call) {
    const auto range = read_range(call);
    if (!range) return std::unexpected(range.error());
    auto clip = get_own_clip(call);
    if (!clip) return std::unexpected(clip.error());
    if (auto fault = find_fault(*range, *clip)) return std::unexpected(*fault);
    {
        const auto file = ClipFile::hold(call.services.config.data, clip->id);
        if (!file) return std::unexpected(spool_problem(file.error()));
        // Once more under the hold: what was acknowledged meanwhile must not be cut off.
        clip = get_own_clip(call);
        if (!clip) return std::unexpected(clip.error());
        if (auto fault = find_fault(*range, *clip)) return std::unexpected(*fault);
        if (auto written = file->write(range->first, call.request.body); !written)
            return std::unexpected(spool_problem(written.error()));
        if (auto known = acknowledge(call, *clip, *range); !known) return std::unexpected(known.error());
    }
    const auto stored = get_own_clip(call);
    if (!stored) return std::unexpected(stored.error());
    return clip_response(stored->state == ClipState::receiving ? 200 : 202, *stored);
}

/// The spool is the service's: what the worker has taken, and what never came to its end, goes now and then,
/// with some request of the contractor's.
void tidy(const Call& call) {
    catalogue::Pool& pool = call.services.database.pool();
    const auto rules = policy_in_force(call);
    if (!rules) return;
    const auto since = call.now - std::chrono::days{rules->contractor.upload_days};
    if (const auto abandoned = catalogue::abandon_clips(pool, since, call.now); !abandoned)
        return log_and_drop(std::unexpected(abandoned.error()), "looked at again with the next request");
    const auto clips = catalogue::load_clips_to_free(pool, kFreedAtOnce);
    if (!clips) return log_and_drop(std::unexpected(clips.error()), "looked at again with the next request");
    for (const Uuid& clip : *clips) {
        Status freed = remove_clip(call.services.config.data, clip);
        if (freed) freed = catalogue::free_clip(pool, clip, call.now);
        if (!freed) return log_and_drop(freed, "tried again with the next request");
    }
}

Answer put(const Call& call) {
    if (!is_clip_id(call.variables.front()))
        return std::unexpected(unfit_parameter(
            "id", "ID_NOT_FIT", "1 to 128 letters, digits, dots, dashes or underscores, no dot first."
        ));
    const bool is_part = call.request.find_header("content-range") != nullptr;
    const std::string* type = call.request.find_header("content-type");
    const bool is_json = type != nullptr && type->starts_with("application/json");
    if (!is_part && is_json) {
        tidy(call);
        return announce(call);
    }
    return put_part(call);
}

/// Of a contractor's own, by its id; of whoever sees all, by the clip's.
Answer get(const Call& call) {
    const std::string& id = call.variables.front();
    if (const auto own = seen_principal(call)) {
        const auto clip = get_own_clip(call);
        if (!clip) return std::unexpected(clip.error());
        if (clip->ended) tidy(call);
        return clip_response(200, *clip);
    }
    const auto uuid = uuid_from_string(id);
    if (!uuid) return std::unexpected(problem(404, "CLIP_NOT_FOUND", "No clip has this id."));
    const auto clip = catalogue::get_contractor_clip(call.services.database.pool(), *uuid);
    if (!clip) return std::unexpected(to_problem(clip.error()));
    if (!*clip) return std::unexpected(problem(404, "CLIP_NOT_FOUND", "No clip has this id."));
    return clip_response(200, **clip);
}

Answer list(const Call& call) {
    catalogue::ClipFilter filter{.principal_id = seen_principal(call)};
    if (const std::string* word = call.parameters.find("state")) {
        filter.state = catalogue::clip_state_from(*word);
        if (!filter.state)
            return std::unexpected(
                bad_parameter("state", "Must be receiving, received, imported, quarantined or abandoned.")
            );
    }
    const auto limit = call.parameters.limit();
    if (!limit) return std::unexpected(limit.error());
    std::optional<catalogue::ClipCursor> after;
    if (const std::string* cursor = call.parameters.find("cursor")) {
        const auto place = segment_cursor_from(*cursor);  // time and id, as in the list of segments
        if (!place) return std::unexpected(bad_parameter("cursor", "Not a cursor of this list."));
        after = catalogue::ClipCursor{place->from, place->id};
    }
    auto clips = catalogue::load_contractor_clips(call.services.database.pool(), filter, after, *limit + 1);
    if (!clips) return std::unexpected(to_problem(clips.error()));
    std::string next;
    if (clips->size() > *limit) {
        clips->resize(*limit);
        next = to_cursor(catalogue::SegmentCursor{clips->back().announced, clips->back().id});
    }
    std::vector<std::string> items;
    for (const ContractorClip& clip : *clips)
        items.push_back(clip_json(clip));
    return fresh(200, list_json(items, next));
}

}  // namespace

void add_clip_routes(Routes& routes) {
    const std::string clips = std::string{kBase} + "/clips";
    routes.push_back(make_route("GET", clips, Action::read_contractor, {"state", "limit", "cursor"}, list));
    routes.push_back(make_route("PUT", clips + "/{id}", Action::push_clip, {}, put));
    routes.push_back(make_route("GET", clips + "/{id}", Action::read_contractor, {}, get));
}

}  // namespace sluice::api::huimin

namespace sluice::api {

bool takes_clip_part(std::string_view target) {
    return target.starts_with("/v1/integrations/huimin/clips/");
}

}  // namespace sluice::api
