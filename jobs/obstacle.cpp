#include "jobs/obstacle.hpp"

#include "config/base/log.hpp"
#include "storage/catalogue/record_repository.hpp"

#include <utility>

#include <nlohmann/json.hpp>

namespace sluice::jobs {

std::string codes_of(std::span<const retention::Refusal> refusals) {
    std::string codes;
    for (const retention::Refusal& refusal : refusals)
        codes += (codes.empty() ? "" : " ") + refusal.code;
    return codes;
}

bool Obstacle::tell(
    const Tools& tools,
    const Uuid& installation_id,
    const std::string& codes,
    std::string_view event,
    std::string_view what
) {
    if (std::exchange(last_, codes) == codes) return false;
    if (codes.empty()) return true;
    log::error(event, {{"why", codes}});
    nlohmann::json facts{{"why", codes}};
    if (!what.empty()) facts["what"] = what;
    const ledger::Act act{
        .action = "purge.refused",
        .actor = ledger::system_actor("sluice-worker"),
        .subject = {.kind = "installation", .id = to_string(installation_id)},
        .facts = facts.dump(),
    };
    const auto written = catalogue::append_record(tools.pool, act, tools.clock.now());
    if (!written) log_and_drop(std::unexpected(written.error()), "the audit log does not take the act");
    return true;
}

}  // namespace sluice::jobs
