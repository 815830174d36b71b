#include "jobs/contractor_keeper.hpp"

#include "config/base/log.hpp"
#include "storage/catalogue/policy_repository.hpp"
#include "storage/contractor/import.hpp"
#include "storage/contractor/situation.hpp"

namespace sluice::jobs {
namespace {

using namespace std::chrono_literals;

constexpr auto kEvery = 60s;

}  // namespace

Status ContractorKeeper::tell_findings(const Tools& tools) {
    const UtcTime now = tools.clock.now();
    const auto history = catalogue::load_policy_history(tools.pool);
    if (!history) return std::unexpected(history.error());
    if (history->empty()) return {};
    const auto situation = contractor::load_situation(tools.pool);
    if (!situation) return std::unexpected(situation.error());
    const auto open =
        contractor::find_open(*situation, policy::in_force(*history, now).policy.contractor, now);
    std::vector<catalogue::FindingNotice> notices;
    for (const contractor::Finding& finding : open)
        notices.push_back({
            .subject = contractor::subject_id(finding),
            .day = std::chrono::floor<std::chrono::days>(now),
        });
    const auto fresh = catalogue::raise_finding_notices(tools.pool, notices, now);
    if (!fresh) return std::unexpected(fresh.error());
    if (*fresh > 0) log::warn("contractor_findings", {{"open", open.size()}, {"told", *fresh}});
    return {};
}

Status ContractorKeeper::remove_refused(const Tools& tools) {
    const auto removed = contractor::tend_quarantine(
        {.pool = tools.pool, .config = tools.config, .files = tools.files, .clock = tools.clock}
    );
    if (!removed) return std::unexpected(removed.error());
    if (*removed > 0) log::info("refused_clips_removed", {{"clips", *removed}});
    return {};
}

Status ContractorKeeper::tick(const Tools& tools) {
    const auto now = SteadyClock::now();
    if (now < next_) return {};
    if (auto told = tell_findings(tools); !told) return told;
    if (auto removed = remove_refused(tools); !removed) return removed;
    next_ = now + kEvery;
    return {};
}

}  // namespace sluice::jobs
