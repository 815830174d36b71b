#include "storage/retention/run.hpp"

#include <nlohmann/json.hpp>

namespace sluice::retention {

using catalogue::PurgeRunRow;
using catalogue::PurgeState;
using nlohmann::json;

std::string to_json(const PurgeReport& report) {
    const auto tallies = [](const std::map<Rule, Tally>& by_rule) {
        json object = json::object();
        for (const auto& [rule, tally] : by_rule)
            object[std::string{to_string(rule)}] = {{"segments", tally.segments}, {"bytes", tally.bytes}};
        return object;
    };
    json refusals = json::array();
    for (const Refusal& refusal : report.refusals)
        refusals.push_back({{"code", refusal.code}, {"detail", refusal.detail}});
    json cameras = json::array();
    for (const auto& [camera, tally] : report.plan.by_camera)
        cameras.push_back(
            {{"camera_id", to_string(camera)}, {"segments", tally.segments}, {"bytes", tally.bytes}}
        );
    json finished = json::array();
    for (const Uuid& run : report.finished)
        finished.push_back(to_string(run));
    const Tally total = report.plan.total();
    json object{
        {"format", 1},
        {"as_of", to_rfc3339(report.plan.as_of)},
        {"policy_version", report.plan.policy_version},
        {"plan",
         {{"segments", total.segments},
          {"bytes", total.bytes},
          {"destroyed", tallies(report.plan.destroyed)},
          {"kept", tallies(report.plan.kept)},
          {"cameras", cameras}}},
        {"refusals", refusals},
        {"finished_runs", finished},
        {"removed_again", report.removed_again},
        {"run", nullptr},
    };
    if (report.run) {
        const PurgeRunRow& run = *report.run;
        object["run"] = {
            {"id", to_string(run.id)},
            {"state", to_string(run.state)},
            {"destroyed_segments", run.destroyed_segments},
            {"destroyed_bytes", run.destroyed_bytes},
            {"kept_segments", run.kept_segments},
            {"missing_files", run.missing_files},
            {"error", run.error.empty() ? json(nullptr) : json(run.error)},
            {"certificate", run.state == PurgeState::certified ? json(to_string(run.id)) : json(nullptr)},
        };
    }
    return object.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace sluice::retention
