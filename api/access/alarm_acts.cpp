#include "api/access/detail/shared.hpp"
#include "api/access/rules.hpp"
#include "api/acts.hpp"
#include "api/body.hpp"

namespace sluice::api::access_detail {
namespace {

constexpr std::size_t kLongestReason = 2000;

using Say = Result<bool> (*)(
    catalogue::Pool& pool,
    const Uuid& id,
    const std::string& reason,
    const ledger::Actor& actor,
    UtcTime now
);

/// A second saying changes nothing: what was said first stays.
Answer say(const Call& call, Say what) {
    const auto absent = problem(404, "ALARM_NOT_FOUND", "No alarm has this id.");
    const auto body = Body::parse(call.request, {"reason"});
    if (!body) return std::unexpected(body.error());
    const auto reason = body->required_text("reason", kLongestReason);
    if (!reason) return std::unexpected(reason.error());
    const auto id = uuid_from_string(call.variables.front());
    if (!id) return std::unexpected(absent);
    catalogue::Pool& pool = call.services.database.pool();
    const auto said = what(pool, *id, *reason, actor_of(call), call.now);
    if (!said) return std::unexpected(act_problem(said.error()));
    const auto row = catalogue::find_alarm(pool, *id);
    if (!row) return std::unexpected(to_problem(row.error()));
    if (!*row) return std::unexpected(absent);
    return json_response(alarm_json(**row));
}

}  // namespace

Answer acknowledge_alarm(const Call& call) {
    return say(call, catalogue::acknowledge_alarm);
}

Answer resolve_alarm(const Call& call) {
    return say(call, catalogue::resolve_alarm);
}

}  // namespace sluice::api::access_detail
