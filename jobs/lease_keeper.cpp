#include "jobs/lease_keeper.hpp"

#include "config/base/log.hpp"
#include "storage/check/pace.hpp"
#include "storage/check/report.hpp"

#include <algorithm>
#include <thread>
#include <utility>

namespace sluice::jobs {
namespace {

constexpr std::chrono::seconds kAskAgain{1};
constexpr std::chrono::milliseconds kNap{100};

}  // namespace

LeaseKeeper::LeaseKeeper(
    catalogue::Pool& pool,
    Uuid job_id,
    std::string owner,
    std::chrono::milliseconds lease,
    std::stop_token stop
)
    : pool_(pool),
      job_id_(job_id),
      owner_(std::move(owner)),
      lease_(lease),
      stop_(std::move(stop)),
      held_until_(SteadyClock::now() + lease),
      renew_at_(SteadyClock::now()) {}

bool LeaseKeeper::end(Stop reason) noexcept {
    has_ended_ = true;
    reason_ = reason;
    return false;
}

bool LeaseKeeper::keep(const check::Progress& progress) {
    if (has_ended_) return false;
    if (stop_.stop_requested()) return end(Stop::shutdown);
    const auto now = SteadyClock::now();
    if (now < renew_at_) return true;
    const auto renewed = catalogue::renew_lease(
        pool_,
        job_id_,
        owner_,
        lease_,
        {.done_bytes = progress.bytes, .total_bytes = progress.total_bytes, .note = progress.place}
    );
    if (!renewed) {
        renew_at_ = SteadyClock::now() + std::min<SteadyClock::duration>(kAskAgain, renew_every(lease_));
        return SteadyClock::now() < held_until_ || end(Stop::lease_lost);
    }
    if (*renewed == catalogue::Lease::lost) return end(Stop::lease_lost);
    if (*renewed == catalogue::Lease::held_cancel_asked) return end(Stop::cancel_asked);
    held_until_ = now + lease_;
    renew_at_ = now + renew_every(lease_);
    return true;
}

bool JobObserver::advance(const check::Progress& progress, std::uint64_t bytes_read) {
    read_ += bytes_read;
    for (;;) {
        if (!lease_.keep(progress)) return false;
        const auto elapsed =
            std::chrono::duration_cast<Microseconds>(std::chrono::steady_clock::now() - started_);
        const auto wait = check::wait_for_pace(read_, pace_, elapsed);
        if (wait.count() <= 0) return true;
        std::this_thread::sleep_for(std::min<Microseconds>(wait, kNap));
    }
}

void JobObserver::found(const check::Finding& finding) {
    log::warn("footage_finding", {{"finding", check::to_line(finding)}});
    if (findings_.size() < limit_)
        findings_.push_back(finding);
    else
        ++left_out_;
}

}  // namespace sluice::jobs
