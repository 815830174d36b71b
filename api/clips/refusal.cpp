#include "api/clips/refusal.hpp"

#include "api/clips/rules.hpp"

#include <algorithm>
#include <cctype>

#include <nlohmann/json.hpp>

namespace sluice::api {

using nlohmann::json;

namespace {

constexpr std::size_t kMostStretches = 32;

/// A rule as a token of RFC 9651, which begins with a small letter or `*`.
std::string to_token(std::string rule) {
    std::ranges::transform(rule, rule.begin(), [](unsigned char letter) {
        return static_cast<char>(std::tolower(letter));
    });
    return rule;
}

}  // namespace

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

std::string destroyed_header(const std::vector<catalogue::DestroyedRow>& destroyed, TimeRange interval) {
    std::string out;
    std::size_t count = 0;
    for (const catalogue::DestroyedRow& row : destroyed) {
        const TimeRange inside = row.range.clamp(interval);
        if (inside.is_empty() || ++count > kMostStretches) continue;
        out += out.empty() ? "" : ", ";
        out.append(to_token(row.rule)).append(";from=\"").append(to_rfc3339(inside.from));
        out.append("\";to=\"").append(to_rfc3339(inside.to));
        out.append("\";certificate=\"").append(to_string(row.run_id)).append("\"");
    }
    if (count > kMostStretches) out += ", more;count=" + std::to_string(count - kMostStretches);
    return out;
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
