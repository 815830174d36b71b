#pragma once

#include "config/base/guarded.hpp"
#include "config/base/time.hpp"
#include "config/base/uuid.hpp"

#include <chrono>
#include <map>
#include <string>
#include <tuple>

namespace sluice::api {

/// Which HLS views are open, so that each *opening* is said once and a player's hundreds of requests belong
/// to it. A view is somebody at one address looking at one stream in one way; it is over when nothing of it
/// was asked for a minute (live) or ten (recorded). Thread: any.
class HlsViews {
public:
    struct Key {
        Uuid principal_id;
        std::string peer;
        Uuid stream_id;
        /// "live", or the asked interval of a recording.
        std::string what;
        friend auto operator<=>(const Key&, const Key&) = default;
    };
    /// A playlist was asked for. True: this opens the view.
    [[nodiscard]] bool open(const Key& key, std::chrono::seconds quiet, Deadline now);
    /// Media was asked for; `what` says nothing here. True: no view of this stream is open, so it is a view
    /// of its own.
    [[nodiscard]] bool use(const Key& key, Deadline now);

private:
    struct View {
        std::chrono::seconds quiet{};
        Deadline over;
    };
    static void forget_old(std::map<Key, View>& views, Deadline now);
    Guarded<std::map<Key, View>> views_;
};

inline constexpr std::chrono::seconds kLiveQuiet = std::chrono::minutes{1};
inline constexpr std::chrono::seconds kRecordedQuiet = std::chrono::minutes{10};

}  // namespace sluice::api
