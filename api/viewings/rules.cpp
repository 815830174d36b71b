#include "api/viewings/rules.hpp"

#include "api/rule_problem.hpp"
#include "storage/release/not_held.hpp"

#include <utility>

#include <nlohmann/json.hpp>

namespace sluice::api {
namespace {

using http::problem;
using nlohmann::json;

json interval(const TimeRange& range) {
    return {{"from", to_rfc3339(range.from)}, {"to", to_rfc3339(range.to)}};
}

json time_or_null(const std::optional<UtcTime>& time) {
    return time ? json(to_rfc3339(*time)) : json(nullptr);
}

std::string text_in(const json& object, const char* name) {
    const auto found = object.find(name);
    return found != object.end() && found->is_string() ? found->get<std::string>() : std::string{};
}

/// What was answered instead of a grant is what whoever wants to see it is told: the ground of the refusal
/// (403), or that nothing is held (404, 410) with its proof.
std::optional<http::Problem> outcome_problem(const catalogue::AppointmentRow& appointment) {
    const json outcome = json::parse(appointment.outcome, nullptr, false);
    if (!outcome.is_object()) return std::nullopt;
    if (appointment.state == "refused") {
        const json grounds = outcome.value("grounds", json::array());
        if (!grounds.is_array() || grounds.empty() || !grounds.front().is_string()) return std::nullopt;
        http::Problem made =
            rule_problem(grounds.front().get<std::string>(), "The request was refused on this ground.");
        made.status = 403;
        made.members.emplace_back("grounds", grounds.dump());
        return made;
    }
    const json proofs = outcome.value("proofs", json::array());
    std::vector<std::string> codes;
    for (const json& proof : proofs)
        if (proof.is_object()) codes.push_back(text_in(proof, "code"));
    const std::string_view code = release::foremost_not_held(codes);
    if (code.empty()) return std::nullopt;
    http::Problem made = rule_problem(code, "Nothing of what was asked for is held; see the proofs.");
    made.members.emplace_back("proofs", proofs.dump(-1, ' ', false, json::error_handler_t::replace));
    return made;
}

}  // namespace

http::Problem obstacle_problem(release::Obstacle obstacle) {
    switch (obstacle) {
        case release::Obstacle::ended:
            return problem(409, "VIEWING_ENDED", "The session is over.");
        case release::Obstacle::masked:
            return rule_problem("MASK_NOT_RENDERED", "The decision asks for a mask that has no rendering.");
        case release::Obstacle::no_grant:
            return rule_problem(
                "ART7_NOT_APPROVED", "No decision to view is in force, or the session has not begun."
            );
        case release::Obstacle::no_slot:
            return rule_problem("ART7_NOT_APPROVED", "The appointment has not begun, or is over.");
        case release::Obstacle::no_escort:
            return rule_problem(
                "ART9_4A_NO_ESCORT",
                "Nothing plays without an escort who is there and a viewer who has joined."
            );
    }
    std::unreachable();
}

release::ViewingFacts facts_of(const catalogue::ViewingRow& row) {
    return {
        .is_view = row.grant_kind == "view",
        .is_masked = row.is_masked,
        .is_revoked = row.is_revoked,
        .is_in_session = row.request_state == "in_session",
        .grant_to = row.grant_to,
        .slot = row.slot,
        .joined = row.joined,
        .presence_to = row.presence_to,
        .is_ended = row.ended.has_value(),
    };
}

std::expected<void, http::Problem>
check_opening(const catalogue::AppointmentRow& appointment, const Uuid& asker, UtcTime now) {
    if (auto answered = outcome_problem(appointment)) return std::unexpected(std::move(*answered));
    if (appointment.state != "scheduled")
        return std::unexpected(problem(409, "REQUEST_STATE", "A session is opened of a scheduled request."));
    if (appointment.grant_id.is_nil() || appointment.grant_to <= now)
        return std::unexpected(rule_problem("ART7_NOT_APPROVED", "No decision is in force."));
    if (appointment.is_masked) return std::unexpected(obstacle_problem(release::Obstacle::masked));
    if (appointment.slot_id.is_nil() || appointment.slot_kind != appointment.grant_kind)
        return std::unexpected(problem(409, "VIEWING_NO_SLOT", "Nothing is appointed for what was granted."));
    if (!appointment.slot.contains(now)) {
        http::Problem early = problem(409, "VIEWING_NO_SLOT", "The appointment has not begun, or is over.");
        early.members.emplace_back("slot", interval(appointment.slot).dump());
        return std::unexpected(std::move(early));
    }
    if (appointment.escort_id != asker)
        return std::unexpected(
            rule_problem("ART9_4A_NO_ESCORT", "The session is opened by the escort of the appointment.")
        );
    return {};
}

std::expected<void, http::Problem> check_joining(const catalogue::ViewingRow& row, UtcTime now) {
    if (row.ended) return std::unexpected(obstacle_problem(release::Obstacle::ended));
    if (row.joined) return std::unexpected(problem(409, "VIEWING_JOINED", "The viewer has joined already."));
    if (row.is_revoked || row.grant_to <= now)
        return std::unexpected(obstacle_problem(release::Obstacle::no_grant));
    if (row.is_replaced || !row.slot.contains(now))
        return std::unexpected(obstacle_problem(release::Obstacle::no_slot));
    if (row.presence_to <= now) return std::unexpected(obstacle_problem(release::Obstacle::no_escort));
    return {};
}

std::vector<FootageRight>
rights_of(const catalogue::ViewingRow& row, const std::vector<catalogue::GrantItem>& items) {
    std::vector<FootageRight> rights;
    rights.reserve(items.size());
    for (const catalogue::GrantItem& item : items)
        rights.push_back({
            .camera_id = item.camera_id,
            .stream = item.stream,
            .interval = item.granted,
            .kind = FootageRight::Kind::viewing,
            .is_masked = row.is_masked,
        });
    return rights;
}

std::string viewing_json(const catalogue::ViewingRow& row, const std::vector<catalogue::GrantItem>& items) {
    json cameras = json::array();
    for (const catalogue::GrantItem& item : items)
        cameras.push_back({
            {"camera", item.camera_slug},
            {"stream", to_string(item.stream)},
            {"asked", interval(item.asked)},
            {"granted", interval(item.granted)},
        });
    return json{
        {"id", to_string(row.id)},
        {"request", to_string(row.request_id)},
        {"dossier", row.dossier},
        {"kind", row.grant_kind},
        {"slot", interval(row.slot)},
        {"escort", row.escort},
        {"viewer", row.viewer},
        {"opened", to_rfc3339(row.opened)},
        {"presence_to", to_rfc3339(row.presence_to)},
        {"joined", time_or_null(row.joined)},
        {"ended", time_or_null(row.ended)},
        {"end_reason", row.end_reason.empty() ? json(nullptr) : json(row.end_reason)},
        {"register_line", row.register_line ? json(*row.register_line) : json(nullptr)},
        {"cameras", std::move(cameras)},
    }
        .dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace sluice::api
