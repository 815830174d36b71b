#include "storage/catalogue/hold_acts.hpp"

#include <utility>

#include <nlohmann/json.hpp>

namespace sluice::catalogue {
namespace {

using nlohmann::json;

json time_json(const std::optional<UtcTime>& time) {
    return time ? json(to_rfc3339(*time)) : json(nullptr);
}

ledger::Act act(const char* action, const Uuid& id, ledger::Actor actor, const json& facts) {
    return {
        .action = action,
        .actor = std::move(actor),
        .subject = {"hold", to_string(id)},
        .facts = facts.dump(-1, ' ', false, json::error_handler_t::replace),
    };
}

}  // namespace

ledger::Act hold_placed(const HoldRow& hold, ledger::Actor actor) {
    return act(
        "hold.placed",
        hold.id,
        std::move(actor),
        {{"kind", to_string(hold.kind)},
         {"cameras", hold.camera_slugs},
         {"from", to_rfc3339(hold.range.from)},
         {"to", to_rfc3339(hold.range.to)},
         {"reason", hold.reason},
         {"owner", {{"kind", hold.owner_kind}, {"id", to_string(hold.owner_id)}}},
         {"legal_basis", hold.legal_basis},
         {"custodian", hold.custodian},
         {"expires", time_json(hold.expires)}}
    );
}

ledger::Act hold_extended(
    const HoldRow& hold,
    std::optional<UtcTime> expires,
    std::optional<UtcTime> review,
    const std::string& reason,
    ledger::Actor actor
) {
    return act(
        "hold.extended",
        hold.id,
        std::move(actor),
        {{"expires", {{"from", time_json(hold.expires)}, {"to", time_json(expires)}}},
         {"review", {{"from", time_json(hold.review)}, {"to", time_json(review)}}},
         {"reason", reason}}
    );
}

ledger::Act hold_limited(
    const Uuid& id,
    std::optional<UtcTime> from,
    UtcTime to,
    const std::string& reason,
    ledger::Actor actor
) {
    return act(
        "hold.limited",
        id,
        std::move(actor),
        {{"expires", {{"from", time_json(from)}, {"to", to_rfc3339(to)}}}, {"reason", reason}}
    );
}

ledger::Act hold_released(const Uuid& id, HoldKind kind, const std::string& reason, ledger::Actor actor) {
    return act("hold.released", id, std::move(actor), {{"kind", to_string(kind)}, {"reason", reason}});
}

}  // namespace sluice::catalogue
