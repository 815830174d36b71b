#include "jobs/xvr/watch.hpp"

#include "config/base/log.hpp"
#include "config/base/wait.hpp"
#include "jobs/xvr/store.hpp"

#include <algorithm>
#include <utility>

#include <pthread.h>

namespace sluice::xvr {
namespace {

using namespace std::chrono_literals;
using SteadyClock = std::chrono::steady_clock;

constexpr std::size_t kAtOnce = 200;
constexpr auto kWait = 500ms;
constexpr auto kNap = 20ms;

std::vector<config::Recorder> with_events(std::vector<config::Recorder> recorders) {
    std::erase_if(recorders, [](const config::Recorder& recorder) { return !recorder.events; });
    return recorders;
}

std::chrono::milliseconds database_pause(unsigned failures) {
    return std::min<std::chrono::milliseconds>(500ms * (1 << std::min(failures - 1, 6U)), 30s);
}

/// What the database refuses for good must not hold up what comes behind it: each by itself, and what is
/// refused is said and given up. Error: retry.
Status save_singly(Store& store, const Inbox::Batch& batch, const std::vector<config::FlagRule>& rules) {
    for (const Pending& pending : batch.events) {
        const Status saved = store.save({.events = {pending}, .looks = {}, .links = {}}, rules);
        if (saved) continue;
        if (saved.error().remedy() != Remedy::refuse) return saved;
        log::error(
            "recorder_event_given_up",
            {{"recorder", pending.recorder->slug},
             {"code", pending.event.code},
             {"data", pending.event.data},
             {"error", saved.error().describe()}}
        );
    }
    const Status saved = store.save({.events = {}, .looks = batch.looks, .links = batch.links}, rules);
    if (saved || saved.error().remedy() != Remedy::refuse) return saved;
    log_and_drop(saved, "clock, titles and state of the stream are told again");
    return {};
}

}  // namespace

Watch::Watch(WatchSettings settings, const Clock& clock)
    : settings_(std::move(settings)),
      clock_(clock),
      rules_(settings_.flag_rules) {
    settings_.recorders = with_events(std::move(settings_.recorders));
}

Watch::~Watch() = default;

void Watch::start() {
    ++running_;
    store_thread_ = std::jthread{[this](const std::stop_token& stop) {
        store(stop);
        --running_;
    }};
    ::pthread_setname_np(store_thread_.native_handle(), "xvr-store");
    start_following();
}

void Watch::start_following() {
    std::vector<std::shared_ptr<const config::Recorder>> recorders;
    for (const config::Recorder& recorder : settings_.recorders)
        recorders.push_back(std::make_shared<const config::Recorder>(recorder));
    const auto begin = [this](const std::string& name, auto life) {
        ++running_;
        threads_.emplace_back([this, life = std::move(life)](const std::stop_token& stop) {
            life(stop);
            --running_;
        });
        ::pthread_setname_np(threads_.back().native_handle(), name.c_str());
    };
    for (std::size_t i = 0; i < recorders.size(); ++i)
        begin("xvr-" + std::to_string(i), [this, recorder = recorders[i]](const std::stop_token& stop) {
            Follower{recorder, settings_.pauses, inbox_, clock_}.run(stop);
        });
    if (!recorders.empty())
        begin("xvr-look", [this, recorders](const std::stop_token& stop) {
            look_after(recorders, settings_.pauses, inbox_, clock_, stop);
        });
}

void Watch::stop_following() {
    for (std::jthread& thread : threads_)
        thread.request_stop();
    threads_.clear();
}

void Watch::reload(std::vector<config::Recorder> recorders, std::vector<config::FlagRule> flag_rules) {
    rules_.with([&](auto& rules) { rules = std::move(flag_rules); });
    recorders = with_events(std::move(recorders));
    if (recorders == settings_.recorders) return;
    stop_following();
    settings_.recorders = std::move(recorders);
    start_following();
    log::info("recorder_watch_reloaded", {{"recorders", settings_.recorders.size()}});
}

/// A batch is held until the database has taken it; told to stop, it is tried once more.
void Watch::store(const std::stop_token& stop) {
    Store store{settings_.conninfo, clock_};
    Inbox::Batch batch;
    unsigned failures = 0;
    while (true) {
        const bool is_last = stop.stop_requested();
        if (batch.is_empty()) batch = inbox_->take(kAtOnce, SteadyClock::now() + (is_last ? 0ms : kWait));
        if (batch.is_empty()) {
            if (is_last) return;
            continue;
        }
        const auto rules = rules_.with([](const std::vector<config::FlagRule>& now) { return now; });
        Status saved = store.save(batch, rules);
        if (!saved && saved.error().remedy() == Remedy::refuse) saved = save_singly(store, batch, rules);
        if (saved) {
            batch = {};
            if (std::exchange(failures, 0U) > 0) log::info("recorder_events_stored");
            continue;
        }
        if (++failures == 1) log::warn("recorder_events_wait", {{"error", saved.error().describe()}});
        if (is_last) {
            log::error(
                "recorder_events_not_stored",
                {{"events", batch.events.size()}, {"error", saved.error().describe()}}
            );
            return;
        }
        wait_unless_stopped(stop, database_pause(failures));
    }
}

bool Watch::stop(std::chrono::milliseconds limit) {
    const auto until = SteadyClock::now() + limit;
    for (std::jthread& thread : threads_)
        thread.request_stop();
    // The one that stores goes last: it takes what the others have heard.
    while (running_ > 1 && SteadyClock::now() < until)
        std::this_thread::sleep_for(kNap);
    store_thread_.request_stop();
    while (running_ > 0 && SteadyClock::now() < until)
        std::this_thread::sleep_for(kNap);
    if (running_ > 0) return false;
    threads_.clear();
    if (store_thread_.joinable()) store_thread_.join();
    return true;
}

}  // namespace sluice::xvr
