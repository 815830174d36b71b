#pragma once

#include "config/base/error.hpp"
#include "config/base/guarded.hpp"
#include "config/base/time.hpp"
#include "config/base/uuid.hpp"

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <tuple>

namespace sluice::api {

/// What is open, so that each *opening* is recorded once and a player's hundreds of requests belong to it:
/// somebody at one address looking at one stream in one way, or fetching one clip. It is over when nothing of
/// it was asked for a while. Nobody gets a byte of an opening before it is recorded: who comes in between
/// waits. Thread: any, blocking.
class Openings {
public:
    struct Key {
        Uuid principal_id;
        std::string peer;  ///< empty for a clip: its ranges may come from anywhere
        Uuid stream_id;
        /// "live", "snapshot", the asked interval of a recording, a clip's ETag.
        std::string what;
        friend auto operator<=>(const Key&, const Key&) = default;
    };
    /// Writes the record. Its error leaves the opening closed.
    using Record = std::function<Status()>;

    /// Part of an opening, or a new one. Error: of the record.
    [[nodiscard]] Status open(const Key& key, std::chrono::seconds quiet, Deadline now, const Record& record);
    /// Media was asked for; `what` says nothing here. It belongs to any opening of this stream, or is one of
    /// its own.
    [[nodiscard]] Status use(const Key& key, Deadline now, const Record& record);

private:
    struct Opening {
        std::chrono::seconds quiet{};
        Deadline over;
        bool is_recorded = false;  ///< false: somebody is about it
    };
    using Map = std::map<Key, Opening>;
    static void forget_old(Map& openings, Deadline now);
    static Opening* find_part(Map& openings, const Key& key, Deadline now);
    /// True: the caller records it. False: it is recorded. nullopt: somebody else has been about it for too
    /// long.
    template <class Find>
    std::optional<bool> join(const Key& key, std::chrono::seconds quiet, Deadline now, Find find);
    Status settle(const Key& key, const Record& record);

    Guarded<Map> openings_;
};

inline constexpr std::chrono::seconds kLiveQuiet = std::chrono::minutes{1};
inline constexpr std::chrono::seconds kRecordedQuiet = std::chrono::minutes{10};

}  // namespace sluice::api
