#include "jobs/release_keeper.hpp"

#include "config/base/log.hpp"
#include "jobs/lapse.hpp"
#include "storage/catalogue/copy_repository.hpp"
#include "storage/catalogue/policy_repository.hpp"
#include "storage/catalogue/viewing_repository.hpp"
#include "storage/release/expiry.hpp"
#include "storage/retention/site.hpp"
#include "storage/volume/installation.hpp"

#include <nlohmann/json.hpp>

namespace sluice::jobs {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;

constexpr auto kEvery = 3s;
constexpr auto kAfterRefusal = 1min;

}  // namespace

Status ReleaseKeeper::end_viewings(const Tools& tools) {
    const UtcTime now = tools.clock.now();
    const auto history = catalogue::load_policy_history(tools.pool);
    if (!history) return std::unexpected(history.error());
    // Playing has stopped when presence ran out; the escort has as long once more to come back.
    const std::chrono::minutes grace{policy::in_force(*history, now).policy.release.presence_minutes};
    const auto overdue = catalogue::load_overdue_viewings(tools.pool, now - grace, now);
    if (!overdue) return std::unexpected(overdue.error());
    for (const catalogue::OverdueViewing& viewing : *overdue) {
        // The case first: after a crash here the session is found again, as one whose request moved on.
        const auto out = interrupt_request(tools.pool, viewing.request_id, viewing.reason, now);
        if (!out) return std::unexpected(out.error());
        if (!*out) continue;
        const auto ended = catalogue::end_viewing(
            tools.pool,
            {.id = viewing.id, .reason = viewing.reason, .actor = ledger::system_actor("sluice-worker")},
            now
        );
        if (!ended) return std::unexpected(ended.error());
        if (*ended)
            log::info("viewing_ended", {{"viewing", to_string(viewing.id)}, {"reason", viewing.reason}});
    }
    return {};
}

Status ReleaseKeeper::give_up_copies(const Tools& tools) {
    const auto stranded = catalogue::load_stranded_copies(tools.pool);
    if (!stranded) return std::unexpected(stranded.error());
    for (const catalogue::StrandedCopy& copy : *stranded) {
        const ledger::Act act{
            .action = "copy.failed",
            .actor = ledger::system_actor("sluice-worker"),
            .subject = {.kind = "copy", .id = to_string(copy.id)},
            .facts = json{{"why", copy.why}}.dump(-1, ' ', false, json::error_handler_t::replace),
        };
        const auto failed = catalogue::fail_copy(tools.pool, copy.id, copy.why, act, tools.clock.now());
        if (!failed) return std::unexpected(failed.error());
        if (*failed) log::warn("copy_failed", {{"copy", to_string(copy.id)}, {"why", copy.why}});
    }
    return {};
}

Status ReleaseKeeper::tell_due(const Tools& tools) {
    const UtcTime now = tools.clock.now();
    const auto history = catalogue::load_policy_history(tools.pool);
    if (!history) return std::unexpected(history.error());
    const policy::ReleasePolicy& rules = policy::in_force(*history, now).policy.release;
    const auto fresh = catalogue::tell_copies_due(tools.pool, rules.due_notice_days_ahead, now);
    if (!fresh) return std::unexpected(fresh.error());
    if (*fresh > 0) log::info("copies_due", {{"copies", *fresh}});
    const auto waiting = catalogue::tell_waiting_copies(tools.pool, rules.collect_notice_days_ahead, now);
    if (!waiting) return std::unexpected(waiting.error());
    if (*waiting > 0) log::info("copies_waiting", {{"notices", *waiting}});
    return {};
}

Status ReleaseKeeper::tell_overdue(const Tools& tools) {
    const auto fresh = catalogue::tell_overdue_copies(tools.pool, tools.clock.now());
    if (!fresh) return std::unexpected(fresh.error());
    if (*fresh > 0) log::warn("copies_overdue", {{"copies", *fresh}});
    return {};
}

Status ReleaseKeeper::destroy_packages(const Tools& tools) {
    const auto now = SteadyClock::now();
    if (now < packages_at_) return {};
    const auto installation = volume::load_installation(tools.config.data);
    if (!installation) return std::unexpected(installation.error());
    if (!*installation) return {};  // nothing was ever recorded here
    const auto site = retention::make_site(tools.config, tools.pool, tools.files, tools.clock);
    if (!site) return std::unexpected(site.error());
    const auto done = release::destroy_expired_packages(*site, tools.config.data);
    if (!done) return std::unexpected(done.error());
    const std::string codes = codes_of(done->refusals);
    packages_at_ = codes.empty() ? now : now + kAfterRefusal;
    obstacle_.tell(tools, site->installation_id, codes, "packages_not_destroyed", "packages");
    return {};
}

Status ReleaseKeeper::tick(const Tools& tools) {
    const auto now = SteadyClock::now();
    if (now < next_) return {};
    next_ = now + kEvery;
    if (auto done = end_viewings(tools); !done) return done;
    if (auto done = give_up_copies(tools); !done) return done;
    if (auto done = tell_due(tools); !done) return done;
    if (auto done = tell_overdue(tools); !done) return done;
    return destroy_packages(tools);
}

}  // namespace sluice::jobs
