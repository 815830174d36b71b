#include "jobs/hold_keeper.hpp"

#include "config/base/log.hpp"
#include "storage/catalogue/hold_repository.hpp"
#include "storage/catalogue/policy_repository.hpp"
#include "storage/retention/second_copy.hpp"
#include "storage/retention/site.hpp"
#include "storage/volume/installation.hpp"

namespace sluice::jobs {
namespace {

using namespace std::chrono_literals;

constexpr auto kCopiesEvery = 1min;
constexpr auto kNoticesEvery = 1h;

}  // namespace

Status HoldKeeper::file_notices(const Tools& tools) {
    const UtcTime now = tools.clock.now();
    const auto history = catalogue::load_policy_history(tools.pool);
    if (!history) return std::unexpected(history.error());
    const auto filed = catalogue::file_expiry_notices(
        tools.pool, policy::in_force(*history, now).policy.expiry_notice_days_ahead, now
    );
    if (!filed) return std::unexpected(filed.error());
    if (*filed > 0) log::info("hold_expiry_told", {{"notices", *filed}});
    return {};
}

Status HoldKeeper::tend_copies(const Tools& tools, const std::stop_token& stop) {
    const auto installation = volume::load_installation(tools.config.data);
    if (!installation) return std::unexpected(installation.error());
    if (!*installation) return {};  // nothing was ever recorded here
    const auto site = retention::make_site(tools.config, tools.pool, tools.files, tools.clock);
    if (!site) return std::unexpected(site.error());
    const auto done = retention::tend_second_copies(*site, tools.config.storage, [&stop] {
        return !stop.stop_requested();
    });
    if (!done && done.error().remedy() == Remedy::cancelled) return {};
    if (!done) return std::unexpected(done.error());
    obstacle_.tell(
        tools, site->installation_id, codes_of(done->refusals), "hold_copies_not_destroyed", "second copies"
    );
    return {};
}

Status HoldKeeper::tick(const Tools& tools, const std::stop_token& stop) {
    const auto now = SteadyClock::now();
    if (now >= notices_at_) {
        if (auto filed = file_notices(tools); !filed) return filed;
        notices_at_ = now + kNoticesEvery;
    }
    if (now < copies_at_) return {};
    if (auto done = tend_copies(tools, stop); !done) return done;
    copies_at_ = SteadyClock::now() + kCopiesEvery;
    return {};
}

}  // namespace sluice::jobs
