#include "storage/retention/day_evidence.hpp"

#include "storage/catalogue/footage_repository.hpp"
#include "storage/catalogue/inspection_repository.hpp"
#include "storage/retention/coverage_report.hpp"

#include <nlohmann/json.hpp>

namespace sluice::retention {
namespace {

using nlohmann::json;

/// Rounded down: only what is whole is told as whole.
unsigned per_mille(Microseconds part, Microseconds whole) {
    if (whole.count() <= 0) return 0;
    return static_cast<unsigned>(part.count() * 1000 / whole.count());
}

/// In which any camera was recorded.
Microseconds uptime(const std::vector<catalogue::CoverageRow>& covered, const TimeRange& range) {
    CoverageFacts facts{.asked = range, .covered = {}, .gaps = {}, .destroyed = {}};
    for (const catalogue::CoverageRow& row : covered)
        facts.covered.push_back(row.range);
    return account_for(facts, range.to).kept;
}

}  // namespace

Result<duty::Evidence> load_evidence_of(catalogue::Pool& pool, const TimeRange& range, UtcTime now) {
    const auto report = load_coverage_report(pool, range, now);
    if (!report) return std::unexpected(report.error());
    const auto coverage = catalogue::load_coverage(pool, std::nullopt, StreamKind::main, range);
    if (!coverage) return std::unexpected(coverage.error());
    auto controllers = catalogue::load_controller_evidence(pool, range);
    if (!controllers) return std::unexpected(controllers.error());
    duty::Evidence evidence{
        .looked_at = range,
        .uptime_per_mille = per_mille(uptime(coverage->covered, range), range.length()),
        .cameras = {},
        .controllers = std::move(*controllers),
    };
    for (const CameraAccount& camera : *report)
        if (camera.account.promised.count() > 0)
            evidence.cameras.push_back(
                {.camera = camera.camera, .per_mille = per_mille(camera.account.kept, camera.account.promised)
                }
            );
    return evidence;
}

std::string to_json(const duty::Evidence& evidence) {
    json cameras = json::array();
    for (const duty::CameraEvidence& camera : evidence.cameras)
        cameras.push_back({{"camera", camera.camera}, {"per_mille", camera.per_mille}});
    json controllers = json::array();
    for (const duty::ControllerEvidence& controller : evidence.controllers)
        controllers.push_back(
            {{"controller", controller.controller},
             {"heard", controller.heard ? json(to_rfc3339(*controller.heard)) : json(nullptr)}}
        );
    const json object{
        {"from", to_rfc3339(evidence.looked_at.from)},
        {"to", to_rfc3339(evidence.looked_at.to)},
        {"uptime_per_mille", evidence.uptime_per_mille},
        {"cameras", std::move(cameras)},
        {"controllers", std::move(controllers)},
    };
    return object.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace sluice::retention
