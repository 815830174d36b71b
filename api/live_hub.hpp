#pragma once

#include "api/http/message.hpp"
#include "config/base/guarded.hpp"
#include "config/base/time.hpp"
#include "storage/clip/hls_live.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

namespace sluice::api {

/// A stream that somebody watches: what its viewers see, and what wakes them. Thread: any; never blocks.
class LiveStream final : public http::Event {
public:
    struct State {
        std::shared_ptr<const clip::LiveView> view;  ///< null: nothing was found
        std::uint64_t generation = 0;                ///< 0: nobody has looked yet
    };
    [[nodiscard]] State state() const;
    void subscribe(std::uint64_t seen, std::weak_ptr<const Wake> wake) override;

    /// Somebody asked just now.
    void touch();
    [[nodiscard]] Deadline last_asked() const;
    /// A new view, or the same one to wake everybody.
    void publish(std::shared_ptr<const clip::LiveView> view);
    /// True once for each mark: it is to be kept in the catalogue.
    [[nodiscard]] bool takes_mark(const clip::LiveMark& mark);

private:
    struct Inside {
        State state;
        std::vector<std::weak_ptr<const Wake>> sleepers;
        Deadline last_asked = std::chrono::steady_clock::now();
        std::optional<Uuid> marked_file;
    };
    Guarded<Inside> inside_;
};

/// Follows the streams that are watched, each once however many viewers it has, on one thread of its own that
/// does all reading of files. A stream that nobody asks for is dropped after half a minute. Thread: any.
class LiveHub {
public:
    /// `clock` outlives the hub. No thread runs before the first stream is followed.
    explicit LiveHub(const Clock& clock) : clock_(clock) {}
    ~LiveHub() { stop(); }
    LiveHub(const LiveHub&) = delete;
    LiveHub& operator=(const LiveHub&) = delete;

    /// Null: nobody watches it.
    [[nodiscard]] std::shared_ptr<LiveStream> find(const Uuid& stream_id) const;
    /// The same, for somebody who goes on watching. When there are other volumes now, they are looked at from
    /// here on, and the numbers go on.
    [[nodiscard]] std::shared_ptr<LiveStream> find(const Uuid& stream_id, const clip::VolumePaths& volumes);
    /// The stream as it is followed already, else from now on. Null: too many, or the service stops.
    [[nodiscard]] std::shared_ptr<LiveStream>
    follow(const clip::LiveSource& source, std::optional<clip::LiveMark> mark);
    /// Wakes everybody and ends the thread; nothing is followed afterwards.
    void stop();
    [[nodiscard]] std::size_t followed() const;

private:
    struct Followed {
        std::shared_ptr<LiveStream> stream;            // shared with requests under way
        std::shared_ptr<clip::LiveFollower> follower;  // shared with the round of the thread that looks
        clip::LiveSource source;
    };
    struct State {
        std::map<Uuid, Followed> streams;
        bool is_stopping = false;
        bool is_running = false;
    };
    void run();
    void look(const Followed& followed);

    const Clock& clock_;
    mutable Guarded<State> state_;
    std::jthread thread_;  // last: it uses the others; started and joined under `state_`'s flags
};

}  // namespace sluice::api
