#pragma once

#include "config/base/time.hpp"
#include "jobs/xvr/client.hpp"
#include "jobs/xvr/inbox.hpp"
#include "jobs/xvr/picture.hpp"

#include <chrono>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

namespace sluice::xvr {

/// Waits between attempts, as they are in operation; tests have shorter ones.
struct Pauses {
    std::chrono::milliseconds first{1000};  ///< after a stream ended; doubled with each failure
    std::chrono::milliseconds longest{60'000};
    /// After a refusal: some recorders lock an account after a few of them.
    std::chrono::milliseconds refused{300'000};
    std::chrono::milliseconds silence{3 * std::chrono::milliseconds{kHeartbeat}};
    std::chrono::milliseconds look{3'600'000};     ///< between two questions for clock, titles and pictures
    std::chrono::milliseconds look_again{60'000};  ///< where they could not be asked
    PictureLimits pictures{};
};

/// How long to wait after so many attempts in a row (from 1) that ended like this. Pure.
[[nodiscard]] std::chrono::milliseconds
pause_after(End end, unsigned failures, const Pauses& pauses) noexcept;

/// The password is read at each connection: it may be changed without a reload. Error: operator_acts.
[[nodiscard]] Result<Door> open_door(const config::Recorder& recorder);

/// One recorder's stream of events, again and again until told to stop: a thread's life. What was missed
/// while there was no stream is itself an event (`recorder.gap`).
class Follower {
public:
    Follower(
        std::shared_ptr<const config::Recorder> recorder,
        Pauses pauses,
        std::shared_ptr<Inbox> inbox,
        const Clock& clock
    );
    void run(const std::stop_token& stop);

private:
    [[nodiscard]] Ending follow_once(const std::stop_token& stop);
    void on_connected();
    void on_part(const Part& part);
    void on_end(const Ending& ending);
    void say_gap(UtcTime until);
    [[nodiscard]] std::string next_id();

    std::shared_ptr<const config::Recorder> recorder_;
    Pauses pauses_;
    std::shared_ptr<Inbox> inbox_;
    const Clock& clock_;
    std::string connection_;  ///< names one connection in the ids of its events
    std::uint64_t number_ = 0;
    bool is_connected_ = false;
    bool had_part_ = false;
    unsigned failures_ = 0;
    std::optional<UtcTime> deaf_since_;  ///< nobody hears the recorder since then
    std::string deaf_because_;
    UtcTime said_heard_;
};

/// Asks each recorder for its clock, its titles and whether it has pictures, at once and then every hour: a
/// thread's life.
void look_after(
    const std::vector<std::shared_ptr<const config::Recorder>>& recorders,
    const Pauses& pauses,
    const std::shared_ptr<Inbox>& inbox,
    const Clock& clock,
    const std::stop_token& stop
);

}  // namespace sluice::xvr
