#pragma once

#include "api/notices/hub.hpp"
#include "api/route.hpp"

#include <atomic>
#include <cstddef>
#include <memory>

namespace sluice::api {

/// What those who follow the notices share: made with the route, gone with the last stream.
struct NoticeFollowers {
    NoticeHub hub;
    std::atomic<std::size_t> streams{0};
};

/// text/event-stream of the caller's notices, from Last-Event-ID on, else of new ones. 400 for an id that is
/// none of ours, 503 BUSY when too many follow.
[[nodiscard]] Answer follow_notices(const Call& call, const std::shared_ptr<NoticeFollowers>& followers);

/// For whom the notices of a call are: the principal's own roles and those that others have lent it.
[[nodiscard]] catalogue::NoticeReader reader_of(const Call& call);

}  // namespace sluice::api
