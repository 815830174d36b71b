#include "api/huimin/detail/common.hpp"

#include "api/acts.hpp"
#include "api/huimin/routes.hpp"

#include <charconv>

#include <nlohmann/json.hpp>

namespace sluice::api::huimin {

using nlohmann::json;

namespace {

json or_null(const std::optional<UtcTime>& time) {
    return time ? json(to_rfc3339(*time)) : json(nullptr);
}

json or_null(const std::string& text) {
    return text.empty() ? json(nullptr) : json(text);
}

std::string dump(const json& object) {
    return object.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace

Got<void> permit_reading(const Call& call, Relation relation) {
    Subject subject;
    subject.relation = relation;
    return permit(call, Action::read_contractor, subject);
}

std::optional<Uuid> seen_principal(const Call& call) {
    if (permit_reading(call, Relation::other)) return std::nullopt;
    return call.principal->id;
}

bool may_see(const Call& call, const Uuid& principal_id) {
    const bool is_own = principal_id == call.principal->id;
    return permit_reading(call, is_own ? Relation::own : Relation::other).has_value();
}

http::Problem to_problem_of(const contractor::Refusal& refusal, unsigned status) {
    http::Problem made = problem(status, refusal.code, refusal.detail);
    if (!refusal.article.empty()) made.members.emplace_back("article", '"' + refusal.article + '"');
    return made;
}

Got<std::optional<std::int64_t>>
whole_number(const Body& body, std::string_view name, std::int64_t least, std::int64_t most) {
    if (!body.has(name)) return std::nullopt;
    const std::string text = body.raw(name);
    std::int64_t value = 0;
    const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (code != std::errc{} || end != text.data() + text.size())
        return std::unexpected(bad_member(name, "Must be a whole number."));
    if (value < least || value > most)
        return std::unexpected(unfit_member(
            name, "NUMBER_OUT_OF_RANGE", "From " + std::to_string(least) + " to " + std::to_string(most) + "."
        ));
    return value;
}

std::string camera_json(const catalogue::ContractorCamera& camera) {
    json in_force = nullptr;
    if (camera.in_force)
        in_force = {
            {"name", camera.in_force->name},
            {"place", camera.in_force->place},
            {"url", or_null(camera.in_force->url)},
        };
    return dump({
        {"slug", camera.slug},
        {"name", camera.name},
        {"place", camera.place},
        {"covers_public_area", true},
        {"url", or_null(camera.url)},
        {"installed", or_null(camera.installed)},
        {"state", to_string(camera.state)},
        {"reason", or_null(camera.reason)},
        {"announced", to_rfc3339(camera.announced)},
        {"changed", to_rfc3339(camera.changed)},
        {"decided", or_null(camera.decided)},
        {"in_force", in_force},
        {"is_recorded", camera.is_recorded},
        {"last_footage", or_null(camera.last_footage)},
        {"health",
         {{"state", to_string(camera.health)},
          {"detail", or_null(camera.health_detail)},
          {"at", or_null(camera.health_at)},
          {"last_recorded", or_null(camera.last_recorded)}}},
    });
}

std::string clip_json(const catalogue::ContractorClip& clip) {
    json refusal = nullptr;
    if (!clip.reason_code.empty()) refusal = {{"code", clip.reason_code}, {"detail", clip.reason}};
    return dump({
        {"id", clip.client_id},
        {"clip", to_string(clip.id)},
        {"camera", clip.camera_slug},
        {"name", clip.name},
        {"bytes", clip.bytes},
        {"sha256", to_hex(clip.sha256)},
        {"from", to_rfc3339(clip.said.from)},
        {"to", to_rfc3339(clip.said.to)},
        {"clock_offset_ms", clip.clock_offset.count() / 1000},
        {"footage", {{"from", to_rfc3339(clip.range.from)}, {"to", to_rfc3339(clip.range.to)}}},
        {"state", to_string(clip.state)},
        {"received_bytes", clip.received_bytes},
        {"announced", to_rfc3339(clip.announced)},
        {"received", or_null(clip.received)},
        {"ended", or_null(clip.ended)},
        {"playable", clip.is_playable ? json(*clip.is_playable) : json(nullptr)},
        {"reason", refusal},
        {"segments", clip.segments},
        {"is_held", clip.is_held},
        {"damage", or_null(clip.damage)},
    });
}

std::string slot_json(const catalogue::ContractorSlot& slot) {
    return dump({
        {"number", slot.number},
        {"state", to_string(slot.state)},
        {"camera", or_null(slot.camera_slug)},
        {"note", or_null(slot.note)},
        {"decided", to_rfc3339(slot.decided)},
        {"by", slot.decider},
    });
}

std::string finding_json(const contractor::Finding& finding) {
    return dump({
        {"kind", contractor::to_string(finding.kind)},
        {"subject", or_null(finding.subject)},
        {"since", to_rfc3339(finding.since)},
        {"detail", finding.detail},
        {"article", "5"},
    });
}

std::string list_json(const std::vector<std::string>& items, const std::string& next) {
    std::string text;
    for (const std::string& item : items)
        text += (text.empty() ? "" : ",") + item;
    return "{\"items\":[" + text + "],\"next\":" + (next.empty() ? "null" : '"' + next + '"') + "}";
}

http::Response fresh(unsigned status, std::string text) {
    http::Response response;
    response.status = status;
    response.set("Content-Type", "application/json");
    response.set("Cache-Control", "no-store");
    response.body = std::move(text) + "\n";
    return response;
}

ledger::Act
act_on(const Call& call, std::string action, std::string kind, std::string id, const json& facts) {
    return {
        .action = std::move(action),
        .actor = actor_of(call),
        .subject = {.kind = std::move(kind), .id = std::move(id)},
        .facts = dump(facts),
    };
}

}  // namespace sluice::api::huimin

namespace sluice::api {

void add_huimin_routes(Routes& routes) {
    huimin::add_camera_routes(routes);
    huimin::add_clip_routes(routes);
    huimin::add_house_routes(routes);
}

}  // namespace sluice::api
