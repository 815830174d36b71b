#include "api/live_hub.hpp"

#include "config/base/log.hpp"

#include <algorithm>
#include <utility>

#include <pthread.h>

namespace sluice::api {
namespace {

constexpr auto kPause = std::chrono::milliseconds{100};  ///< between two looks: what live is late by at most
constexpr auto kForgotten = std::chrono::seconds{30};
constexpr std::size_t kMostStreams = 512;

using Sleepers = std::vector<std::weak_ptr<const http::Event::Wake>>;

void wake_all(const Sleepers& sleepers) {
    for (const auto& sleeper : sleepers)
        if (const auto wake = sleeper.lock()) (*wake)();
}

}  // namespace

LiveStream::State LiveStream::state() const {
    return inside_.with([](const Inside& inside) { return inside.state; });
}

void LiveStream::subscribe(std::uint64_t seen, std::weak_ptr<const Wake> wake) {
    const bool is_past = inside_.with([&](Inside& inside) {
        if (inside.state.generation != seen) return true;
        // Those whose time was over before anything happened: a camera may be away for days.
        std::erase_if(inside.sleepers, [](const auto& sleeper) { return sleeper.expired(); });
        inside.sleepers.push_back(wake);
        return false;
    });
    if (is_past) wake_all({wake});
}

void LiveStream::touch() {
    inside_.with([](Inside& inside) { inside.last_asked = std::chrono::steady_clock::now(); });
}

Deadline LiveStream::last_asked() const {
    return inside_.with([](const Inside& inside) { return inside.last_asked; });
}

void LiveStream::publish(std::shared_ptr<const clip::LiveView> view) {
    const Sleepers sleepers = inside_.with([&](Inside& inside) {
        inside.state.view = std::move(view);
        ++inside.state.generation;
        return std::exchange(inside.sleepers, {});
    });
    wake_all(sleepers);
}

bool LiveStream::takes_mark(const clip::LiveMark& mark) {
    return inside_.with([&](Inside& inside) {
        return std::exchange(inside.marked_file, mark.file_id) != mark.file_id;
    });
}

std::shared_ptr<LiveStream> LiveHub::find(const Uuid& stream_id) const {
    return state_.with([&](const State& state) -> std::shared_ptr<LiveStream> {
        const auto found = state.streams.find(stream_id);
        return found == state.streams.end() ? nullptr : found->second.stream;
    });
}

std::shared_ptr<LiveStream> LiveHub::find(const Uuid& stream_id, const clip::VolumePaths& volumes) {
    auto stream = state_.with([&](State& state) -> std::shared_ptr<LiveStream> {
        const auto found = state.streams.find(stream_id);
        if (found == state.streams.end()) return nullptr;
        Followed& followed = found->second;
        if (followed.source.volumes != volumes) {
            followed.source.volumes = volumes;
            const auto view = followed.stream->state().view;
            followed.follower = std::make_shared<clip::LiveFollower>(
                followed.source, view ? std::optional{view->mark} : std::nullopt
            );
        }
        return followed.stream;
    });
    if (stream) stream->touch();
    return stream;
}

std::shared_ptr<LiveStream>
LiveHub::follow(const clip::LiveSource& source, std::optional<clip::LiveMark> mark) {
    std::shared_ptr<LiveStream> stream;
    state_.notify([&](State& state) {
        if (state.is_stopping) return;
        const auto found = state.streams.find(source.stream_id);
        if (found != state.streams.end()) {
            stream = found->second.stream;
            return;
        }
        if (state.streams.size() >= kMostStreams) return;
        stream = std::make_shared<LiveStream>();
        auto follower = std::make_shared<clip::LiveFollower>(source, mark);
        state.streams.emplace(source.stream_id, Followed{stream, std::move(follower), source});
        if (std::exchange(state.is_running, true)) return;
        thread_ = std::jthread{[this] { run(); }};
        pthread_setname_np(thread_.native_handle(), "sluice-live");
    });
    if (stream) stream->touch();
    return stream;
}

void LiveHub::stop() {
    std::map<Uuid, Followed> streams;
    state_.notify([&](State& state) {
        state.is_stopping = true;
        streams = std::move(state.streams);
        state.streams.clear();
    });
    if (thread_.joinable()) thread_.join();
    for (const auto& [id, followed] : streams)
        followed.stream->publish(nullptr);
}

std::size_t LiveHub::followed() const {
    return state_.with([](const State& state) { return state.streams.size(); });
}

void LiveHub::look(const Followed& followed) {
    const bool is_first = followed.stream->state().generation == 0;
    try {
        if (followed.follower->look(clock_.now()) || is_first)
            followed.stream->publish(followed.follower->view());
    } catch (const std::exception& error) {  // a thread's root is a border for exceptions
        log::error("live_failed", {{"detail", error.what()}});
    }
}

void LiveHub::run() {
    for (;;) {
        const auto streams = state_.wait_until(
            std::chrono::steady_clock::now() + std::chrono::hours{1},
            [](const State& state) { return state.is_stopping || !state.streams.empty(); },
            [](State& state) {
                const Deadline limit = std::chrono::steady_clock::now() - kForgotten;
                std::erase_if(state.streams, [limit](const auto& entry) {
                    return entry.second.stream->last_asked() < limit;
                });
                return state.streams;
            }
        );
        for (const auto& [id, followed] : streams)
            look(followed);
        const bool is_stopping = state_.wait_until(
            std::chrono::steady_clock::now() + kPause,
            [](const State& state) { return state.is_stopping; },
            [](const State& state) { return state.is_stopping; }
        );
        if (is_stopping) return;
    }
}

}  // namespace sluice::api
