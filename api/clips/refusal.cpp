#include "api/clips/refusal.hpp"

#include "api/clips/rules.hpp"

#include <nlohmann/json.hpp>

namespace sluice::api {

using nlohmann::json;

std::string destroyed_json(const std::vector<catalogue::DestroyedRow>& destroyed, TimeRange interval) {
    json list = json::array();
    for (const catalogue::DestroyedRow& row : destroyed) {
        const TimeRange inside = row.range.clamp(interval);
        if (inside.is_empty()) continue;
        list.push_back({
            {"from", to_rfc3339(inside.from)},
            {"to", to_rfc3339(inside.to)},
            {"rule", row.rule},
            {"certificate", to_string(row.run_id)},
            {"certified", row.certified ? json(to_rfc3339(*row.certified)) : json(nullptr)},
        });
    }
    return list.dump();
}

http::Problem destroyed_problem(const std::vector<catalogue::DestroyedRow>& destroyed, TimeRange interval) {
    http::Problem problem{
        .status = 410,
        .code = "NOT_HELD_DESTROYED",
        .detail =
            "This footage was destroyed by rule; the certificate says when, why, and whose copies it means.",
        .retry_after = std::nullopt
    };
    problem.members.emplace_back("certificate", '"' + to_string(destroyed.front().run_id) + '"');
    problem.members.emplace_back("destroyed", destroyed_json(destroyed, interval));
    return problem;
}

http::Problem explain_refusal(
    const Call& call,
    const clip::Refusal& refusal,
    const catalogue::StreamRow& stream,
    TimeRange interval
) {
    if (refusal.code == "NO_FOOTAGE") {
        const auto destroyed =
            catalogue::load_destroyed(call.services.database.pool(), stream.id, stream.kind, interval);
        if (!destroyed) return to_problem(destroyed.error());
        if (!destroyed->empty()) return destroyed_problem(*destroyed, interval);
    }
    return to_problem(refusal, call.services.config.storage.durability_window);
}

}  // namespace sluice::api
