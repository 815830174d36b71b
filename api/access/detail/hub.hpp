#pragma once

#include "config/base/guarded.hpp"
#include "config/base/time.hpp"
#include "storage/catalogue/access_event_repository.hpp"

#include <compare>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::api::access_detail {

/// Where something stands in the stream: the place of its batch, and its number there. An alarm is number 0
/// of its own.
struct StreamPlace {
    std::int64_t place = 0;
    std::size_t number = 0;
    friend auto operator<=>(const StreamPlace&, const StreamPlace&) = default;
};
/// "12.3".
[[nodiscard]] std::string to_string(const StreamPlace& place);
[[nodiscard]] std::optional<StreamPlace> stream_place_from(std::string_view text);

struct StreamItem {
    StreamPlace place;
    std::string kind;  ///< "event" or "alarm"
    std::string door;
    std::string code;
    std::string json;
};

/// The newest events and alarms, asked of the catalogue at most once a second however many follow them.
/// Thread: any, blocking.
class Hub {
public:
    static constexpr std::size_t kMostKept = 2048;

    /// nullopt: the catalogue could not be asked yet.
    [[nodiscard]] std::optional<StreamPlace> last_place(catalogue::Pool& pool);
    /// Those behind `place`, in order; empty when there are none or the catalogue is away.
    [[nodiscard]] std::vector<StreamItem> after(catalogue::Pool& pool, const StreamPlace& place);

private:
    struct State {
        std::deque<StreamItem> kept;  ///< all with a place in (begins_behind, last]
        StreamPlace begins_behind;
        std::int64_t last = 0;
        bool is_known = false;
        bool is_being_asked = false;
        Deadline ask_again = Deadline::min();
    };
    void refresh(catalogue::Pool& pool);

    Guarded<State> state_;
};

}  // namespace sluice::api::access_detail
