#include "daemon/ups/monitor.hpp"

#include "config/base/log.hpp"
#include "config/base/wait.hpp"

#include <utility>

namespace sluice::ups {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::milliseconds kAnswerLimit = 3s;

void log_change(const volume::PowerChanged& change) {
    const auto level = change.state == PowerState::mains         ? log::info
                       : change.state == PowerState::battery_low ? log::error
                                                                 : log::warn;
    level(
        "power_changed",
        {{"ups", change.ups},
         {"state", to_string(change.state)},
         {"detail", change.detail},
         {"charge_percent", change.charge_percent.value_or(-1)}}
    );
}

}  // namespace

Monitor::Monitor(config::Ups ups, const Clock& clock, OnChange on_change)
    : ups_(std::move(ups)),
      clock_(clock),
      on_change_(std::move(on_change)),
      client_(ups_) {
    track_.heard = clock_.boot_now();
    known_.with([&](Known& known) {
        known.status.slug = ups_.slug;
        known.status.feeds_recorder = ups_.feeds_recorder;
        known.status.feeds_locks = ups_.feeds_locks;
        known.status.since = clock_.now();
    });
}

void Monitor::run(const std::stop_token& stop) {
    do {
        const auto reading = client_.ask(std::chrono::steady_clock::now() + kAnswerLimit, stop);
        if (stop.stop_requested()) return;
        take(reading);
    } while (wait_unless_stopped(stop, ups_.poll));
}

void Monitor::take(const Result<Reading>& reading) {
    const UtcTime now = clock_.now();
    const auto found = reading ? std::optional{judge(reading->words)} : std::nullopt;
    const auto news =
        next(track_, found, clock_.boot_now(), Microseconds{ups_.poll} * kRoundsOfSilence + kAnswerLimit);
    known_.with([&](Known& known) {
        known.is_on_battery = track_.is_on_battery;
        known.status.problem = reading ? "" : reading.error().describe();
        if (reading) {
            known.status.words = reading->words;
            known.status.charge_percent = reading->charge_percent;
            known.status.runtime_s = reading->runtime.transform([](std::chrono::seconds left) {
                return static_cast<std::uint64_t>(left.count());
            });
            known.status.heard = now;
        }
        if (!news) return;
        known.status.state = *news;
        known.status.since = now;
    });
    if (!news) return;
    const volume::PowerChanged change{
        .ups = ups_.slug,
        .state = *news,
        .at = now,
        .feeds_recorder = ups_.feeds_recorder,
        .feeds_locks = ups_.feeds_locks,
        .charge_percent = reading ? reading->charge_percent : std::nullopt,
        .detail = reading ? reading->words : reading.error().describe(),
    };
    log_change(change);
    on_change_(change);
}

status::UpsStatus Monitor::status() const {
    return known_.with([](const Known& known) { return known.status; });
}

bool Monitor::is_on_battery() const {
    return known_.with([](const Known& known) { return known.is_on_battery; });
}

}  // namespace sluice::ups
