#pragma once

#include "config/base/guarded.hpp"
#include "config/base/time.hpp"
#include "storage/catalogue/notice_repository.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

namespace sluice::api {

/// The newest notices of all audiences, asked of the catalogue at most once a second however many follow
/// them. Who is far behind is served from the catalogue once. Thread: any, blocking.
class NoticeHub {
public:
    /// So many are kept; a reply holds at most as many.
    static constexpr std::size_t kMostKept = 512;

    /// The last place that was given. nullopt: the catalogue could not be asked yet.
    [[nodiscard]] std::optional<std::int64_t> last_place(catalogue::Pool& pool);
    /// Those behind `place`, oldest first; empty when there are none or the catalogue is away.
    [[nodiscard]] std::vector<catalogue::NoticeRow> after(catalogue::Pool& pool, std::int64_t place);

private:
    struct State {
        std::deque<catalogue::NoticeRow> kept;  ///< every notice with a place in (begins_behind, last]
        std::int64_t begins_behind = 0;
        std::int64_t last = 0;
        bool is_known = false;
        bool is_being_asked = false;
        Deadline ask_again = Deadline::min();
    };
    void refresh(catalogue::Pool& pool);

    Guarded<State> state_;
};

}  // namespace sluice::api
