#include "jobs/contractor_keeper.hpp"

#include "config/base/log.hpp"
#include "storage/catalogue/policy_repository.hpp"
#include "storage/contractor/quarantine.hpp"
#include "storage/contractor/situation.hpp"
#include "storage/retention/site.hpp"
#include "storage/volume/installation.hpp"

namespace sluice::jobs {
namespace {

using namespace std::chrono_literals;

constexpr auto kEvery = 60s;

}  // namespace

Status ContractorKeeper::tell_findings(const Tools& tools) {
    const UtcTime now = tools.clock.now();
    const auto history = catalogue::load_policy_history(tools.pool);
    if (!history) return std::unexpected(history.error());
    const auto situation = contractor::load_situation(tools.pool);
    if (!situation) return std::unexpected(situation.error());
    const auto open =
        contractor::find_open(*situation, policy::in_force(*history, now).policy.contractor, now);
    std::vector<catalogue::FindingNotice> notices;
    notices.reserve(open.size());
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
    const auto installation = volume::load_installation(tools.config.data);
    if (!installation) return std::unexpected(installation.error());
    if (!*installation) return {};  // nothing was ever taken in here
    const auto site = retention::make_site(tools.config, tools.pool, tools.files, tools.clock);
    if (!site) return std::unexpected(site.error());
    const auto done = contractor::tend_quarantine(*site, tools.config.huimin.quarantine_bytes);
    if (!done) return std::unexpected(done.error());
    if (done->removed > 0) log::info("refused_clips_removed", {{"clips", done->removed}});
    obstacle_.tell(
        tools, site->installation_id, codes_of(done->refusals), "refused_clips_not_removed", "refused clips"
    );
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
